import json
import time

import pytest

from harvesters.web_extract import LEVELS, extract

URL = "https://stat.example/course/1"


def page(*blocks: object, body: str = "", head: str = "", lang: str = "en") -> bytes:
    scripts = "".join(
        f'<script type="application/ld+json">{b if isinstance(b, str) else json.dumps(b)}</script>' for b in blocks
    )
    return f'<html lang="{lang}"><head><title>T</title>{head}</head><body>{scripts}{body}</body></html>'.encode()


def nodes(body: bytes, **more: object) -> list[dict]:
    return [json.loads(found.payload)["node"] for found in extract(body, URL, **more).found]


def issues(body: bytes) -> list[str]:
    found = extract(body, URL)
    return [i.code for i in found.issues] + [i.code for record in found.found for i in record.issues]


def schema(**more: object) -> dict:
    return {"@context": "https://schema.org", "@type": "Course", **more}


@pytest.mark.parametrize(
    "context",
    ["https://schema.org", "http://schema.org", "https://schema.org/", "http://www.schema.org/", "https://bioschemas.org",
     "https://schema.org/docs/jsonldcontext.json", "https://schema.org/docs/jsonldcontext.jsonld",
     ["https://w3id.org/kim/amb/context.jsonld", {"@language": "en"}], {"@vocab": "https://schema.org/"},
     ["https://schema.org", {"dct": "http://purl.org/dc/terms/"}]],
)  # fmt: skip
def test_known_contexts(context):
    body = page({"@context": context, "@type": "Course", "name": "A"})
    assert [node["name"] for node in nodes(body)] == ["A"] and issues(body) == []


def test_prefixes_aliases_and_full_terms():
    context = {"s": "http://schema.org/", "Kurs": "s:Course", "titel": {"@id": "s:name", "@language": "de"},
               "lehrt": "https://schema.org/teaches", "id": "@id", "type": "@type"}  # fmt: skip
    node = {"@context": context, "type": "Kurs", "id": "#k", "titel": "A", "lehrt": "x", "https://schema.org/version": "1",
            "dct:conformsTo": "https://b.example/1"}  # fmt: skip
    (found,) = nodes(page(node))
    assert found["@type"] == ["Course"] and found["@id"] == URL + "#k"
    assert found["name"] == {"@place": "script[1]/titel", "@value": "A", "@language": "de"}
    assert found["teaches"] == "x" and found["version"] == "1"
    assert found["http://purl.org/dc/terms/conformsTo"] == "https://b.example/1"


def test_language_containers_and_context_language():
    context = ["https://schema.org", {"@language": "fr", "name": {"@id": "schema:name", "@container": "@language"}}]
    (found,) = nodes(page({"@context": context, "@type": "Course", "name": {"en": "A", "fr": ["B", "C"]}}))
    assert [(t["@value"], t["@language"], t["@place"]) for t in found["name"]] == [
        ("A", "en", "script[1]/name/en"), ("B", "fr", "script[1]/name/fr"), ("C", "fr", "script[1]/name/fr"),
    ]  # fmt: skip
    assert found["@language"] == "fr"


def test_an_unknown_remote_context_is_told_and_only_full_terms_are_read():
    node = {"@context": "https://vocab.example/v1.jsonld", "@type": "https://schema.org/Course", "name": "A",
            "http://schema.org/headline": "B"}  # fmt: skip
    (found,) = nodes(page(node))
    assert "name" not in found and found["headline"] == "B"
    assert issues(page(node)) == ["web-unknown-context", "web-unknown-term"]


def test_a_missing_context_is_told():
    assert issues(page({"@type": "Course", "name": "A"})) == ["web-no-context"]
    assert issues(page({**schema(name="A"), "@context": "schema.org"})) == ["web-no-context"]


def test_references_are_inlined_across_blocks_with_their_places():
    body = page(
        {
            "@context": "https://schema.org",
            "@graph": [{"@type": "WebSite", "@id": "#s"}, schema(name="A", provider={"@id": "#o"})],
        },
        {"@context": "https://schema.org", "@type": "Organization", "@id": "#o", "name": "O"},
    )
    (found,) = nodes(body)
    assert found["@place"] == "script[1]/@graph/1"
    assert found["provider"] == {"@id": URL + "#o", "@place": "script[2]", "@type": ["Organization"], "name": "O"}


def test_cycles_are_cut_and_depth_is_bounded():
    body = page(
        schema(
            **{
                "@id": "#a",
                "name": "A",
                "isPartOf": {"@type": "Course", "@id": "#b", "name": "B", "hasPart": {"@id": "#a"}},
            }
        )
    )
    found = next(n for n in nodes(body) if n["@id"].endswith("#a"))
    assert found["isPartOf"]["hasPart"] == {
        "@id": URL + "#a",
        "@place": "script[1]/isPartOf/hasPart",
        "@type": ["Course"],
        "name": "A",
    }
    deep: dict = {"name": "end"}
    for _ in range(20):
        deep = {"@type": "Thing", "about": deep}
    node, levels = nodes(page(schema(name="A", about=deep)))[0], 0
    while "about" in node:
        node, levels = node["about"], levels + 1
    assert levels == LEVELS + 1


