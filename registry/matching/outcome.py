"""What rules conclude, and the small questions that several of them ask of two records."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from registry.matching.compare import Facts
from registry.model import Evidence, MatchStatus, Relation


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of ``tables/rules.tsv``: what the rule concludes, how sure it is, its words for people."""

    code: str
    relation: Relation
    confidence: float
    status: MatchStatus
    justification: str
    words: dict[str, str]


def load_rules() -> dict[str, Rule]:
    """All rules by reason code."""
    lines = files("registry.matching").joinpath("tables/rules.tsv").read_text("utf-8").splitlines()
    rules: dict[str, Rule] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        words = {code: row[code] for code in ("en", "fr", "es")}
        relation, status = cast(Relation, row["relation"]), cast(MatchStatus, row["status"])
        rules[row["rule"]] = Rule(row["rule"], relation, float(row["confidence"]), status, row["justification"], words)
    return rules


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule found: its code, the source of the pair ("left", "right" or ""), the evidence, a score
    that orders pairs of one relation, and whether the evidence ties just these two (``strong``)."""

    rule: str
    source: str
    evidence: tuple[Evidence, ...]
    score: float = 0.0
    strong: bool = True


def like_titles(facts: Facts) -> bool:
    """Whether the titles name the same thing: no other word, part or level."""
    a, b = facts.titles
    above = (set(a.levels) ^ set(b.levels)) & {"advanced", "intermediate"}
    return facts.same_title and set(a.parts) == set(b.parts) and not above


def shown_key(key: str) -> str:
    """A key as people know it."""
    kind, _, value = key.partition(":")
    return {"doi": "https://doi.org/", "url": "https://", "iri": ""}.get(kind, kind + ":") + value


def older(facts: Facts, dates: Sequence[str] = ("published", "created", "modified")) -> str:
    """Which side is older by its stated ``dates``, "" when they do not tell."""
    for name in dates:
        a, b = getattr(facts.left, name)[:10], getattr(facts.right, name)[:10]
        length = min(len(a), len(b))
        if a and b and a[:length] != b[:length]:
            return "left" if a < b else "right"
    return ""


def days(date: str) -> int:
    """A date as a rough count of days, 0 when it is not a full date."""
    parts = date[:10].split("-")
    return sum(int(p) * d for p, d in zip(parts, (365, 30, 1), strict=True)) if len(parts) == 3 else 0


def pinned(facts: Facts) -> float:
    """A small deduction for each side that names only a fixed revision of a repository: the description
    of the repository itself goes before that of one of its editions."""
    sides = facts.left.repositories, facts.right.repositories
    return 0.1 * sum(bool(places) and all(ref for _, ref, _ in places) for places in sides)


def _words(name: str) -> list[str]:
    return [word for word in name.replace("_", "-").replace(".", "-").split("-") if word]


def repository_names(facts: Facts) -> Iterator[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """For one place in two repositories: both owners, and the words of both names."""
    for key, _, path in facts.left.repositories:
        for other, _, other_path in facts.right.repositories:
            if key != other and path == other_path:
                owner, _, name = key.rpartition("/")
                owner_b, _, name_b = other.rpartition("/")
                yield owner, owner_b, tuple(_words(name)), tuple(_words(name_b))
