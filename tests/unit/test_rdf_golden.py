"""Recorded catalogues in RDF → the expected graph and issues, the same bytes each time.

After a wanted change: ``python -m tests.unit.test_rdf_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.crosswalk import load
from registry.model import Document, Done, HarvestEvent, RawRecord, Unchanged
from registry.terms import to_ntriples
from tests.support.rdf_feeds import SITE, Answer, context, mapped, visit

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def answers(name: str) -> dict[str, Answer]:
    """What the recorded feed's addresses give."""
    feed = GOLDEN / name / "feed"
    if name == "rdf":
        return {SITE: Answer((feed / "courses.jsonld").read_bytes(), "application/ld+json")}
    return {
        SITE: Answer((feed / "page1.ttl").read_bytes()),
        SITE + "?page=2": Answer((feed / "page2.jsonld").read_bytes(), "application/ld+json"),
        SITE + "three": Answer((feed / "three.rdf").read_bytes(), "application/rdf+xml"),
    }


def oai() -> tuple[str, str]:
    """The record as TeSS serves it in OAI-PMH: graph and issues."""
    payload = (GOLDEN / "rdf" / "oai-record.xml").read_bytes()
    address = "http://hub.example/oai?verb=GetRecord&metadataPrefix=rdf&identifier=oai:hub.example:material-8"
    result = load("rdf")(
        RawRecord("oai:hub.example:material-8", payload, "application/xml", "rdf", address), context()
    )
    rows = "".join(f"{one.code}\t{one.place}\t{one.value}\n" for one in result.issues)
    return to_ntriples(triple[:3] for triple in result.triples), rows


@pytest.mark.parametrize("name", ["dcat", "rdf"])
def test_expected_graph_and_issues(name: str) -> None:
    graph, issues = mapped(visit(answers(name)))
    assert graph == (GOLDEN / name / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / name / "issues.tsv").read_text("utf-8")


def test_a_record_of_oai_pmh() -> None:
    graph, issues = oai()
    assert graph == (GOLDEN / "rdf" / "oai-expected.nt").read_text("utf-8")
    assert issues == ""


@pytest.mark.parametrize("name", ["dcat", "rdf"])
def test_twice_gives_the_same_bytes_and_then_nothing(name: str) -> None:
    first, second = visit(answers(name)), visit(answers(name))

    def payloads(events: list[HarvestEvent]) -> list[tuple[str, bytes]]:
        return [(one.key, one.payload) for one in events if isinstance(one, RawRecord)]

    assert payloads(first) == payloads(second) and len(payloads(first)) == (5 if name == "dcat" else 2)
    again = visit(answers(name), before=first)
    assert [type(one) for one in again if isinstance(one, Document | RawRecord)] == []
    assert len([one for one in again if isinstance(one, Unchanged)]) == (3 if name == "dcat" else 1)
    assert isinstance(again[-1], Done)


if __name__ == "__main__":
    for name in ("dcat", "rdf"):
        graph, issues = mapped(visit(answers(name)))
        (GOLDEN / name / "expected.nt").write_text(graph, "utf-8")
        (GOLDEN / name / "issues.tsv").write_text(issues, "utf-8")
    (GOLDEN / "rdf" / "oai-expected.nt").write_text(oai()[0], "utf-8")
    print(oai()[1])