def test_a_web_of_references_does_not_explode():
    graph = [
        {"@type": "Course", "@id": f"#{n}", "name": str(n), "mentions": [{"@id": f"#{m}"} for m in range(60)]}
        for n in range(60)
    ]
    start = time.process_time()
    found = extract(page({"@context": "https://schema.org", "@graph": graph}), URL)
    assert len(found.found) == 60 and time.process_time() - start < 5
    assert max(len(one.payload) for one in found.found) < 3_000_000
    assert "web-too-large" in {i.code for one in found.found for i in one.issues}


def test_which_things_are_resources():
    graph = [
        {"@type": "WebPage", "mainEntity": {"@type": "LearningResource", "name": "inside a page"}},
        {"@type": "Event", "name": "a party", "startDate": "2025-01-01"},
        {"@type": "Event", "name": "a training event", "teaches": "R"},
        {"@type": "VideoObject", "name": "any film"},
        {"@type": ["VideoObject", "LearningResource"], "name": "a lesson on film"},
        {"@type": "https://bioschemas.org/TrainingMaterial", "name": "material"},
        {"@type": "Course", "name": "with runs", "hasCourseInstance": {"@id": "#run"}},
        {"@type": "CourseInstance", "@id": "#run", "name": "a run"},
    ]
    body = page({"@context": "https://schema.org", "@graph": graph})
    names = ["inside a page", "a training event", "a lesson on film", "material", "with runs"]
    assert [node["name"] for node in nodes(body)] == names
    assert "any film" in [node["name"] for node in nodes(body, types=["VideoObject"])]
    assert {"VideoObject", "Event", "WebPage"} <= extract(body, URL).other_types


def test_parts_with_a_name_and_address_are_records_of_their_own():
    body = page(
        schema(
            name="A",
            url="/a",
            hasPart=[{"@type": "Course", "name": "B", "url": "/b"}, {"@type": "Course", "name": "C"}],
        )
    )
    assert [found.key for found in extract(body, URL).found] == ["https://stat.example/a", "https://stat.example/b"]


def test_keys():
    def keys(*blocks):
        return [found.key for found in extract(page(*blocks), URL).found]

    assert keys(schema(name="A")) == [URL]
    assert keys(schema(name="A", url="/a")) == ["https://stat.example/a"]
    assert keys(schema(**{"name": "A", "url": "/a", "@id": "urn:a"})) == ["urn:a"]
    assert keys(schema(**{"name": "A", "@id": "_:b1"})) == [URL]
    assert keys(schema(name="A", url="https://stat.example/")) == [URL]  # the site's root is nobody's address
    first, second = keys(schema(name="A"), schema(name="B"))
    assert first.startswith(URL + "#") and second.startswith(URL + "#") and first != second
    assert keys(schema(name="B"), schema(name="A")) == [second, first]


MICRODATA = """<div itemscope itemtype="https://schema.org/Course" itemid="urn:c"><h1 itemprop="name">Git <b>now</b></h1>
<p itemprop="name" lang="fr">Git maintenant</p><meta itemprop="timeRequired" content="PT4H">
<a itemprop="url" href="/git">x</a><time itemprop="datePublished" datetime="2024-01-02">then</time>
<div itemprop="author" itemscope itemtype="http://schema.org/Person"><span itemprop="name">A</span></div>
<div itemprop="author" itemscope itemtype="http://schema.org/Person"><span itemprop="name">B</span></div></div>"""


def test_microdata():
    (found,) = nodes(page(body=MICRODATA))
    assert found["@type"] == ["Course"] and found["@id"] == "urn:c" and found["@place"] == "itemscope[1]"
    assert found["name"] == [
        "Git now",
        {"@place": "itemscope[1]/itemprop name[2]", "@value": "Git maintenant", "@language": "fr"},
    ]
    assert (found["timeRequired"], found["url"], found["datePublished"]) == (
        "PT4H",
        "https://stat.example/git",
        "2024-01-02",
    )
    assert [(a["name"], a["@place"]) for a in found["author"]] == [
        ("A", "itemscope[1]/itemprop author"), ("B", "itemscope[1]/itemprop author[2]"),
    ]  # fmt: skip


def test_microdata_that_refers_to_itself_ends():
    body = '<div id="a" itemscope itemtype="http://schema.org/Course" itemref="b"></div>' \
           '<div id="b" itemprop="hasPart" itemscope itemref="b c"></div><p id="c" itemprop="name">N</p>'  # fmt: skip
    (found,) = nodes(page(body=body))
    assert found["hasPart"]["name"] == "N"


