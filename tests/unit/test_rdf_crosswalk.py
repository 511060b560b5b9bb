"""schema.org, Dublin Core and DCAT in RDF → the profile: what golden feeds do not show, and nothing raises."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph as RdfGraph
from rdflib import URIRef

from harvesters.rdf_records import read, record, subjects
from registry.crosswalk import load, where
from registry.crosswalk.base import Mapped
from registry.iris import SCHEMA
from registry.model import RawRecord
from registry.terms import Iri, Literal
from tests.support.rdf_feeds import SITE, context

PREFIXES = """@prefix schema: <http://schema.org/> . @prefix sdo: <https://schema.org/> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix dc: <http://purl.org/dc/elements/1.1/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix eu: <http://publications.europa.eu/resource/authority/> .
@base <http://catalogue.example/training/> .
"""


def mapped(body: str, language: str | None = None) -> Mapped:
    """The only record of some Turtle, mapped."""
    graph = read((PREFIXES + body).encode(), "text/turtle", SITE, 1 << 20)
    ((subject, format),) = subjects(graph)
    return load(format)(record(graph, subject, format), context(language))


def said(result: Mapped, name: str) -> list[str]:
    """The values of a property of the resource."""
    wanted = name if ":" in name else SCHEMA + name
    values = [o for s, p, o, _ in result.triples if s == result.resource and p == wanted]
    return sorted(str(o.value) if isinstance(o, Literal) else str(o).rpartition("/")[2] for o in values)


def places(result: Mapped, name: str) -> list[str]:
    return [place for s, p, _, place in result.triples if s == result.resource and p == SCHEMA + name]


def codes(result: Mapped) -> list[tuple[str, str]]:
    return [(issue.code, dict(issue.params).get("field", "")) for issue in result.issues]


def test_dublin_core_alone() -> None:
    result = mapped("""<1> dc:title "Indices"@en ; dc:creator "Ana Example; Ben Example" ; dc:subject "prices", "CPI" ;
        dc:language "eng" ; dc:date "2020-05" ; dc:rights "CC BY 4.0" ; dc:type "course" ; dc:format "application/pdf" ;
        dc:identifier <https://doi.org/10.1234/ABC> ; dct:audience "methodologists" ; dct:extent "2 days" .""")
    assert said(result, "name") == ["Indices"] and said(result, "inLanguage") == ["en"]
    assert said(result, "keywords") == ["CPI", "prices"] and said(result, "datePublished") == ["2020-05"]
    assert said(result, "license") == ["CC-BY-4.0"] and said(result, "learningResourceType") == ["course"]
    assert said(result, "timeRequired") == ["P2D"] and said(result, "url") == ["1"]
    assert places(result, "name") == [f"<{SITE}1> dc:title"]


@pytest.mark.parametrize("prefix", ["schema", "sdo"])
def test_both_namespaces_of_schema_org(prefix: str) -> None:
    result = mapped(f"""<1> a {prefix}:Course ; {prefix}:name "T"@fr ; {prefix}:offers [ {prefix}:price "0" ] ;
        {prefix}:eventStatus {prefix}:EventScheduled ; {prefix}:hasCourseInstance [ a {prefix}:CourseInstance ;
        {prefix}:startDate "2026-09-01" ; {prefix}:eventAttendanceMode {prefix}:OnlineEventAttendanceMode ] .""")
    assert said(result, "isAccessibleForFree") == ["true"]
    assert f"<{SITE}1> schema:offers schema:price" in places(result, "isAccessibleForFree")
    runs = [(p, o) for s, p, o, _ in result.triples if s.endswith("/run/1")]
    assert (SCHEMA + "eventAttendanceMode", SCHEMA + "OnlineEventAttendanceMode") in runs


def test_runs_keep_their_numbers_when_one_is_edited() -> None:
    form = """<1> a schema:Course ; schema:name "T" ; schema:hasCourseInstance
        [ schema:startDate "2026-03-01" ; schema:name "%s" ] , [ schema:startDate "2026-01-01" ] , [ schema:startDate "2026-02-01" ] ."""
    for name in ("a", "b", "c", "d", "e"):
        starts = {
            s[-1]: o.value
            for s, p, o, _ in mapped(form % name).triples
            if p == SCHEMA + "startDate" and isinstance(o, Literal)
        }
        assert starts == {"1": "2026-01-01", "2": "2026-02-01", "3": "2026-03-01"}


