"""oai_dc → profile: every element, its places and its issues."""

from __future__ import annotations

import pytest

from registry import messages
from registry.crosswalk import load, oai_dc_habits, values, where
from registry.crosswalk.base import MapContext
from registry.iris import DCAT, DCTERMS, PROV, SCHEMA, Iris
from registry.model import Academy, Feed, RawRecord
from registry.terms import Iri, Literal, text
from tests.support.oai_server import Item

BASE = "https://registry.example"
RESOURCE = f"{BASE}/id/resource/f/k1"
RECORD = f"{BASE}/id/record/f/k1"
SUBJECTS = {"gsbpm": {"Edit and impute": "sp-5.4", "sp-5.4": "sp-5.4"}}


def mapped(inner, about="", *, payload=None, **feed):
    entry = Feed("f", "a", "oai_pmh", "https://a.example/oai", **feed)
    iris = Iris(BASE)
    context = MapContext(
        Academy("a", {"en": "A"}, "https://a.example"), entry, iris, values.load(iris, entry, SUBJECTS)
    )
    data = payload if payload is not None else Item("k1", "2026-01-01", inner, about=about).xml().encode()
    result = load("oai_dc")(RawRecord("k1", data, "application/xml", "oai_dc", "https://a.example/oai?x"), context)
    known = messages.load()
    for issue in result.issues:
        said = known[issue.code]
        assert "{" not in messages.fill(said.text["en"] + said.mend["en"], issue)
    return result


def got(result, name, subject=RESOURCE):
    predicate = name if ":" in name else SCHEMA + name
    return [o for s, p, o, _ in result.triples if s == subject and p == predicate]


def place(result, name):
    return next(where for s, p, _, where in result.triples if s == RESOURCE and p == SCHEMA + name)


def codes(result):
    return [issue.code for issue in result.issues]


def test_titles_and_texts_by_language():
    result = mapped(
        '<dc:title xml:lang="en">Git &lt;b&gt;first&lt;/b&gt;</dc:title><dc:title xml:lang="fr">Git d’abord</dc:title>'
        "<dc:title>Intro</dc:title><dc:language>eng</dc:language><dc:description>short</dc:description>"
        '<dc:description>the longer text</dc:description><dc:description xml:lang="fra">texte</dc:description>',
        language="es",
    )
    assert got(result, "name") == [text("Git first", "en"), text("Git d’abord", "fr")]
    assert got(result, "alternateName") == [text("Intro", "en")]
    assert got(result, "description") == [text("the longer text", "en"), text("texte", "fr")]
    assert got(result, "abstract") == [text("short", "en")]
    assert got(result, "inLanguage") == [Literal("en")] and codes(result) == ["dc-html"]
    assert place(result, "description") == "/record/metadata/oai_dc:dc/dc:description[2]"


@pytest.mark.parametrize(
    ("languages", "feed", "expected"),
    [((), "es", "es"), ((), None, "und"), (("fr",), "es", "fr"), (("fr", "en"), "es", "und"), (("xx",), "es", "es")],
)
def test_language_of_texts(languages, feed, expected):
    inner = "<dc:title>T</dc:title>" + "".join(f"<dc:language>{one}</dc:language>" for one in languages)
    assert got(mapped(inner, language=feed), "name") == [text("T", expected)]


def test_unknown_languages_are_told():
    result = mapped('<dc:title xml:lang="klingonese">T</dc:title><dc:language>other</dc:language>')
    assert sorted(codes(result)) == ["dc-language", "dc-xml-lang"] and not got(result, "inLanguage")


def test_html_that_was_escaped_twice():
    result = mapped("<dc:description>&amp;lt;p&amp;gt;Text&amp;lt;/p&amp;gt;</dc:description>", language="en")
    assert got(result, "description") == [text("Text", "en")] and codes(result) == ["dc-html"]


