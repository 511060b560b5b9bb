"""Walking along lists in RDF: paging, named documents, dumps, what proves deletions and what does not."""

from __future__ import annotations

import pytest

from harvesters.base import FeedFailed
from harvesters.rdf_paging import alternates, links, next_pages
from harvesters.rdf_records import Graph
from registry.model import Document, Done, FeedIssue, HarvestEvent, RawRecord, Unchanged
from tests.support.rdf_feeds import SITE, Answer, Recorded, visit

HEAD = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
    "@prefix hydra: <http://www.w3.org/ns/hydra/core#> . @prefix ldp: <http://www.w3.org/ns/ldp#> . "
    "@prefix void: <http://rdfs.org/ns/void#> .\n"
)


def page(number: int, more: str = "") -> Answer:
    """A page with one data set."""
    return Answer(f'{HEAD}<d{number}> a dcat:Dataset ; dct:title "Course {number}"@en . {more}'.encode())


def keys(events: list[HarvestEvent]) -> list[str]:
    return [one.key.removeprefix(SITE) for one in events if isinstance(one, RawRecord)]


def codes(events: list[HarvestEvent]) -> list[str]:
    return [one.issue.code for one in events if isinstance(one, FeedIssue)]


@pytest.mark.parametrize(
    "link",
    ["<> hydra:view [ hydra:next <?page=2> ] .", "<> hydra:nextPage <?page=2> .", "<?page=1> hydra:next <?page=2> .",
     '<> hydra:next "?page=2" .', "<> ldp:nextPage <?page=2> .", "<> <https://www.w3.org/ns/activitystreams#next> <?page=2> ."],
)  # fmt: skip
def test_pages_that_statements_name(link: str) -> None:
    events = visit({SITE: page(1, link), SITE + "?page=2": page(2, "<> hydra:first <?page=1> .")})
    assert keys(events) == ["d1", "d2"] and codes(events) == []
    assert events[-1] == Done(complete=True, bookmark={"pages": "2"})


def test_pages_that_headers_name() -> None:
    first = Answer(page(1).body, headers={"link": '<?p=2>; rel="prev next", <http://x.example/>; rel=canonical'})
    events = visit({SITE: first, SITE + "?p=2": page(2)})
    assert keys(events) == ["d1", "d2"] and events[-1].complete  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answers", "code"),
    [({SITE: page(1, "<> hydra:next <?page=2> ."), SITE + "?page=2": page(2, "<> hydra:next <> .")}, "rdf-loop"),
     ({SITE: page(1, "<> hydra:next <?page=2> .")}, "rdf-page-unread"),
     ({SITE: page(1, "<> hydra:next <http://other.example/2> .")}, "rdf-other-host"),
     ({SITE: page(1, "<> hydra:totalItems 5 .")}, "rdf-short"),
     ({SITE: page(1, "<> hydra:next <?page=2> ."), SITE + "?page=2": page(2, "<> hydra:next <?page=3> .")}, "rdf-max-pages"),
     ({SITE: page(1, "this is not a statement")}, "rdf-broken"),
     ({SITE: page(1, "<> hydra:next <?page=2> ."), SITE + "?page=2": Answer(b"<html>", "text/html")}, "rdf-page-unread")],
)  # fmt: skip
def test_what_leaves_absence_without_meaning(answers: dict[str, Answer], code: str) -> None:
    events = visit(answers, max_pages=2)
    assert code in codes(events) and keys(events)[0] == "d1"
    assert events[-1] == Done(complete=False)


def test_documents_that_a_catalogue_names() -> None:
    named = "<c> a dcat:Catalog ; dcat:dataset <d1>, <d2>, <http://other.example/d3> ; dcat:catalog <sub> ."
    answers = {
        SITE: page(1, named),
        SITE + "d2": page(2),
        SITE + "sub": page(4, "<s> dcat:dataset <d5> ."),
        SITE + "d5": page(5),
    }
    events = visit(answers)
    assert sorted(keys(events)) == ["d1", "d2", "d4", "d5"] and codes(events) == ["rdf-other-host"]
    assert keys(visit(answers, follow=False)) == ["d1"]
    elsewhere = Answer(b'<> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> "Three"@en .')
    events = visit({**answers, "http://other.example/d3": elsewhere}, hosts=("other.example",))
    assert "http://other.example/d3" in keys(events) and codes(events) == []


def test_what_a_later_page_describes_is_not_asked_for() -> None:
    named = "<c> a dcat:Catalog ; dcat:dataset <d1>, <d2> ; dct:hasPart <sub> . <> hydra:next <?page=2> . <d1> dct:hasPart <x> ."
    http = Recorded({SITE: page(1, named), SITE + "?page=2": page(2), SITE + "sub": page(3)})
    events = visit({}, http=http)
    assert [address.removeprefix(SITE) for address, _ in http.asked] == ["", "?page=2", "sub"]
    assert keys(events) == ["d1", "d2", "d3"] and events[-1].complete  # type: ignore[union-attr]


def test_a_dump_and_a_first_page_are_found() -> None:
    dump = Answer(f"{HEAD}<> a void:Dataset ; void:dataDump <all.ttl> .".encode())
    assert keys(visit({SITE: dump, SITE + "all.ttl": page(7)})) == ["d7"]
    shell = Answer(f"{HEAD}<> a hydra:Collection ; hydra:view [ hydra:first <?page=1> ] .".encode())
    events = visit({SITE: shell, SITE + "?page=1": page(1, "<> hydra:next <?page=2> ."), SITE + "?page=2": page(2)})
    assert keys(events) == ["d1", "d2"] and events[-1].complete  # type: ignore[union-attr]