def test_lists_and_containers_are_their_members() -> None:
    result = mapped("""<1> a schema:Course ; schema:name "T" ; schema:keywords ( "a" "b" ) ; schema:teaches
        [ a <http://www.w3.org/1999/02/22-rdf-syntax-ns#Bag> ; <http://www.w3.org/1999/02/22-rdf-syntax-ns#_1> "x" ] .""")
    assert said(result, "keywords") == ["a", "b"] and said(result, "teaches") == ["x"]


def test_tables_of_the_eu() -> None:
    result = mapped("""<1> a dcat:Dataset ; dct:title "T"@en ; dct:language <http://publications.europa.eu/resource/authority/language/DEU> ;
        dct:accessRights <http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC> ;
        dct:publisher <http://publications.europa.eu/resource/authority/corporate-body/ESTAT> ;
        dct:spatial <http://publications.europa.eu/resource/authority/country/FRA> ;
        dcat:theme <http://publications.europa.eu/resource/authority/data-theme/SOCI> ;
        dcat:distribution [ dcat:downloadURL <f> ; dct:format <http://publications.europa.eu/resource/authority/file-type/PPTX> ] .""")
    assert said(result, "inLanguage") == ["de"] and said(result, "conditionsOfAccess") == ["staff-only"]
    assert said(result, "keywords") == ["Population and society"] and said(result, "spatialCoverage") == ["FRA"]
    files = [o.value for s, p, o, _ in result.triples if p == SCHEMA + "encodingFormat" and isinstance(o, Literal)]
    assert files == ["application/vnd.openxmlformats-officedocument.presentationml.presentation"]
    assert any(o == Literal("Eurostat") for _, _, o, _ in result.triples) and result.issues == ()


def test_the_page_of_a_dcat_resource() -> None:
    form = '<1> a dcat:Dataset ; dct:title "T"@en ; {} dcat:distribution [ dcat:accessURL <{}> ] .'
    assert said(mapped(form.format("dcat:landingPage <p> ; foaf:page <q> ;", "a")), "url") == ["p"]
    assert said(mapped(form.format("dcat:landingPage <p> ; foaf:page <q> ;", "a")), "sameAs") == ["q"]
    assert said(mapped(form.format("", "a")), "url") == ["a"]
    assert said(mapped(form.format("", "a.pdf")), "url") == ["1"]


def test_rights_beside_a_licence_are_words_about_it() -> None:
    both = mapped(
        '<1> a dcat:Dataset ; dct:title "T"@en ; dct:license <http://creativecommons.org/licenses/by/4.0/> ; dct:rights "Ours." .'
    )
    assert said(both, "license") == ["CC-BY-4.0"] and both.issues == ()
    alone = mapped('<1> a dcat:Dataset ; dct:title "T"@en ; dct:rights "Ours." .')
    assert said(alone, "license") == ["Ours."] and codes(alone) == [("schemaorg-unmapped", "dct:rights")]


def test_what_is_unknown_is_told_in_the_sources_own_words() -> None:
    result = mapped(
        '<1> a dcat:Dataset ; dct:title "T"@en ; dct:modified "soon" ; <http://o.example/x> 1 ; dcat:byteSize 3 .'
    )
    assert ("schemaorg-date", "dct:modified") in codes(result)
    assert ("schemaorg-unknown-property", "<http://o.example/x>") in codes(result)


def test_a_catalogues_record_tells_where_it_came_from() -> None:
    result = mapped("""<1> a dcat:Dataset ; dct:title "T"@en . <r> a dcat:CatalogRecord ; foaf:primaryTopic <1> ;
        dct:source <http://origin.example/1> ; dct:modified "2026-01-01" .""")
    origins = [(str(o), place) for _, p, o, place in result.triples if p.endswith("#wasDerivedFrom")]
    assert origins == [("http://origin.example/1", f"<{SITE}r> dct:source")]


