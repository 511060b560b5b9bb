"""The shapes as files: only what the record check can compile, and words that people can act on."""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.term import Node

from registry import relations, vocabulary
from registry.iris import SHAPES

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://registry.example.org"
FILES = sorted((ROOT / "shapes").glob("*.ttl"))
RECORD = [ROOT / "shapes" / f"{name}.ttl" for name in ("learning-resource", "event", "record")]
LANGUAGES = {"en", "fr", "es"}

COMPILED = {
    "minCount", "maxCount", "datatype", "nodeKind", "pattern", "flags", "in", "minLength", "maxLength", "uniqueLang",
    "languageIn", "hasValue", "or", "not", "and", "disjoint", "lessThanOrEquals",
}  # fmt: skip
CORE = COMPILED | {"class", "minInclusive", "maxInclusive", "qualifiedValueShape", "qualifiedMinCount"}
FRAME = {
    "targetClass",
    "property",
    "path",
    "severity",
    "message",
    "name",
    "description",
    "inversePath",
    "alternativePath",
}
INSIDE = re.compile(r"\b(RDF|SHACL|IRI|URI|SKOS|triple|shape|graph|SPARQL|literal|node|predicate|datatype)s?\b", re.I)


@cache
def parse(*files: Path) -> Graph:
    graph = Graph()
    for file in files:
        graph.parse(file, format="turtle", publicID=f"{BASE}/")
    return graph


