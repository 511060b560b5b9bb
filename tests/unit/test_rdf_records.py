"""RDF documents: six syntaxes give the same records, faults cost only themselves, nothing dangerous is done."""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph as RdfGraph

from harvesters.base import FeedFailed
from harvesters.rdf_graph import Blank, Graph, canonical
from harvesters.rdf_records import broken, read, record, subjects
from registry.terms import XSD, Iri, Literal

ADDRESS = "http://office.example/dump"
LIMIT = 1 << 22
PREFIXES = """@prefix schema: <http://schema.org/> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
COURSE = (
    PREFIXES
    + """
<http://office.example/c/1> a schema:Course ; schema:name "Sampling"@en ;
  schema:timeRequired "P03D"^^xsd:duration ; schema:numberOfCredits 007 ;
  schema:author [ a schema:Person ; schema:name "Ana Example" ; schema:email "ana@office.example" ] ;
  schema:hasCourseInstance <http://office.example/c/1#run> ; schema:interactionCount "9" .
<http://office.example/c/1#run> a schema:CourseInstance ; schema:startDate "2026-01-01" ;
  schema:instructor [ schema:name "Ben" ] , [ schema:name "Ada" ] .
"""
)


def text(payload: bytes) -> str:
    return payload.decode()


def only(body: str | bytes, media: str = "text/turtle") -> bytes:
    """The payload of the only record of a document."""
    graph = read(body.encode() if isinstance(body, str) else body, media, ADDRESS, LIMIT)
    ((subject, format),) = subjects(graph)
    return record(graph, subject, format).payload


@pytest.mark.parametrize(
    ("form", "media"),
    [("nt", "application/n-triples"), ("nt", "application/n-quads"), ("turtle", "application/trig"),
     ("pretty-xml", "application/rdf+xml"), ("json-ld", "application/ld+json"), ("turtle", "")],
)  # fmt: skip
def test_all_syntaxes_give_the_same_bytes(form: str, media: str) -> None:
    # Literals that rdflib would rewrite are left out here: it writes the other forms.
    plain = COURSE.replace("007", "7").replace("P03D", "P3D")
    written = RdfGraph().parse(data=plain, format="turtle").serialize(format=form)
    assert only(written, media) == only(plain)
    assert only(gzip.compress(written.encode()), media) == only(plain)


def test_nameless_records_come_in_the_same_order_each_time() -> None:
    body = json.dumps({"@graph": [
        {"@context": {"@vocab": "http://schema.org/"}, "@type": "Course", "name": f"Course {n}"} for n in range(8)
    ]})  # fmt: skip

    def names() -> list[bytes]:
        graph = read(body.encode(), "application/ld+json", ADDRESS, LIMIT)
        return [record(graph, subject, form).payload for subject, form in subjects(graph)]

    first = names()
    assert len(first) == 8 and all(names() == first for _ in range(5))


def test_places_of_nameless_nodes_are_the_same_each_time() -> None:
    run = {"@type": ["CourseInstance", "a<b>"], "name": "Run"}
    body = json.dumps({"@context": {"@vocab": "http://schema.org/"}, "@id": "http://office.example/c", "@type": "Course",
                       "name": "C", "hasCourseInstance": run})  # fmt: skip

    def issues() -> list[tuple[str, str]]:
        graph = read(body.encode(), "application/ld+json", ADDRESS, LIMIT)
        ((subject, form),) = subjects(graph)
        return [(one.code, one.place) for one in record(graph, subject, form).issues]

    assert issues() == issues() == [("rdf-address", "<http://office.example/c> … rdf:type")]


def test_what_cannot_be_read_is_told_in_the_same_words_each_time() -> None:
    context = {"@vocab": "http://schema.org/", **{name: f"http://[{name}" for name in "abc"}}
    body = json.dumps({"@context": context, "@id": "http://office.example/c", "@type": "Course", "name": "C",
                       **{name: {"name": "n"} for name in "abc"}})  # fmt: skip

    def told() -> list[object]:
        graph = read(body.encode(), "application/ld+json", ADDRESS, LIMIT)
        return [*graph.issues, *sorted(graph.lost.items())]

    assert told() and all(told() == told() for _ in range(4))


def test_literals_stay_as_written_and_private_things_go() -> None:
    payload = text(only(COURSE))
    assert '"P03D"^^<http://www.w3.org/2001/XMLSchema#duration>' in payload
    assert '"007"^^<http://www.w3.org/2001/XMLSchema#integer>' in payload
    assert "ana@" not in payload and "interactionCount" not in payload and "Ana Example" in payload
    typed = {"@context": {"@vocab": "http://schema.org/"}, "@id": "http://x.example/1", "@type": "Course",
             "version": {"@value": "1.50", "@type": XSD + "decimal"}, "name": {"@value": "Été", "@language": "fr_CA"}}  # fmt: skip
    payload = text(only(json.dumps(typed), "application/ld+json"))
    assert '"1.50"^^<' in payload and '"Été"@fr-ca' in payload


def test_labels_and_order_of_a_document_do_not_count() -> None:
    rows = COURSE.split("<http://office.example/c/1#run> a")
    turned = rows[0].replace(
        '[ a schema:Person ; schema:name "Ana Example" ;', '_:zz . _:zz a schema:Person ; schema:name "Ana Example" ;'
    )
    turned = PREFIXES + "<http://office.example/c/1#run> a" + rows[1].replace(
        '[ schema:name "Ben" ] , [ schema:name "Ada" ]', '_:q , _:p . _:p schema:name "Ben" . _:q schema:name "Ada"'
    ) + rows[0].removeprefix(PREFIXES)  # fmt: skip
    assert only(turned) == only(COURSE)


def test_equal_blank_nodes_have_equal_bytes_and_deep_ones_end() -> None:
    chain = [(Blank(f"n{i}"), Iri("http://x.example/p"), Blank(f"n{i + 1}")) for i in range(300)]
    shifted = [(Blank(f"m{301 - i}"), Iri("http://x.example/p"), Blank(f"m{300 - i}")) for i in range(300)]
    assert canonical(chain).count(b"\n") == canonical(shifted).count(b"\n") == 300
    ring = [(Blank(str(i)), Iri("http://x.example/p"), Blank(str((i + 1) % 6))) for i in range(6)]
    other = [(Blank(str(i * 5 % 6)), Iri("http://x.example/p"), Blank(str((i + 1) * 5 % 6))) for i in range(6)]
    assert canonical(ring) == canonical(other)


def test_subjects_are_descriptions_not_their_parts() -> None:
    graph = read((COURSE + """
        <http://o.example/cat> a dcat:Catalog ; dct:title "All" ; dcat:dataset <http://o.example/d> , <http://o.example/u> .
        <http://o.example/d> a dcat:Dataset ; dct:title "D" ; dcat:distribution <http://o.example/d.pdf> .
        <http://o.example/d.pdf> a dcat:Distribution ; dct:title "file" .
        <http://o.example/u> dct:title "no type" .
        <http://o.example/r> a dcat:CatalogRecord ; <http://xmlns.com/foaf/0.1/primaryTopic> <http://o.example/d> .
        <http://o.example/v> a schema:VideoObject ; schema:name "film" .
        <http://o.example/w> a schema:VideoObject ; schema:name "lesson" ; schema:learningResourceType "video" .
        [] a <https://schema.org/LearningResource> ; <https://schema.org/name> "B" ; <https://schema.org/url> <http://o.example/b> .
        <http://o.example/e> a dcat:Resource, <https://schema.org/EducationEvent> ; dct:title "E" .
    """).encode(), "text/turtle", ADDRESS, LIMIT)  # fmt: skip
    found = {record(graph, subject, format).key: format for subject, format in subjects(graph)}
    assert found == {
        "http://o.example/b": "rdf", "http://o.example/d": "dcat", "http://o.example/e": "rdf",
        "http://o.example/u": "dcat", "http://o.example/w": "rdf", "http://office.example/c/1": "rdf",
    }  # fmt: skip
    chosen = subjects(graph, ["http://schema.org/VideoObject"])
    assert [subject for subject, _ in chosen] == ["http://o.example/v", "http://o.example/w"]


def test_dublin_core_alone_is_read_where_nothing_else_is() -> None:
    graph = read(b"""<http://o.example/1> <http://purl.org/dc/elements/1.1/title> "One" .
        <http://o.example/p> a <http://xmlns.com/foaf/0.1/Person> ; <http://purl.org/dc/terms/title> "Dr" .
        """, "text/turtle", ADDRESS, LIMIT)  # fmt: skip
    assert subjects(graph) == [("http://o.example/1", "rdf")]


def test_a_broken_statement_costs_only_itself() -> None:
    graph = read((PREFIXES + """
        <http://o.example/1> a schema:Course ; schema:name "One. And more." .
        <http://o.example/2> a schema:Course ; schema:name "Two ;
          schema:url <http://o.example/2> .
        <http://o.example/3> a schema:Course ; schema:name 'Three # no comment' .
    """).encode(), "text/turtle", ADDRESS, LIMIT)  # fmt: skip
    assert [subject for subject, _ in subjects(graph)] == ["http://o.example/1", "http://o.example/3"]
    (issue,) = graph.lost["http://o.example/2"]
    assert (issue.code, issue.place) == ("rdf-broken", "line 5")
    held = broken(graph, "http://o.example/2", "rdf")
    assert held.broken and held.issues == (issue,)


def test_broken_lines_are_told_with_their_numbers() -> None:
    rows = [
        '<http://o.example/1> <http://schema.org/name> "One" .', "this is no line", "",
        "<http://o.example/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://schema.org/Course> .",
        '<http://o.example/1> <http://schema.org/version> "no end .',
        '<http://o.example/1> <http://schema.org/url> <http://o.example/a b> . # comment',
        '<http://o.example/1> <http://schema.org/abstract> "tab\\t \\u00e9 \\"q\\"" <http://o.example/g> .',
    ]  # fmt: skip
    graph = read("\r\n".join(rows).encode(), "application/n-quads", ADDRESS, LIMIT)
    assert [(one.code, one.place) for one in graph.issues] == [("rdf-broken", "line 2")]
    ((subject, format),) = subjects(graph)
    found = record(graph, subject, format)
    assert [one.code for one in found.issues] == ["rdf-broken", "rdf-address"]
    assert "<http://o.example/a%20b>" in text(found.payload) and 'tab\t é \\"q\\"' in text(found.payload)
    assert [statement[1] for statement in graph.named["http://o.example/g"]] == ["http://schema.org/abstract"]


def test_entities_of_rdf_xml_are_namespaces_and_nothing_else() -> None:
    form = """<!DOCTYPE rdf:RDF [{}]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns:s="http://schema.org/"><s:Course rdf:about="http://o.example/1"><s:name xml:lang="en_GB">{}</s:name>
        <s:startDate rdf:datatype="http://www.w3.org/2001/XMLSchema#date">2026-1-1</s:startDate></s:Course></rdf:RDF>"""
    payload = text(only(form.format('<!ENTITY xsd "http://www.w3.org/">', "A &xsd; B"), "application/rdf+xml"))
    assert '"A http://www.w3.org/ B"@en-gb' in payload
    assert '"2026-1-1"^^<http://www.w3.org/2001/XMLSchema#date>' in payload
    for hostile in ('<!ENTITY x SYSTEM "file:///etc/passwd">', '<!ENTITY a "b"><!ENTITY x "&a;&a;">'):
        try:
            payload = text(only(form.format(hostile, "A &x; B"), "application/rdf+xml"))
        except FeedFailed:
            continue
        assert "root:" not in payload and "bb" not in payload
    many = form.format('<!ENTITY x "' + "y" * 400 + '">', "&x;" * 60_000)
    with pytest.raises(FeedFailed, match="rdf-too-large"):
        read(many.encode(), "application/rdf+xml", ADDRESS, LIMIT)


def test_one_faulty_description_of_rdf_xml() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:s="http://schema.org/">
      <s:Course rdf:about="http://o.example/1"><s:name>One</s:name></s:Course>
      <s:Course rdf:about="http://o.example/2"><s:name rdf:nodeID="1 2" rdf:resource="x">Two</s:name></s:Course>
      <s:Course rdf:about="http://o.example/3"><s:name>Three &nbsp; \x01</s:name></s:Course></rdf:RDF>"""
    graph = read(body.encode(), "application/rdf+xml", ADDRESS, LIMIT)
    assert {subject for subject, _ in subjects(graph)} >= {"http://o.example/1", "http://o.example/3"}
    assert "http://o.example/2" in graph.lost
    assert {issue.code for issue in graph.issues} == {"rdf-mended"}