@pytest.mark.parametrize("payload", [b"", b"rubbish", b"<record>", b"<record><metadata/></record>",
                                     b"<record><metadata><x><y/></x></metadata></record>", b"\xff\x00"])  # fmt: skip
@pytest.mark.parametrize("format", ["rdf", "dcat"])
def test_what_holds_nothing_is_told(format: str, payload: bytes) -> None:
    result = load(format)(
        RawRecord("k", payload, "application/xml" if format == "rdf" else "", format, SITE), context()
    )
    assert result.triples == () and [issue.code for issue in result.issues] == ["rdf-nothing"]


@pytest.mark.parametrize("format", ["rdf", "dcat"])
def test_every_property_that_shapes_ask_for_has_a_place(format: str) -> None:
    shapes = RdfGraph().parse(
        Path(__file__).parents[2] / "shapes" / "learning-resource.ttl", publicID="http://x.example/"
    )
    paths = {
        str(path)
        for path in shapes.objects(None, URIRef("http://www.w3.org/ns/shacl#path"))
        if isinstance(path, URIRef)
    }
    paths = {path for path in paths if path.startswith(SCHEMA)}
    assert len(paths) > 15 and paths - set(where(format)) == set()


def test_real_catalogues_give_records_without_a_traceback(shared: Path) -> None:
    counts: dict[str, int] = {}
    for file in sorted((shared / "data" / "dcat").rglob("example*.*")):
        graph = read(file.read_bytes(), "", SITE, 1 << 22)
        for subject, format in subjects(graph):
            result = load(format)(record(graph, subject, format), context())
            assert result.triples and not any(":" not in issue.place for issue in result.issues)
            counts[format] = counts.get(format, 0) + 1
    assert counts["dcat"] > 200


VALUES = st.sampled_from([
    '"x"', '"2024-01-01"', '"<b>&amp;"@en', '""', '"-"@xx', "<http://a.example/1>", "<http://a.example/2>", "_:b0", "_:b1",
    "<mailto:a@b.example>", "<urn:x>", '"0"^^<http://www.w3.org/2001/XMLSchema#integer>', "_:subject", '"10.1234/x"',
    "<http://publications.europa.eu/resource/authority/file-type/PDF>", "<http://schema.org/Course>",
    "<http://www.w3.org/ns/dcat#Catalog>", "<http://schema.org/VirtualLocation>", '"P1W"', '"a;b|c"',
])  # fmt: skip
NAMES = st.sampled_from(
    [f"http://schema.org/{name}" for name in
     "name url author offers price hasCourseInstance startDate location address encoding contentUrl keywords about "
     "license inLanguage educationalAlignment targetName audience audienceType courseSchedule identifier image "
     "teaches isPartOf timeRequired duration provider affiliation sdPublisher numberOfCredits".split()]
    + [f"http://purl.org/dc/terms/{name}" for name in "title subject publisher language spatial format rights source".split()]
    + [f"http://www.w3.org/ns/dcat#{name}" for name in "distribution theme accessURL hasVersion landingPage".split()]
    + [f"http://www.w3.org/1999/02/22-rdf-syntax-ns#{name}" for name in ("type", "first", "rest", "_1")]
    + ["http://www.w3.org/2004/02/skos/core#prefLabel", "http://www.w3.org/2004/02/skos/core#notation",
       "http://xmlns.com/foaf/0.1/primaryTopic", "http://o.example/x"]
)  # fmt: skip
NODES = st.sampled_from(["<http://a.example/1>", "<http://a.example/1>", "<http://a.example/2>", "_:b0", "_:b1"])


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(NODES, NAMES, VALUES), min_size=1, max_size=20), st.sampled_from(["rdf", "dcat"]))
def test_no_description_is_too_strange(rows: list[tuple[str, str, str]], format: str) -> None:
    payload = "".join(f"{s} <{p}> {o} .\n" for s, p, o in rows).encode()
    result = load(format)(RawRecord("http://a.example/1", payload, "application/n-triples", format, SITE), context())
    assert all(
        isinstance(s, Iri) and not s.startswith("_:") and not str(o).startswith("_:") for s, _, o, _ in result.triples
    )
    own = (result.resource, context().iris.record("f", "http://a.example/1"))
    assert all(s in own or s.startswith(result.resource + "/") for s, _, _, _ in result.triples)


