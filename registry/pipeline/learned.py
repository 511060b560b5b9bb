"""Learning from decisions: a draft of a model, what it would change, its use, and the way back.

A draft changes nothing that is public. What it would change is found on a copy of the working file; it becomes public
with the publication after ``use``, and so does going back.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from registry.ledger import decisions, models, reviews, utc_now
from registry.matching import MatchModel, from_parts
from registry.matching.difference import Difference, Moved, between
from registry.matching.learn import Said
from registry.matching.matcher import FILE
from registry.matching.proven import alike
from registry.model import Decision, Level
from registry.pipeline import matched, publisher
from registry.pipeline.house import House
from registry.pipeline.reviewing import Desk, desk
from registry.report.data import safe_cell

OPERATOR = "operator"
LEVELS: tuple[Level, ...] = ("work", "cluster")
CHANGES = "changes"
"""The part of a model that holds what it changes, as TSV."""
MOST_LINES = 20_000
"""Pairs that the table of changes names; all are counted."""
EXAMPLES = 20
"""Pairs that the report names for each kind of change and relation."""
MEMBERS = 20
"""Merged and split works that the report names."""
COLUMNS = (
    "change", "left", "right", "left_title", "right_title", "relation_before", "relation_after", "source_before",
    "source_after", "status_before", "status_after", "rule_before", "rule_after", "confidence_before",
    "confidence_after",
)  # fmt: skip
Pair = tuple[str, str]


class CannotLearn(Exception):
    """Something that cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A draft: its version, and its report (docs/matching.md, "Learning"). ``same_as`` is the version in use where
    nothing else was learnt: then no draft was saved."""

    version: str
    report: Mapping[str, Any]
    same_as: str = ""


def train(house: House, *, by: str = OPERATOR, unlabelled: bool = False) -> Trained:
    """Make a draft from the records and decisions of the ledger, and find what it would change.

    Raises CannotLearn where there is nothing to learn from.
    """
    connection = house.connection
    if by == matched.AUTOMATIC:
        raise CannotLearn(f"{by} is the name of models that nobody trained: say who trains this one")
    with publisher.locked(house.settings.data):
        now = utc_now()
        with matched.open_matcher(house) as matcher:
            until = matched.catch_up(house, matcher, now)
            labels, told = said(house)
            if not labels and not unlabelled:
                raise CannotLearn(
                    "nothing to learn from yet: there is no pair on which people agree (see: review next). Without"
                    " answers only the weights can be estimated: --unlabelled"
                )
            learnt = matcher.learn(labels, unlabelled=unlabelled)
            current, used = matcher.model, str(models.current(connection))
        if current is not None and current.version == learnt.model.version:
            return Trained("", {"decisions": told, "learnt": learnt.report}, used)
        report, table = _changes(house, learnt.model, until)
        report |= {"against": used, "sequence": until, "decisions": told, "learnt": learnt.report}
        parts = {**learnt.model.parts(), CHANGES: table.encode()}
        version = models.save(connection, parts, report, time=now, by=by)
    return Trained(version, report)


def said(house: House) -> tuple[list[Said], dict[str, int]]:
    """What people agree on, pair by pair, and what was passed over: {"pairs", "unsure", "discussed", "random"}.

    Reviewers and academies are heard alike; where they differ nothing is learnt. The pairs of a family that were
    decided at once share one answer. A pair of the random sample stands for its share of its stratum.
    """
    connection = house.connection
    spoken: dict[Pair, list[Decision]] = defaultdict(list)
    for one in decisions.in_force(connection):
        spoken[one.left, one.right].append(one)
    given = {one.id: (one.left, one.right) for one in decisions.standing(connection)}
    counts = Counter({"pairs": 0, "unsure": 0, "discussed": 0, "random": 0})
    agreed: list[tuple[Pair, list[Decision]]] = []
    for pair, voices in sorted(spoken.items()):
        sure = [one for one in voices if one.verdict != "unsure"]
        if len({alike(_meant(one)) for one in sure}) == 1:
            agreed.append((pair, sure))
            counts["pairs"] += 1
        else:
            counts["discussed" if sure else "unsure"] += 1
    drawn = reviews.drawn(connection)
    strata = Counter(drawn[given[one.id]].stratum for _, some in agreed for one in some[:1] if given[one.id] in drawn)
    population: dict[str, int] = {}
    for sample in drawn.values():
        population[sample.stratum] = max(sample.population, population.get(sample.stratum, 0))
    families = _families(house)
    sizes = Counter(families[given[one.id]] for _, some in agreed for one in some[:1] if given[one.id] in families)
    found = []
    for (left, right), some in agreed:
        pair = given[some[0].id]
        stratum = drawn[pair].stratum if pair in drawn else ""
        stands = population[stratum] / strata[stratum] if stratum else 0.0
        counts["random"] += bool(stratum)
        worth = 1 / sizes[families[pair]] if pair in families else 1.0
        found.append(Said(left, right, _meant(some[0]), worth, stands))
    return found, dict(counts)


def _meant(one: Decision) -> Any:
    return "different" if one.verdict == "reject" else one.relation


def _families(house: House) -> dict[Pair, tuple[str, int]]:
    """Which item of which batch the pairs of families came with."""
    return {
        (one.left, one.right): (one.batch, one.position)
        for batch in reviews.batches(house.connection)
        for one in batch.pairs
        if one.part
    }


def _changes(house: House, model: MatchModel, until: int) -> tuple[dict[str, Any], str]:
    """What a model would change, as a report and as a table: matched on a copy of the working file."""
    here, copy = house.settings.data / "matching", house.settings.data / "matching-draft"
    shutil.rmtree(copy, ignore_errors=True)
    try:
        copy.mkdir()
        shutil.copyfile(here / FILE, copy / FILE)
        with matched.matcher_in(house, copy, model) as draft:
            matched.carry(house, draft, until)
        with between(here, copy) as difference:
            return _told(house, difference)
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _told(house: House, difference: Difference) -> tuple[dict[str, Any], str]:
    at = desk(house)
    examples: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    lines, total = io.StringIO(), 0
    writer = csv.writer(lines, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(COLUMNS)
    for one in difference.pairs(MOST_LINES):
        row = _row(at, one)
        writer.writerow([safe_cell(row[name]) for name in COLUMNS])
        named = examples[one.kind, one.before.relation, one.after.relation]
        total += 1
        if len(named) < EXAMPLES:
            named.append(row)
    counts = difference.counts()
    report = {
        "edges": {**difference.totals(), **{kind: counts.get(kind, {}) for kind in _KINDS}},
        "works": {level: asdict(difference.works(level)) for level in LEVELS},
        "merged": [_titles(at, members) for members in difference.merged("work", MEMBERS)],
        "split": [_titles(at, members) for members in difference.split("work", MEMBERS)],
        "examples": [row for rows in examples.values() for row in rows],
        "listed": total,
    }
    return report, lines.getvalue()


_KINDS = ("gained", "lost", "retyped", "turned", "standing")


def _row(at: Desk, one: Moved) -> dict[str, Any]:
    row: dict[str, Any] = {
        "change": one.kind, "left": one.left, "right": one.right,
        "left_title": _title(at, one.left), "right_title": _title(at, one.right),
    }  # fmt: skip
    for name, side in (("before", one.before), ("after", one.after)):
        row |= {f"{key}_{name}": value for key, value in asdict(side).items()}
    return row


def _title(at: Desk, resource: str) -> str:
    """A title on one line, of the card's first language; "" for what is published no more."""
    card = at.card(resource)
    title = next(iter(card.titles.values()), "") if card else ""
    return " ".join(title.split())[:200]