def test_remote_contexts_are_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("rdflib.plugins.shared.jsonld.context.source_to_json", refuse)
    body = {
        "@context": ["https://schema.org", "http://evil.example/context", {"@import": "http://evil.example/more"},
                     {"inner": {"@id": "http://o.example/inner", "@context": "http://evil.example/scoped"}}],
        "@graph": [{"@context": "http://127.0.0.1/x", "@id": "http://o.example/1", "@type": "Course", "name": "One"}],
    }  # fmt: skip
    graph = read(json.dumps(body).encode(), "application/ld+json", ADDRESS, LIMIT)
    assert {issue.value for issue in graph.issues if issue.code == "rdf-remote-context"} == {
        "http://evil.example/context", "http://evil.example/more", "http://evil.example/scoped", "http://127.0.0.1/x",
    }  # fmt: skip
    assert [format for _, format in subjects(graph)] == ["rdf"]


@pytest.mark.parametrize(
    ("body", "media", "code"),
    [(b"", "text/turtle", "rdf-empty"), (b"<!DOCTYPE html><html></html>", "text/html", "rdf-web-page"),
     (b"\x1f\x8b\x08broken", "", "rdf-packed"), (b'{"a": ', "application/ld+json", "rdf-json-broken"),
     (b"<rdf:RDF xmlns:rdf='x'><a></rdf:RDF>", "application/rdf+xml", "rdf-xml-broken"),
     (b"no data at all", "text/turtle", "rdf-unreadable"), (gzip.compress(b"# " * (LIMIT)), "", "rdf-too-large")],
)  # fmt: skip
def test_what_is_no_rdf_fails_with_a_reason(body: bytes, media: str, code: str) -> None:
    with pytest.raises(FeedFailed, match=code):
        read(body, media, ADDRESS, LIMIT)


