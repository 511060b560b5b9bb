"""Changes as the log would hold them, built from plain metadata for the evaluations of matching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.iris import DCAT, FOAF, RDF_TYPE, SCHEMA, Iris
from registry.model import Change, Match
from registry.terms import Iri, Literal, Term, Triple, is_iri, text, to_ntriples

IRIS = Iris("https://registry.example")


def change(
    feed: str, key: str, values: Mapping[str, Sequence[Term]], authors: Sequence[str] = (), sequence: int = 1
) -> Change:
    """A record's change; ``values`` by schema.org name or full IRI."""
    record, resource = IRIS.record(feed, key), IRIS.resource(feed, key)
    triples: list[Triple] = [
        (record, Iri(FOAF + "primaryTopic"), resource),
        (resource, RDF_TYPE, Iri(SCHEMA + "LearningResource")),
        (resource, RDF_TYPE, Iri(DCAT + "Resource")),
    ]
    for name, terms in values.items():
        triples += [(resource, Iri(name if ":" in name else SCHEMA + name), term) for term in terms]
    for number, author in enumerate(authors, 1):
        agent = Iri(f"{resource}/agent/{number}")
        triples += [(resource, Iri(SCHEMA + "author"), agent), (agent, Iri(SCHEMA + "name"), Literal(author))]
    return Change(sequence, "2026-01-01T00:00:00Z", "record", record, "source", feed, key, stated=to_ntriples(triples))


def links(values: Sequence[str]) -> list[Term]:
    """The addresses among some values."""
    return [Iri(value) for value in values if is_iri(value)]


def strings(*values: str) -> list[Term]:
    """The values that are not empty, as plain strings."""
    return [Literal(value) for value in values if value]


def names(title: str, language: str) -> list[Term]:
    """A title in its language, none for an empty one."""
    return [text(title, language or "und")] if title.strip() else []


@dataclass
class Score:
    """What became of the expected pairs: (relation, outcome) counts and the rows to print."""

    counts: Counter[tuple[str, str]]
    lines: list[str]

    @staticmethod
    def empty() -> Score:
        return Score(Counter(), [])

    def add(self, relation: str, outcome: str, line: str) -> None:
        self.counts[relation, outcome] += 1
        self.lines.append(f"  {outcome:<9} {relation:<12} {line}")

    def show(self) -> None:
        print("\n".join(sorted(self.lines)))
        for relation in sorted({relation for relation, _ in self.counts}):
            parts = {outcome: n for (name, outcome), n in self.counts.items() if name == relation}
            print(f"  {relation}: " + ", ".join(f"{outcome} {n}" for outcome, n in sorted(parts.items())))


def by_pair(matches: Sequence[Match]) -> dict[tuple[str, str], Match]:
    """Matches by their pair of resources."""
    return {(found.left, found.right): found for found in matches}