def test_agents():
    result = mapped(
        "<dc:creator>Doe, Jane (https://orcid.org/0000-0002-1825-0097)</dc:creator>"
        "<dc:creator>Statistics Office &lt;info@stat.example&gt;</dc:creator><dc:contributor>Doe, Jane</dc:contributor>"
        "<dc:publisher>Acme https://ror.org/02mhbdp94</dc:publisher><dc:creator>https://x.example/me</dc:creator>"
    )
    first, second = got(result, "author")
    assert (first, second) == (f"{RESOURCE}/agent/1", f"{RESOURCE}/agent/2")
    assert got(result, "name", first) == [Literal("Doe, Jane")] and got(result, "contributor") == [first]
    assert got(result, "identifier", first) == [Iri("https://orcid.org/0000-0002-1825-0097")]
    assert got(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", first) == [SCHEMA + "Person"]
    assert got(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", second) == [SCHEMA + "Organization"]
    assert got(result, "name", second) == [Literal("Statistics Office")]
    (publisher,) = got(result, "publisher")
    assert got(result, "identifier", publisher) == [Iri("https://ror.org/02mhbdp94")]
    assert sorted(codes(result)) == ["dc-agent", "dc-email"]
    assert not any("info@" in str(triple) for triple in result.triples)


def test_subjects_become_topics_or_keywords():
    result = mapped(
        "<dc:subject>Edit and impute</dc:subject><dc:subject>R; survey data\nsampling</dc:subject>"
        "<dc:subject>http://data.europa.eu/snb/isced-f/0542</dc:subject><dc:subject>n/a</dc:subject>",
        language="en",
    )
    assert got(result, "about") == [
        f"{BASE}/id/concept/gsbpm/sp-5.4", "http://data.europa.eu/snb/isced-f/0542"
    ]  # fmt: skip
    assert got(result, "keywords") == [text(word, "en") for word in ("R", "survey data", "sampling")]


def test_types_and_events():
    course = mapped("<dc:type>course</dc:type>")
    assert got(course, "learningResourceType") == [f"{BASE}/id/concept/resource-type/course"]
    kinds = got(course, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    assert set(kinds) == {DCAT + "Resource", SCHEMA + "LearningResource", SCHEMA + "Course"}
    event = mapped("<dc:type>Event</dc:type><dc:date>2026-05-03</dc:date><dc:date>2026-05-01</dc:date>")
    kinds = got(event, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    assert set(kinds) == {DCAT + "Resource", SCHEMA + "EducationEvent"}
    date = "http://www.w3.org/2001/XMLSchema#date"
    assert got(event, "startDate") == [Literal("2026-05-01", date)]
    assert got(event, "endDate") == [Literal("2026-05-03", date)] and codes(event) == ["dc-event-date"]
    odd = mapped("<dc:type>Gizmo</dc:type>")
    assert got(odd, "learningResourceType") == [Literal("Gizmo")] and codes(odd) == ["dc-type"]


def test_dates_are_sorted():
    result = mapped("".join(f"<dc:date>{d}</dc:date>" for d in ("2024-03", "2020", "2022-01-05", "soon", "2020")))
    assert [one.value for one in got(result, "datePublished")] == ["2020"]
    assert [one.value for one in got(result, "dateModified")] == ["2024-03"]
    assert sorted(codes(result)) == ["dc-date", "dc-date-between"]


def test_identifiers():
    result = mapped(
        "<dc:identifier>k1</dc:identifier><dc:identifier>https://doi.org/10.1234/AbC</dc:identifier>"
        "<dc:identifier>https://a.example/course</dc:identifier><dc:identifier>https://a.example/pdf</dc:identifier>"
        "<dc:identifier>ISBN 123</dc:identifier>"
    )
    assert got(result, "url") == [Iri("https://a.example/course")]
    assert set(got(result, "identifier")) == {
        Iri("https://doi.org/10.1234/abc"), Iri("https://a.example/pdf"), Literal("ISBN 123")
    }  # fmt: skip
    assert got(mapped("<dc:identifier>doi:10.1234/x</dc:identifier>"), "url") == [Iri("https://doi.org/10.1234/x")]


@pytest.mark.parametrize(
    ("rights", "licence", "access", "code"),
    [
        ("CC-BY-4.0", "http://spdx.org/licenses/CC-BY-4.0", None, None),
        (
            "Licence: https://creativecommons.org/licenses/by-sa/4.0/deed.fr.",
            "http://spdx.org/licenses/CC-BY-SA-4.0",
            None,
            None,
        ),
        ("info:eu-repo/semantics/openAccess", None, f"{BASE}/id/concept/access/open", None),
        ("Creative Commons", Literal("Creative Commons"), None, "dc-license"),
        ("Ask us first", None, Literal("Ask us first"), "dc-rights"),
    ],
)
def test_rights(rights, licence, access, code):
    result = mapped(f"<dc:rights>{rights}</dc:rights>")
    assert got(result, "license") == ([licence] if licence else [])
    assert got(result, "conditionsOfAccess") == ([access] if access else [])
    assert codes(result) == ([code] if code else [])


def test_licence_of_the_feed_only_where_the_record_names_none():
    spdx = Iri("http://spdx.org/licenses/CC-BY-4.0")
    assert got(mapped("<dc:title>T</dc:title>", licence="CC-BY-4.0"), "license") == [spdx]
    own = mapped("<dc:rights>MIT</dc:rights>", licence="CC-BY-4.0")
    assert got(own, "license") == [Iri("http://spdx.org/licenses/MIT")]
    unread = mapped("<dc:rights>My licence</dc:rights>", licence="CC-BY-4.0")
    assert got(unread, "license") == [Literal("My licence")]
    assert codes(mapped("<dc:title>T</dc:title>", licence="whatever")) == ["dc-feed-licence"]


def test_relations_formats_coverage():
    result = mapped(
        "<dc:identifier>https://a.example/1</dc:identifier><dc:source>https://b.example/2</dc:source>"
        "<dc:source>https://a.example/1</dc:source><dc:source>A book</dc:source><dc:relation>10.1234/z</dc:relation>"
        "<dc:relation>volume 3</dc:relation><dc:relation>info:eu-repo/grantAgreement/EC/1</dc:relation>"
        "<dc:format>application/pdf https://a.example/1.pdf</dc:format><dc:format>PDF</dc:format><dc:format>12 p.</dc:format>"
        "<dc:coverage>Europe</dc:coverage>",
        language="en",
    )
    assert got(result, "isBasedOn") == [Iri("https://b.example/2"), Literal("A book")]
    assert got(result, DCTERMS + "relation") == [
        Iri("https://doi.org/10.1234/z"), Literal("volume 3"), Iri("info:eu-repo/grantAgreement/EC/1")
    ]  # fmt: skip
    first, second = got(result, "encoding")
    assert got(result, "contentUrl", first) == [Iri("https://a.example/1.pdf")]
    assert got(result, "encodingFormat", second) == [Literal("application/pdf")]
    assert got(result, "spatialCoverage") == [text("Europe", "en")]
    assert sorted(codes(result)) == ["dc-format", "dc-own-source", "dc-relation"]


def test_record_node_and_provenance():
    about = (
        '<about><provenance xmlns="http://www.openarchives.org/OAI/2.0/provenance"><originDescription harvestDate="x">'
        "<baseURL>https://b.example/oai</baseURL><identifier>oai:b:1</identifier><originDescription><baseURL>-</baseURL>"
        "<identifier>oai:c:9</identifier></originDescription></originDescription></provenance></about>"
        "<about><rights/></about>"
    )
    result = mapped("<dc:title>T</dc:title>", about)
    assert got(result, PROV + "wasDerivedFrom", RECORD) == [
        "https://b.example/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:b:1", "oai:c:9"
    ]  # fmt: skip
    assert got(result, DCTERMS + "source", RECORD) == ["https://a.example/oai?x"]
    assert got(result, DCTERMS + "identifier", RECORD) == [Literal("k1")]
    assert got(result, "http://xmlns.com/foaf/0.1/primaryTopic", RECORD) == [RESOURCE]
    assert got(result, "provider") == [f"{BASE}/id/agent/a"] and codes(result) == ["oai-about"]


def test_what_is_no_simple_dublin_core_is_told():
    result = mapped(
        '<dc:title xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">ghost</dc:title>'
        '<x:level xmlns:x="http://x.example/">7</x:level><dc:subject/>'
    )
    assert codes(result) == ["dc-unknown-element"] and not got(result, "name") and not got(result, "keywords")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "dc-unreadable"),
        (b"<record><open></record>", "dc-unreadable"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><record>&a;</record>', "dc-unreadable"),
        (b"<record><metadata><mods/></metadata></record>", "dc-not-dc"),
        (b"<record/>", "dc-not-dc"),
    ],
)
def test_unreadable_payloads(payload, code):
    result = mapped("", payload=payload)
    assert codes(result) == [code] and not result.triples


def test_places_where_a_missing_value_would_stand():
    places = where("oai_dc")
    assert places[SCHEMA + "license"] == "/record/metadata/oai_dc:dc/dc:rights"
    assert SCHEMA + "educationalLevel" not in places and SCHEMA + "audience" not in places


def test_dates_of_repositories():
    """An interval is two dates, the end of an embargo none."""
    result = mapped(
        "<dc:date>2025-07-13/2025-07-16</dc:date><dc:date>info:eu-repo/date/embargoEnd/2026-11-01</dc:date>"
    )
    assert [got(result, name)[0].value for name in ("datePublished", "dateModified")] == ["2025-07-13", "2025-07-16"]
    assert "dc-date" not in codes(result)
    assert codes(mapped("<dc:date>2025-07-13/soon</dc:date>")) == ["dc-date"]


def test_elements_that_stand_without_their_container():
    xml = Item("k1", "2026-01-01", "<dc:title>T</dc:title>").xml()
    bare = xml.replace("<oai_dc:dc", "<metadata").replace("</oai_dc:dc></metadata>", "</metadata>")
    result = mapped("", payload=bare.replace("<metadata><metadata", "<metadata").encode(), language="en")
    assert got(result, "name") == [text("T", "en")]


def test_no_email_address_of_any_text_is_kept():
    result = mapped(
        "<dc:title>Course (ask a.b@stat.example)</dc:title><dc:description>Write to a.b@stat.example.</dc:description>"
        "<dc:coverage>a.b@stat.example</dc:coverage><dc:rights>Ask a.b@stat.example</dc:rights>"
        "<dc:identifier>https://stat.example/@team/1</dc:identifier>"
    )
    assert got(result, "url") == ["https://stat.example/@team/1"] and codes(result).count("dc-email") == 4
    assert "stat.example." not in str(result) and "a.b@" not in str(result)


def test_where_dspace_had_files_from_is_no_description():
    result = mapped(
        "<dc:description>Notes.</dc:description><dc:description>Submitted by Ada (a@stat.example) on 2024-03-01T10:00:00Z "
        "No. of bitstreams: 1 notes.pdf: 12345 bytes, checksum: abc (MD5)</dc:description>"
        "<dc:description>Made available in DSpace on 2024-03-01T10:00:00Z (GMT)</dc:description>"
        "<dc:description>Submitted by students as an exercise.</dc:description>"
    )
    assert got(result, "description") == [text("Submitted by students as an exercise.", "und")]
    assert got(result, "abstract") == [text("Notes.", "und")]


@pytest.mark.parametrize(
    ("creator", "names"),
    [("Gómez, Ana; Instituto de Estadística", ["Gómez, Ana"]), ("Doe, J.; Smith, A.", ["Doe, J.", "Smith, A."]),
     ("Doe, J.; Smith, A.; University of Example", ["Doe, J.", "Smith, A."]),
     ("Diewert, Erwin, 1941-", ["Diewert, Erwin"]), ("Doe, Jo (1950-2020)", ["Doe, Jo"]),
     ("Office for Sampling; Section 3", ["Office for Sampling; Section 3"]), ("Training unit", ["Training unit"])],
)  # fmt: skip
def test_names_as_software_writes_them(creator, names):
    result = mapped(f"<dc:creator>{creator}</dc:creator>")
    assert [got(result, "name", author)[0].value for author in got(result, "author")] == names
    kind = got(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", got(result, "author")[0])
    assert kind == [SCHEMA + ("Person" if "," in creator else "Organization")]


def test_library_cards():
    result = mapped("<dc:title>Index numbers /</dc:title><dc:date>c2004.</dc:date>")
    assert got(result, "name") == [text("Index numbers", "und")] and got(result, "datePublished")[0].value == "2004"
    assert codes(mapped("<dc:date>20 or 2004?</dc:date>")) == ["dc-date"]


def test_the_journal_of_an_article_is_what_it_is_part_of():
    result = mapped(
        "<dc:source>Revista; Vol. 1 Núm. 1 (2022); 1-20</dc:source><dc:source>2222-333x</dc:source>"
        "<dc:source>Census 2021; no changes</dc:source><dc:type>info:eu-repo/semantics/publishedVersion</dc:type>"
        "<dc:type>NonPeerReviewed</dc:type><dc:relation>url:https://a.example/b</dc:relation>"
    )
    assert got(result, "isPartOf") == [Literal("Revista; Vol. 1 Núm. 1 (2022); 1-20"), Iri("urn:issn:2222-333X")]
    assert got(result, "isBasedOn") == [Literal("Census 2021; no changes")] and codes(result) == []
    assert got(result, DCTERMS + "relation") == [Iri("https://a.example/b")]


def test_the_page_of_eprints_stands_among_the_relations():
    result = mapped(
        "<dc:relation>https://e.example/55/</dc:relation><dc:identifier>https://e.example/55/1/a.pdf</dc:identifier>"
        "<dc:identifier>https://e.example/55/2/b.zip</dc:identifier>"
    )
    assert got(result, "url") == [Iri("https://e.example/55/")] and got(result, DCTERMS + "relation") == []
    assert got(result, "identifier") == [Iri("https://e.example/55/1/a.pdf"), Iri("https://e.example/55/2/b.zip")]
    other = mapped("<dc:relation>https://e.example/</dc:relation><dc:identifier>https://e.example/55</dc:identifier>")
    assert got(other, "url") == [Iri("https://e.example/55")]


def test_several_types_and_a_size_in_one_element():
    result = mapped("<dc:type>Course; Video</dc:type><dc:format>PDF (2 MB)</dc:format>")
    kinds = [str(one).rpartition("/")[2] for one in got(result, "learningResourceType")]
    assert kinds == ["course", "video"] and codes(result) == []
    assert got(result, "encodingFormat", f"{RESOURCE}/encoding/1") == [Literal("application/pdf")]
    assert codes(mapped("<dc:type>Course; something</dc:type>")) == ["dc-type"]


def test_a_site_above_all_pages_is_no_landing_page():
    pages = ["https://rap.example.org/training/git.html"]
    assert oai_dc_habits.landing_page(pages, ["https://rap.example.org/", "https://rap.example.org/training/"]) is None
    files = ["https://eprints.example.org/123/1/slides.pdf"]
    assert (
        oai_dc_habits.landing_page(files, ["https://eprints.example.org/123/"]) == "https://eprints.example.org/123/"
    )