def words(graph: Graph, subject: Node, name: URIRef) -> dict[str, str]:
    found = [label for label in graph.objects(subject, name) if isinstance(label, RdfLiteral)]
    assert len(found) == len({label.language for label in found}), f"{subject}: {name} twice in a language"
    return {label.language or "": str(label) for label in found}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_two_parsers_read_the_same(file: Path) -> None:
    quads = ox.parse(path=str(file), base_iri=f"{BASE}/")
    rows = b"".join(ox.serialize([quad.triple], format=ox.RdfFormat.N_TRIPLES) or b"" for quad in quads)
    assert isomorphic(parse(file), Graph().parse(data=rows, format="nt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_only_core_terms(file: Path) -> None:
    graph = parse(file)
    used = {str(p).removeprefix(str(SH)) for p in graph.predicates() if str(p).startswith(str(SH))}
    assert used <= FRAME | (COMPILED if file in RECORD else CORE)
    assert {p for p in graph.predicates() if not str(p).startswith(str(SH))} <= {RDF.type, RDF.first, RDF.rest}


def test_every_shape_has_its_own_iri() -> None:
    graph = parse(*FILES)
    for kind in (SH.NodeShape, SH.PropertyShape):
        assert all(isinstance(s, URIRef) and s.startswith(SHAPES) for s in graph.subjects(RDF.type, kind))
    nested = {o for p in (SH.property, SH["not"]) for o in graph.objects(None, p)}
    for p in (SH["or"], SH["and"]):
        for members in graph.objects(None, p):
            nested |= set(Collection(graph, members))
    assert nested and not any(isinstance(node, BNode) for node in nested)
    for shape in nested:
        assert set(graph.objects(shape, RDF.type)) & {SH.NodeShape, SH.PropertyShape}, f"{shape} is not defined"


def test_a_shape_is_written_once() -> None:
    seen: dict[Node, Path] = {}
    for file in FILES:
        for subject in parse(file).subjects(RDF.type, None):
            assert subject not in seen, f"{subject} stands in {seen.get(subject)} and {file}"
            seen[subject] = file


def test_paths_are_of_the_three_kinds() -> None:
    graph = parse(*FILES)
    for shape, path in graph.subject_objects(SH.path):
        if isinstance(path, URIRef):
            continue
        ((kind, value),) = graph.predicate_objects(path)
        assert kind in (SH.inversePath, SH.alternativePath), shape
        steps = Collection(graph, value) if kind == SH.alternativePath else [value]
        assert all(isinstance(step, URIRef) for step in steps)


def test_each_reporting_shape_speaks_three_languages() -> None:
    graph = parse(*FILES)
    for shape in graph.subjects(SH.severity, None):
        assert graph.value(shape, SH.severity) in (SH.Violation, SH.Warning, SH.Info)
        for name in (SH.name, SH.message, SH.description):
            said = words(graph, shape, name)
            assert set(said) == LANGUAGES, f"{shape} {name}"
            for language, text in said.items():
                assert text.strip() == text and not INSIDE.search(text), f"{shape} {language}: {text}"
                assert name == SH.name or text[-1] in ".…", f"{shape} {language}: {text}"
                assert len(text) <= 200


def test_each_shape_with_a_constraint_reports_or_serves_another() -> None:
    """A property shape without a severity would be a violation with an engine's own message."""
    graph = parse(*FILES)
    targeted = set(graph.objects(None, SH.property)) | {
        s for s in graph.subjects(SH["or"], None) if (s, SH.targetClass, None) in graph
    }
    assert targeted and all((shape, SH.severity, None) in graph for shape in targeted)


def test_paths_and_values_name_schema_org_by_http_only() -> None:
    for file in FILES:
        assert "https://schema.org" not in file.read_text("utf-8")


def in_list(graph: Graph, shape: str) -> set[str]:
    members = graph.value(URIRef(SHAPES + shape), SH["in"])
    assert members is not None
    return {str(member) for member in Collection(graph, members)}


@pytest.mark.parametrize(
    ("shape", "scheme"),
    [
        ("LR-lrt-value", "resource-type"), ("LR-level-value", "level"), ("LR-audience-value", "audience"),
        ("LR-courseMode-value", "modality"), ("LR-conditionsOfAccess-value", "access"),
        ("REC-status", "record-status"), ("M-status", "match-status"),
    ],
)  # fmt: skip
def test_a_list_of_values_is_its_scheme(shape: str, scheme: str) -> None:
    concepts = {c for c in vocabulary.labels(ROOT / "ontology", BASE) if vocabulary.scheme_of(c) == scheme}
    assert in_list(parse(*FILES), shape) == concepts


def pattern(graph: Graph, shape: str) -> re.Pattern[str]:
    name = URIRef(SHAPES + shape)
    flags = re.I if str(graph.value(name, SH.flags, default="")) == "i" else 0
    return re.compile(str(graph.value(name, SH.pattern)), flags)


SUBJECTS = {one.id for one in vocabulary.of_role(vocabulary.schemes(ROOT / "ontology", BASE), "subject")}


def test_subjects_are_those_of_the_schemes_and_no_others() -> None:
    matches = pattern(parse(*FILES), "LR-about-value").search
    concepts = vocabulary.labels(ROOT / "ontology", BASE)
    subjects = {c for c in concepts if vocabulary.scheme_of(c) in SUBJECTS}
    assert len(subjects) == 58 + 21 + 26 + 15 + 8 + 6 + 297 and all(map(matches, subjects))
    assert not any(map(matches, set(concepts) - subjects))
    kinds_of = {"gsbpm": ("ph-", "sp-"), "gamso": ("area-", "act-")}
    for scheme in SUBJECTS - {"topics"}:
        for kind in kinds_of.get(scheme, ("",)):
            for number in [str(n) for n in range(12)] + [f"{n}.{m}" for n in range(12) for m in range(24)]:
                iri = f"{BASE}/id/concept/{scheme}/{kind}{number}"
                assert bool(matches(iri)) == (iri in subjects), iri
    assert matches("http://data.europa.eu/snb/isced-f/0542") and not matches(
        "http://data.europa.eu/snb/isced-f/statistics"
    )


def test_licences_are_spdx_or_of_the_scheme() -> None:
    matches = pattern(parse(*FILES), "LR-license-kind").search
    concepts = vocabulary.labels(ROOT / "ontology", BASE)
    assert {c for c in concepts if matches(c)} == {c for c in concepts if vocabulary.scheme_of(c) == "licence"}
    assert matches("http://spdx.org/licenses/CC-BY-SA-3.0-IGO") and not matches("https://spdx.org/licenses/MIT")


@pytest.mark.parametrize(
    "tag", ["en", "pt-BR", "zh-Hant-TW", "es-419", "fil", "sr-Latn", "de-CH-1996", "en-x-plain", "FR"]
)
def test_language_tags(tag: str) -> None:
    assert pattern(parse(*FILES), "LR-language-value").search(tag)


@pytest.mark.parametrize("value", ["English", "fr_CA", "none", "", "e", "en-", "en fr", "en,fr", "français", "12"])
def test_not_language_tags(value: str) -> None:
    assert not pattern(parse(*FILES), "LR-language-value").search(value)


@pytest.mark.parametrize("value", ["PT4H", "P3D", "P21D", "P1Y2M3DT4H5M6.5S", "PT90M", "P0D", "P2DT30M"])
def test_durations(value: str) -> None:
    assert pattern(parse(*FILES), "LR-duration").search(value)


@pytest.mark.parametrize("value", ["P", "PT", "P1DT", "P3W", "4 hours", "-P3D", "P1M2Y", "PT1D", "p3d", "P1.5D", ""])
def test_not_durations(value: str) -> None:
    assert not pattern(parse(*FILES), "LR-duration").search(value)


@pytest.mark.parametrize(
    "value", ["<p>x", "a<br/>b", 'x <a href="y">', "fish &amp; chips", "a&nbsp;b", "&#160;", "&#xA0;", "</DIV>"]
)
def test_markup(value: str) -> None:
    assert pattern(parse(*FILES), "with-markup").search(value)


@pytest.mark.parametrize(
    "value", ["a < b and b > c", "R&D; AT&T", "x <- 3", "<https://example.org>", "List<String>", "a & b;"]
)
def test_not_markup(value: str) -> None:
    assert not pattern(parse(*FILES), "with-markup").search(value)


def test_relations_and_reasons_of_matching_are_in_the_shapes_lists() -> None:
    graph = parse(*FILES)
    predicates = in_list(graph, "M-predicate")
    assert {str(kind.predicate) for kind in relations.load().values()} == predicates
    text = (ROOT / "registry/matching/tables/rules.tsv").read_text("utf-8")
    used = {row["justification"] for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)}
    assert used <= {iri.replace("#", "/").rsplit("/", 1)[-1] for iri in in_list(graph, "M-justification")}


def test_the_documented_checks_are_those_of_the_shapes() -> None:
    page = (ROOT / "docs/profile.md").read_text("utf-8").split("## Checks", 1)[1]
    documented = {}
    for row in re.findall(r"^\| (.*) \| (violation|warning|info) \|$", page, re.M):
        documented |= dict.fromkeys(row[0].split(", "), row[1])
    graph = parse(*FILES)
    severities = {
        str(s).removeprefix(SHAPES): str(o).removeprefix(str(SH)).lower()
        for s, o in graph.subject_objects(SH.severity)
    }
    assert documented == severities


def test_the_documented_schemes_are_those_of_the_files() -> None:
    page = (ROOT / "docs/profile.md").read_text("utf-8").split("## Concept schemes", 1)[1].split("## ", 1)[0]
    documented = {name: int(count) for name, count in re.findall(r"^\| ([a-z-]+) \| (\d+) \|", page, re.M)}
    counted = Counter(vocabulary.scheme_of(c) for c in vocabulary.labels(ROOT / "ontology", BASE))
    assert documented == counted