def test_what_portals_write_of_files_and_licences() -> None:
    result = mapped("""<1> a dcat:Dataset ; dct:title "Course"@en ; dct:license "notspecified" ; dct:updated "2019-05-01" ;
        dct:accessRights <http://uri.suomi.fi/codelist/fairdata/access_type/code/open> ; dcat:distribution [
            a dcat:Distribution ; dcat:downloadURL <1.pdf> ; dct:format "PDF" ; dcat:mediaType "application/pdf" ;
            dcat:byteSize "12345.0"^^<http://www.w3.org/2001/XMLSchema#decimal> ; dct:rights [
                a dct:RightsStatement ; <http://www.w3.org/2000/01/rdf-schema#label> "CC BY 4.0" ] ] .""")
    assert said(result, "license") == ["CC-BY-4.0"] and said(result, "dateModified") == ["2019-05-01"]
    assert said(result, "conditionsOfAccess") == ["open"] and codes(result) == []
    files = {p.rpartition("/")[2]: o for s, p, o, _ in result.triples if s == f"{result.resource}/media/1"}
    assert files["encodingFormat"] == Literal("application/pdf") and files["contentSize"] == Literal("12345")
    two = mapped(
        """<1> a dcat:Dataset ; dct:title "C" ; dct:license "CC0-1.0" ; dcat:distribution [ dct:license "MIT" ] ."""
    )
    assert said(two, "license") == ["CC0-1.0"]


def test_a_term_is_shown_by_its_name_not_its_code() -> None:
    result = mapped("""<1> a schema:LearningResource ; schema:name "Course"@en ; schema:about [ a schema:DefinedTerm ;
        schema:termCode "topic_0091" ; schema:name "Bioinformatics" ; schema:url <http://terms.example/topic_0091> ] .""")
    assert said(result, "about") == ["Bioinformatics"] and codes(result) == [("schemaorg-unmapped", "schema:about")]


@pytest.mark.parametrize(
    ("catalogue", "own", "tag"),
    [
        ('dct:language "fr"', "", "fr"),
        ("dct:language <http://publications.europa.eu/resource/authority/language/FRA>", "", "fr"),
        ('dct:language "fr", <http://publications.europa.eu/resource/authority/language/FRA>', "", "fr"),
        ('dct:language "fr", "en"', "", "und"),
        ('dct:language "fr", "Klingonese"', "", "und"),
        ('dct:language "fr"', 'dct:language "es" ;', "es"),
        ('dct:language "fr"', 'dct:language "es", "en" ;', "und"),
        ('dct:title "All"', "", "und"),
    ],
)
@pytest.mark.parametrize("name", ["<all>", "[]"])
def test_the_language_of_the_catalogue_is_that_of_texts_without_one(
    name: str, catalogue: str, own: str, tag: str
) -> None:
    about = f"{name} a dcat:Catalog ; {catalogue} ; dcat:dataset <1> ."
    result = mapped(f'{about} <1> a dcat:Dataset ; {own} dct:title "Les prix", "Prices"@en .')
    names = [o for s, p, o, _ in result.triples if s == result.resource and p == SCHEMA + "name"]
    assert {o.language: o.value for o in names if isinstance(o, Literal)} == {tag: "Les prix", "en": "Prices"}
    assert said(result, "inLanguage") == (["en", "es"] if "en" in own else ["es"] if own else [])


def test_what_another_catalogue_says_does_not_count() -> None:
    result = mapped("""<all> a dcat:Catalog ; dcat:dataset <1> . <1> a dcat:Dataset ; dct:title "Les prix" .
        <other> a dcat:Catalog ; dct:language "fr" ; dct:title "Other" .""")
    assert [o.language for _, p, o, _ in result.triples if p == SCHEMA + "name" and isinstance(o, Literal)][0] == "und"