def test_a_huge_description_is_cut_and_told() -> None:
    graph = Graph(ADDRESS)
    subject = Iri("http://o.example/1")
    for number in range(6000):
        graph.add(subject, Iri("http://schema.org/keywords"), Literal(str(number)))
    found = record(graph, subject, "rdf")
    assert [issue.code for issue in found.issues] == ["rdf-many-statements"]
    assert found.payload.count(b"\n") == 5000


def test_catalogues_of_the_eu_read_as_rdflib_reads_them(shared: Path) -> None:
    read_files, lost, records = 0, 0, 0
    for file in sorted((shared / "data" / "dcat").rglob("*.*")):
        if file.suffix not in (".ttl", ".jsonld", ".nt"):
            continue
        graph = read(file.read_bytes(), "", "http://o.example/doc", LIMIT)
        read_files += 1
        lost += len(graph.lost) + len([one for one in graph.issues if one.code == "rdf-broken"])
        records += len(subjects(graph))
        if file.suffix != ".ttl" or graph.lost or graph.issues:
            continue
        lines = RdfGraph().parse(data=file.read_text("utf-8"), format="turtle", publicID="http://o.example/doc")
        assert len(lines) == sum(1 for _ in graph.statements()), file
    assert (read_files, lost) == (155, 9) and records > 240


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.sampled_from(
            ["<http://a.example/1>", "a", "schema:Course", ";", ".", ",", "[", "]", "(", ")", '"x"', '"""', "'", "@en",
             "^^", "_:b", "@prefix", "schema:", "<http://schema.org/>", "{", "}", "1e3", "#", "\n", "GRAPH", "<a b>"]
        ), max_size=40).map(" ".join),
    ),
    st.sampled_from(["text/turtle", "application/n-quads", "application/ld+json", "application/rdf+xml", ""]),
)  # fmt: skip
def test_no_text_is_too_strange(body: str, media: str) -> None:
    try:
        graph = read(body.encode("utf-8", "replace"), media, ADDRESS, LIMIT)
    except FeedFailed:
        return
    for subject, format in subjects(graph):
        record(graph, subject, format)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=8),
              st.sampled_from(["Course", "http://schema.org/Course", "_:b", "@id", "https://schema.org/", "schema:name"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(
        st.sampled_from(["@context", "@id", "@type", "@graph", "@value", "@language", "@list", "@set", "@reverse",
                         "@vocab", "@container", "@included", "name", "http://schema.org/name", "schema:name", "@nest"]),
        inner, max_size=4)), max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(JSON.filter(lambda value: isinstance(value, dict | list)))
def test_no_json_is_too_strange(value: object) -> None:
    try:
        graph = read(json.dumps(value).encode(), "application/ld+json", ADDRESS, LIMIT)
    except FeedFailed:
        return
    for subject, format in subjects(graph):
        record(graph, subject, format)


def test_a_context_that_stands_elsewhere_is_told_once() -> None:
    body = {"@context": "/contexts/Course", "@id": "/c/1", "@type": "Course", "name": "Sampling"}
    graph = read(json.dumps(body).encode(), "application/ld+json", ADDRESS, LIMIT)
    assert [one.code for one in graph.issues] == ["rdf-remote-context"] and len(subjects(graph)) == 1


def test_addresses_that_are_mended_are_told_by_findings_only(caplog: pytest.LogCaptureFixture) -> None:
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:s="http://schema.org/">'
        '<s:Course rdf:about="http://office.example/c 1"><s:name>Sampling</s:name></s:Course></rdf:RDF>'
    )
    logging.getLogger("rdflib.term").setLevel(logging.NOTSET)
    graph = read(body.encode(), "application/rdf+xml", ADDRESS, LIMIT)
    assert [str(node) for node, _ in subjects(graph)] == ["http://office.example/c%201"] and not caplog.records
