"""Each shape against examples that keep and break it.

The header of an example says what it shows, which shape files it is checked with (``# shapes:``, else those of
a record) and every result it gives (``# expects: NAME Severity``).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, SH, Graph
from rdflib.collection import Collection
from rdflib.term import Node, URIRef

from registry.iris import SHAPES

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://registry.example.org/"
RECORD = ("learning-resource", "event", "record")
VALID = sorted((ROOT / "tests/shapes/valid").glob("*.ttl"))
INVALID = sorted((ROOT / "tests/shapes/invalid").glob("*.ttl"))

Result = tuple[str, str]


def header(file: Path, word: str) -> list[str]:
    start = f"# {word}:"
    return [row.removeprefix(start).strip() for row in file.read_text("utf-8").splitlines() if row.startswith(start)]


@cache
def shapes(names: tuple[str, ...]) -> Graph:
    graph = Graph()
    for name in names:
        graph.parse(ROOT / f"shapes/{name}.ttl", format="turtle", publicID=BASE)
    return graph


def files_of(file: Path) -> tuple[str, ...]:
    named = header(file, "shapes")
    return tuple(named[0].split()) if named else RECORD


def expected(file: Path) -> set[Result]:
    pairs = (row.split() for row in header(file, "expects"))
    return {(name, severity) for name, severity in pairs}


def read(file: Path) -> Graph:
    return Graph().parse(file, format="turtle", publicID=BASE)


def results(data: Graph, names: tuple[str, ...]) -> set[Result]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes(names))
    found = set()
    for result in report.objects(None, SH.result):
        name, severity = (str(report.value(result, slot)) for slot in (SH.sourceShape, SH.resultSeverity))
        found.add((name.removeprefix(SHAPES), severity.removeprefix(str(SH))))
    return found


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_a_broken_example_gives_exactly_its_results(file: Path) -> None:
    assert expected(file), "an invalid example names what it expects"
    assert results(read(file), files_of(file)) == expected(file)


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_sound_example_is_publishable(file: Path) -> None:
    found = results(read(file), files_of(file))
    assert found == expected(file)
    assert "Violation" not in {severity for _, severity in found}


def all_shapes() -> Graph:
    return shapes(tuple(sorted(file.stem for file in (ROOT / "shapes").glob("*.ttl"))))


def reporting(graph: Graph) -> set[URIRef]:
    return {URIRef(str(shape)) for shape in graph.subjects(SH.severity, None)}


def test_every_shape_has_a_broken_example() -> None:
    shown = {name for file in INVALID for name, _ in expected(file)}
    assert {str(shape).removeprefix(SHAPES) for shape in reporting(all_shapes())} == shown


def values(data: Graph, focus: Node, graph: Graph, path: Node) -> list[Node]:
    if isinstance(path, URIRef):
        return list(data.objects(focus, path))
    inverse = graph.value(path, SH.inversePath)
    if inverse is not None:
        return list(data.subjects(inverse, focus))
    alternatives = Collection(graph, graph.value(path, SH.alternativePath))
    return [value for one in alternatives for value in data.objects(focus, one)]


def test_every_shape_has_a_sound_example_with_a_value_to_check() -> None:
    """A shape that only ever meets absence would pass whatever it says."""
    graph, shown = all_shapes(), set()
    for file in VALID:
        data, own = read(file), shapes(files_of(file))
        for target in own.subject_objects(SH.targetClass):
            for focus in data.subjects(RDF.type, target[1]):
                shown.add(target[0])
                for shape in own.objects(target[0], SH.property):
                    path = own.value(shape, SH.path)
                    assert path is not None
                    if values(data, focus, own, path):
                        shown.add(shape)
    assert reporting(graph) - shown == set()


def test_severities_of_what_a_feed_can_cause() -> None:
    """Only these hold a record back; everything else that an academy sends is published with a note."""
    graph = shapes(("learning-resource", "event"))
    grave = {str(s).removeprefix(SHAPES) for s in graph.subjects(SH.severity, SH.Violation)}
    assert grave == {
        "LR-type", "LR-name", "LR-provider", "LR-record", "LR-url", "LR-language-value", "LR-duration",
        "LR-selfref", "EV-start", "EV-order", "EV-sametype", "CI-course",
    }  # fmt: skip


def test_one_resource_does_not_change_the_results_of_another() -> None:
    """Records are checked in batches; a batch must find what its records would find alone."""
    data, alone = Graph(), set()
    for number, file in enumerate([*VALID, *INVALID]):
        if files_of(file) != RECORD:
            continue
        one = Graph().parse(file, format="turtle", publicID=f"{BASE}{number}/")
        renamed = Graph()
        for triple in one:
            renamed.add(tuple(_rebase(term, number) for term in triple))  # type: ignore[arg-type]
        data += renamed
        alone |= expected(file)
    assert results(data, RECORD) == alone


def _rebase(term: Node, number: int) -> Node:
    """Our concepts back to the one base that the shapes know; all else keeps the example's own."""
    return (
        URIRef(term.replace(f"{BASE}{number}/id/concept/", f"{BASE}id/concept/")) if isinstance(term, URIRef) else term
    )
