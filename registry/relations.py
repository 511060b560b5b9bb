"""The kinds of relation between two resources: their predicates and the words the public sees.

One table (``tables/relations.tsv``); the words are those of ``docs/words.md``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from registry.model import Match, Relation
from registry.terms import Iri, Triple


@dataclass(frozen=True, slots=True)
class Kind:
    """One relation: its predicate, whether it points from the later to the source, its words."""

    relation: Relation
    predicate: Iri
    directed: bool
    same_work: bool
    words: dict[str, str]


def load() -> dict[Relation, Kind]:
    """All relations, in the order of the table."""
    lines = files("registry.tables").joinpath("relations.tsv").read_text("utf-8").splitlines()
    kinds: dict[Relation, Kind] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        relation = cast(Relation, row["relation"])
        words = {language: row[language] for language in ("en", "fr", "es")}
        directed, same = row["direction"] == "to-source", row["part_of_work"] == "yes"
        kinds[relation] = Kind(relation, Iri(row["predicate"]), directed, same, words)
    return kinds


def statement(match: Match, kinds: dict[Relation, Kind]) -> Triple:
    """The triple that a match asserts: to the source where one is known, else from the smaller IRI."""
    kind = kinds[match.relation]
    subject, target = match.left, match.right
    if kind.directed and match.source == match.left:
        subject, target = match.right, match.left
    return Iri(subject), kind.predicate, Iri(target)
