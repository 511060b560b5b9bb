"""The screen never clears what pySHACL would find, on the real shapes and on values made to provoke it."""

from __future__ import annotations

import itertools
import string
from pathlib import Path

import pyshacl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import SH as SHACL
from rdflib import Graph

from registry.iris import DCAT, DCTERMS, FOAF, RDF_TYPE, SCHEMA
from registry.prepare.judge import Judge, graph_of
from registry.prepare.screen import Data, compile_screen
from registry.terms import RDF_LANG_STRING, XSD, Iri, Literal, text

ROOT = Path(__file__).resolve().parent.parent.parent
BASE = "http://localhost:8000"
RECORD, RESOURCE, RUN = (Iri(f"{BASE}/id/{part}") for part in ("record/f/1", "resource/f/1", "resource/f/1/run/1"))


def load_shapes() -> Graph:
    graph = Graph()
    for name in ("learning-resource.ttl", "event.ttl", "record.ttl"):
        graph.parse(ROOT / "shapes" / name, format="turtle", publicID=BASE + "/")
    return graph


SHAPES = load_shapes()
SCREEN = compile_screen(SHAPES)
PREDICATES = sorted(
    {
        str(p)
        for p in SHAPES.objects(None, SHACL.path)
        if str(p).startswith(("http://schema.org/", DCTERMS, DCAT, FOAF))
    }
)
LEXICAL = [
    "", " ", "x", "a title", "<b>bold</b>", "R &amp; D", "en", "pt-BR", "English", "PT4H", "P3D", "P3W", "PT", "P", "4 h",
    "2024-01-01", "2024-13-01", "2024-02-30", "2024-01-01T10:00:00", "2024-01-01T10:00:00Z", "2024-01-02T00:00:00+02:00",
    "2024", "2024-05", "true", "1", "maybe", "k" * 61, "k" * 60, "https://example.org/", "mailto:a@b", "5", "-1",
]  # fmt: skip
DATATYPES = [
    XSD + name for name in ("string", "date", "dateTime", "gYear", "gYearMonth", "duration", "boolean", "integer")
]
IRIS = [
    "https://example.org/a", "http://example.org/b c".replace(" ", "%20"), "ftp://example.org/x", str(RESOURCE),
    "http://spdx.org/licenses/MIT", f"{BASE}/id/concept/level/basic", f"{BASE}/id/concept/level/wrong",
    f"{BASE}/id/concept/gsbpm/sp-1.1", f"{BASE}/id/concept/modality/online", f"{BASE}/id/agent/x",
    "http://schema.org/OnlineEventAttendanceMode", "http://schema.org/LearningResource", f"{BASE}/id/concept/licence/proprietary",
]  # fmt: skip
TERM = st.one_of(
    st.sampled_from(IRIS).map(Iri),
    st.builds(Literal, st.sampled_from(LEXICAL), st.sampled_from(DATATYPES)),
    st.builds(text, st.sampled_from(LEXICAL), st.sampled_from(["en", "fr", "und", "pt-br"])),
    st.builds(Literal, st.text(string.printable, max_size=12), st.just(XSD + "string")),
)
FACT = st.tuples(st.sampled_from([RESOURCE, RUN]), st.sampled_from(PREDICATES).map(Iri), TERM)
TYPES = ["LearningResource", "EducationEvent", "Course"]


def pyshacl_results(triples: list[tuple[Iri, Iri, Iri | Literal]]) -> set[tuple[str, str]]:
    _, report, _ = pyshacl.validate(graph_of(triples), shacl_graph=SHAPES, inference="none")
    return {
        (str(report.value(node, SHACL.focusNode)), str(report.value(node, SHACL.sourceShape)))
        for node in report.objects(None, SHACL.result)
    }