def _titles(at: Desk, members: Sequence[str]) -> list[str]:
    return [_title(at, one) or one for one in members]


def listed(house: House) -> list[dict[str, Any]]:
    """All models, oldest first, with what their training counted."""
    found = []
    for one in models.listed(house.connection):
        learnt, edges = one.report.get("learnt", {}), one.report.get("edges", {})
        moved = {kind: sum(edges.get(kind, {}).values()) for kind in ("gained", "lost", "retyped")}
        found.append({
            "version": one.version, "time": one.time, "by": one.by, "state": one.state, "used": one.used,
            "trained": bool(learnt), "answers": learnt.get("answers", {}).get("usable", 0),
            "chances": "error" in learnt.get("chances", {}), "against": one.report.get("against", ""), **moved,
        })  # fmt: skip
    return found


def report_of(house: House, version: str) -> models.Listed:
    """A model as it is listed, with its report. Raises CannotLearn for one that there is not."""
    found = next((one for one in models.listed(house.connection) if one.version == version), None)
    if found is None:
        raise CannotLearn(_unknown(house, version))
    return found


def table_of(house: House, version: str) -> str:
    """What a draft changes, as TSV. Raises CannotLearn for a model that has no such table."""
    report_of(house, version)
    kept = models.load(house.connection, version)
    if kept is None or CHANGES not in kept.parts:
        raise CannotLearn(f"{version} was not trained: nobody asked what it changes")
    return kept.parts[CHANGES].decode()


def use(house: House, version: str, *, by: str = OPERATOR) -> int | None:
    """Take a draft, or an earlier model, into use: the next publication matches with it. The change's sequence, None
    where it is in use already. Raises CannotLearn for a model that there is not, or that cannot be used any more."""
    try:
        kept = models.load(house.connection, version)
    except LookupError as error:
        raise CannotLearn(_unknown(house, version)) from error
    assert kept is not None
    try:
        from_parts(kept.parts)
    except (ValueError, KeyError) as error:
        raise CannotLearn(f"{version} was made by another version of matching and cannot be used: {error}") from error
    return models.use(house.connection, version, time=utc_now(), by=by)


def _unknown(house: House, version: str) -> str:
    known = ", ".join(one.version for one in models.listed(house.connection)) or "none yet"
    return f"there is no model {version[:50]!r}; there are: {known}"