def test_a_web_page_that_names_its_data() -> None:
    html = b'<!doctype html><link rel="alternate" type="text/turtle" href="all.ttl">'
    assert keys(visit({SITE: Answer(html, "text/html"), SITE + "all.ttl": page(1)})) == ["d1"]
    with pytest.raises(FeedFailed, match="rdf-web-page"):
        visit({SITE: Answer(b"<!doctype html><p>", "text/html")})
    with pytest.raises(FeedFailed, match="net-status"):
        visit({})


def test_the_only_page_is_asked_for_conditionally() -> None:
    answers = {SITE: Answer(page(1).body, headers={"etag": '"1"'})}
    first = visit(answers)
    http = Recorded(answers)
    again = visit(answers, before=first, bookmark=first[-1].bookmark, http=http)  # type: ignore[union-attr]
    assert http.asked[0][1]["etag"] == '"1"'
    assert [type(one) for one in again] == [Unchanged, Done] and again[-1].complete  # type: ignore[union-attr]
    changed = visit({SITE: page(1)}, before=first, types=["http://www.w3.org/ns/dcat#Dataset"])
    assert any(isinstance(one, Document) for one in changed)  # other options read anew


def test_the_order_and_labels_of_a_document_are_no_change() -> None:
    one = Answer(f'{HEAD}<d> a dcat:Dataset ; dct:title "T" ; dct:creator _:x . _:x dct:title "A" .'.encode())
    two = Answer(f'{HEAD}_:y dct:title "A" . <d> dct:creator _:y ; dct:title "T" ; a dcat:Dataset .'.encode())
    first = visit({SITE: one})
    assert any(isinstance(event, Unchanged) for event in visit({SITE: two}, before=first))


def test_a_listed_description_that_is_broken_is_held_back() -> None:
    body = (
        HEAD + '<c> a dcat:Catalog ; dcat:dataset <d1>, <d9> .\n<d9> a dcat:Dataset ; dct:title "no end .\n<x> a <y> .'
    )
    events = visit({SITE: page(1, body), SITE + "d9": Answer(b"", "text/turtle")}, follow=False)
    held = [one for one in events if isinstance(one, RawRecord) and one.broken]
    assert [one.key for one in held] == ["http://catalogue.example/training/d9"] and held[0].issues


def test_the_same_thing_on_two_pages() -> None:
    same = {SITE: page(1, "<> hydra:next <?page=2> ."), SITE + "?page=2": page(1)}
    assert keys(visit(same)) == ["d1"] and codes(visit(same)) == []
    other = {SITE: page(1, "<> hydra:next <?page=2> ."), SITE + "?page=2": page(1, '<d1> dct:modified "2020" .')}
    assert keys(visit(other)) == ["d1"] and codes(visit(other)) == ["rdf-described-twice"]


def test_nothing_of_learning_is_told() -> None:
    events = visit({SITE: Answer(b"<http://o.example/1> a <http://xmlns.com/foaf/0.1/Person> .")})
    assert codes(events) == ["rdf-no-resource"]


@pytest.mark.parametrize("options", [{"types": "Course"}, {"max_pages": 0}, {"follow": 1}, {"accept": "a\nb"}])
def test_options_that_cannot_be(options: dict[str, object]) -> None:
    with pytest.raises(FeedFailed, match="rdf-option"):
        visit({SITE: page(1)}, **options)


def test_headers_and_links_of_all_kinds() -> None:
    header = {"link": '<a>; rel=next; title="x, y", <b>;type="text/turtle";rel="alternate"'}
    assert [(address, rel) for address, rel, _ in links(header)] == [("a", ["next"]), ("b", ["alternate"])]
    assert next_pages(Graph(SITE), header, SITE) == [SITE + "a"]
    assert alternates(header, b"<link href='c.jsonld' type=application/ld+json rel='alternate'>", SITE) == [
        SITE + "b", SITE + "c.jsonld",
    ]  # fmt: skip


def test_files_of_a_container_are_read_whatever_it_keeps_of_them() -> None:
    container = Answer(
        f"""{HEAD}@prefix stat: <http://www.w3.org/ns/posix/stat#> .
        <> a ldp:BasicContainer ; dct:title "Courses" ; ldp:contains <one.ttl>, <two.ttl>, <film.mp4>, <photo.png> .
        <one.ttl> a ldp:Resource ; dct:modified "2026-01-01T00:00:00Z" ; stat:size 200 ; stat:mtime 1767225600 .
        <two.ttl> a <http://www.w3.org/ns/iana/media-types/text/turtle#Resource> ; stat:size 90 .
        <film.mp4> a ldp:Resource, ldp:NonRDFSource ; stat:size 9 .
        <photo.png> a <http://www.w3.org/ns/iana/media-types/image/png#Resource> ; stat:size 9 .""".encode()
    )
    course = '<#it> a <http://schema.org/Course> ; <http://schema.org/name> "{}"@en .'
    files = {SITE + f"{name}.ttl": Answer(course.format(name).encode()) for name in ("one", "two")}
    events = visit({SITE: container, **files})
    assert keys(events) == ["one.ttl#it", "two.ttl#it"] and codes(events) == [] and events[-1].complete  # type: ignore[union-attr]