def record(types: list[str], facts: list[tuple[Iri, Iri, Iri | Literal]]) -> list[tuple[Iri, Iri, Iri | Literal]]:
    triples: list[tuple[Iri, Iri, Iri | Literal]] = [
        (RECORD, RDF_TYPE, Iri(DCAT + "CatalogRecord")),
        (RECORD, Iri(FOAF + "primaryTopic"), RESOURCE),
        (RUN, RDF_TYPE, Iri(SCHEMA + "CourseInstance")),
        *((RESOURCE, RDF_TYPE, Iri(SCHEMA + name)) for name in types),
        *facts,
    ]
    return list(dict.fromkeys(triples))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True), st.lists(FACT, max_size=14))
def test_screen_and_judge_find_what_pyshacl_finds(types: list[str], facts: list) -> None:  # type: ignore[type-arg]
    triples = record(types, facts)
    data = Data(triples)
    expected = pyshacl_results(triples)
    doubtful = SCREEN.doubtful(data)
    assert expected <= {(str(focus), shape.iri) for shape, focus in doubtful}, "the screen cleared a finding"
    verdicts = Judge(SHAPES).decide([(data, shape, focus) for shape, focus in doubtful])
    found = {
        (str(focus), result.shape)
        for (shape, focus), results in zip(doubtful, verdicts, strict=True)
        for result in results
    }
    assert found == expected


def test_every_value_on_every_property() -> None:
    """Each lexical form, datatype and IRI once on each property: the exhaustive twin of the random test."""
    terms = [Literal(value, kind) for value, kind in itertools.product(LEXICAL, DATATYPES)]
    terms += [text(value, "en") for value in LEXICAL] + [Iri(iri) for iri in IRIS]
    judge = Judge(SHAPES)
    wrong = []
    for shape in SCREEN.by_class[SCHEMA + "LearningResource"]:
        if not shape.local or shape.path is None:
            continue
        data, screened = {}, set()
        for number, term in enumerate(terms):
            focus = Iri(f"urn:{number}")
            data[focus] = Data([(focus, Iri(shape.path.predicates[0]), term)])
            if shape.conforms(data[focus], focus) is not True:
                screened.add(focus)
        verdicts = judge.decide([(one, shape, focus) for focus, one in data.items()])
        judged = {focus for focus, results in zip(data, verdicts, strict=True) if results}
        wrong += sorted((shape.iri, focus) for focus in judged - screened)
    assert not wrong


def test_a_verdict_is_remembered_by_its_values() -> None:
    judge = Judge(SHAPES)
    first, second = (Data([(Iri(f"urn:{n}"), RDF_TYPE, Iri(SCHEMA + "LearningResource"))]) for n in ("one", "two"))
    one = [(first, shape, focus) for shape, focus in SCREEN.doubtful(first) if shape.local]
    before = judge.decide(one)
    asked = len(judge._known)
    again = judge.decide([(second, shape, focus) for shape, focus in SCREEN.doubtful(second) if shape.local])
    assert before == again and len(judge._known) == asked > 5


def test_a_shape_that_cannot_be_screened_is_refused() -> None:
    graph = Graph().parse(
        data="@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> a sh:NodeShape ; sh:targetNode <urn:x> .",
        format="turtle",
    )
    with pytest.raises(ValueError, match="targetNode"):
        compile_screen(graph)


def test_language_tags_are_kept() -> None:
    data = Data([(Iri("urn:a"), Iri("urn:p"), Literal("x", RDF_LANG_STRING, "fr"))])
    assert graph_of(data.triples).serialize(format="nt").strip() == '<urn:a> <urn:p> "x"@fr .'


def test_an_ill_formed_date_is_a_finding_and_no_crash() -> None:
    event = Iri(f"{BASE}/id/resource/f/1")
    data = Data(
        [
            (event, RDF_TYPE, Iri(SCHEMA + "EducationEvent")),
            (event, Iri(SCHEMA + "startDate"), Literal("2024-05-32", XSD + "date")),
            (event, Iri(SCHEMA + "endDate"), Literal("2024-05-31", XSD + "date")),
        ]
    )
    verdicts = Judge(SHAPES).decide([(data, shape, focus) for shape, focus in SCREEN.doubtful(data)])
    assert "EV-start" in {result.shape.rpartition("#")[2] for results in verdicts for result in results}