RDFA = """<div vocab="https://schema.org/" typeof="Course" resource="#c"><h1 property="name">Git</h1>
<span property="name" lang="fr">Git fr</span><meta property="timeRequired" content="PT4H"><a property="url" href="/git">x</a>
<div property="author" typeof="Person" resource="https://orcid.org/0000-0002-1825-0097"><span property="name">A</span></div></div>
<div about="/event/1" typeof="s:EducationEvent" prefix="s: http://schema.org/"><span property="s:name" content="E"></span>
<div rel="s:location"><div typeof="s:Place"><span property="s:name">Room</span></div></div></div>"""


def test_rdfa():
    course, event = nodes(page(body=RDFA))
    assert (
        course["@id"] == URL + "#c" and course["@type"] == ["Course"] and course["url"] == "https://stat.example/git"
    )
    assert course["name"] == ["Git", {"@place": "typeof[1]/property name[2]", "@value": "Git fr", "@language": "fr"}]
    assert course["author"]["name"] == "A" and course["author"]["@place"] == "typeof[1]/property author"
    assert (
        event["@id"] == "https://stat.example/event/1" and event["name"] == "E" and event["location"]["name"] == "Room"
    )


def test_described_twice_json_ld_wins():
    body = page(schema(name="Git now", **{"@id": "urn:c"}), body=MICRODATA)
    found = extract(body, URL).found
    assert [json.loads(one.payload)["syntax"] for one in found] == ["json-ld"]
    assert [i.code for i in found[0].issues] == ["web-described-twice"]
    other = extract(page(schema(name="Another", url="/other"), body=MICRODATA), URL).found
    assert [json.loads(one.payload)["syntax"] for one in other] == ["json-ld", "microdata"]


@pytest.mark.parametrize(
    ("raw", "header", "name", "codes"),
    [
        ("é".encode(), "", "é", []), ("\ufeffé".encode(), "", "é", []), ("é".encode("cp1252"), "text/html; charset=iso-8859-1", "é", []),
        ("é".encode("cp1252"), "", "é", ["web-charset"]), ("é".encode(), "text/html; charset=latin1", "é", ["web-charset"]),
        (b"\xe9x", "text/html; charset=utf-8", "\ufffdx", ["web-broken-bytes"]), ("é".encode(), "text/html; charset=nonsense", "é", ["web-charset"]),
        (b"\xe9", "text/html; charset=base64", "\ufffd", ["web-broken-bytes"]),
    ],
)  # fmt: skip
def test_encodings(raw, header, name, codes):
    bom = raw[:3] if raw.startswith(b"\xef\xbb\xbf") else b""
    body = bom + page(schema(name="@@")).replace(b"@@", raw.removeprefix(bom))
    found = extract(body, URL, header).found[0]
    assert json.loads(found.payload)["node"]["name"] == name and [i.code for i in found.issues] == codes


def test_utf_16_and_meta_charset():
    assert nodes("\ufeff".encode("utf-16-le") + page(schema(name="é")).decode().encode("utf-16-le"))[0]["name"] == "é"
    body = page(
        '{"@context": "https://schema.org", "@type": "Course", "name": "Ž"}', head='<meta charset="iso-8859-2">'
    )
    assert nodes(body.decode().encode("iso-8859-2"))[0]["name"] == "Ž"


def test_script_type_with_parameters_and_after_the_end_of_the_page():
    block = json.dumps(schema(name="A"))
    assert nodes(f'<p></p></body></html><script TYPE="Application/LD+JSON; charset=utf-8">{block}</script>'.encode())


def test_the_base_of_the_page_counts():
    found = extract(page(schema(name="A", url="a"), head='<base href="/other/">'), URL).found[0]
    assert (
        found.key == "https://stat.example/other/a"
        and json.loads(found.payload)["base"] == "https://stat.example/other/"
    )


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"<", b"%PDF-1.4 \xff\xfe", b"<div>" * 100_000, b"<!DOCTYPE html>", b"\xff\xfe"]
)
def test_what_is_no_page_gives_nothing(body):
    assert extract(body, URL).found == []


def test_deep_nesting_is_told_not_crashed_on():
    deep: object = "x"
    for _ in range(200):
        deep = {"about": [deep]}
    assert "web-too-large" in issues(page(schema(name="A", about=deep)))
    items = '<div itemprop="hasPart" itemscope>' * 200
    assert "web-too-large" in issues(page(body=f'<div itemscope itemtype="https://schema.org/Course">{items}'))


def test_the_same_page_gives_the_same_bytes():
    body = page(schema(name="A", author=[{"name": "B"}]), body=MICRODATA + RDFA)
    assert extract(body, URL).found == extract(body, URL).found


def test_a_property_without_a_name_breaks_nothing():
    body = page(
        {"@context": "https://schema.org", "": [{"@type": "Course", "name": "A"}], "name": "x"}, schema(name="B")
    )
    assert "B" in [node.get("name") for node in nodes(body)]
