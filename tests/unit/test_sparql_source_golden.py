"""An endpoint over a recorded store → the expected graph and issues, the same bytes each time; real catalogues.

After a wanted change: ``python -m tests.unit.test_sparql_source_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from registry.crosswalk import load
from registry.model import Document, Done, RawRecord, Unchanged
from tests.support.rdf_feeds import context, mapped
from tests.support.sparql_store import Store, codes, done, keys, payloads, visit

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "sparql"


def recorded() -> ox.Store:
    """The store that the endpoint answers from."""
    made = ox.Store()
    made.load((GOLDEN / "store" / "training.ttl").read_bytes(), ox.RdfFormat.TURTLE)
    return made


def test_expected_graph_and_issues() -> None:
    graph, issues = mapped(visit(Store(recorded())))
    assert graph == (GOLDEN / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / "issues.tsv").read_text("utf-8")


def test_twice_gives_the_same_bytes_and_then_nothing() -> None:
    first, second = visit(Store(recorded())), visit(Store(recorded()))
    assert payloads(first) == payloads(second) and sorted(payloads(first)) == ["course-r", "handbook"]
    again = visit(Store(recorded()), before=first)
    assert not [one for one in again if isinstance(one, Document | RawRecord)]
    assert any(isinstance(one, Unchanged) for one in again) and isinstance(again[-1], Done)


def test_addresses_of_persons_are_not_kept() -> None:
    assert all(
        "office@" not in text and "r@office" not in text for text in payloads(visit(Store(recorded()))).values()
    )


def test_real_catalogues(shared: Path) -> None:
    """What stands in a file of DCAT-AP's own examples is found by way of an endpoint too."""
    listed = read = 0
    for file in sorted((shared / "data" / "dcat").rglob("*.ttl")):
        data = ox.Store()
        try:
            data.load(file.read_bytes(), ox.RdfFormat.TURTLE, base_iri="http://catalogue.example/")
        except SyntaxError:
            continue  # such files are the concern of the tests of RDF
        expected = {
            str(row["s"].value) for row in data.query("SELECT DISTINCT ?s { ?s a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> ?t FILTER(isIRI(?s)) }")  # type: ignore[union-attr]
        }  # fmt: skip
        events = visit(Store(data))
        records = [one for one in events if isinstance(one, RawRecord)]
        assert expected <= {one.key for one in records}
        assert done(events).complete and not any(one.broken for one in records)
        for one in records:
            load(one.format)(one, context())
        listed, read = listed + len(expected), read + len(keys(events))
        assert set(codes(events)) <= {"sparql-nothing", "sparql-nameless"}
    assert read >= listed >= 30


if __name__ == "__main__":
    graph, issues = mapped(visit(Store(recorded())))
    (GOLDEN / "expected.nt").write_text(graph, "utf-8")
    (GOLDEN / "issues.tsv").write_text(issues, "utf-8")
