"""Scores of one system on one labelled set, and of the product in detail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.labelled import SAME_WORK, Labelled, languages
from benchmarks.metrics import (
    NOTHING,
    Counts,
    Pair,
    bcubed,
    components,
    count,
    f1_interval,
    macro_f1,
    pair,
    together,
    typed,
    units_of,
)
from registry.model import Match, Work

DIRECTED = frozenset({"version", "translation", "derivative", "part"})


@dataclass(frozen=True, slots=True)
class Row:
    """One system on one set. ``same`` counts pairs said to be one work; ``macro`` needs relations."""

    system: str
    same: Counts
    low: float
    high: float
    b3: tuple[float, float, float]
    macro: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Detail:
    """The product on one set, by relation and language pair, with its misses by name. ``rules`` counts, for each rule
    that concluded on labelled pairs, right and wrong relations; ``unread`` are the rules accepted without a person."""

    relations: dict[str, tuple[Counts, float, float]]
    language_pairs: dict[str, tuple[Counts, float, float]]
    confusion: dict[tuple[str, str], int]
    misses: tuple[str, ...]
    accepted_copies: Counts
    accepted_unlabelled: int
    together: dict[str, tuple[str, ...]]
    direction: tuple[int, int]
    turned: tuple[str, ...]
    matches: dict[str, int] = field(default_factory=dict)
    rules: dict[str, Counts] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def sides_of(labelled: Labelled) -> dict[str, int]:
    """For a set of two sides, the side of each resource; {} for others."""
    if labelled.sides is None:
        return {}
    return {
        resource: labelled.sides.index(change.feed)
        for change, resource in zip(labelled.records, languages(labelled.records), strict=True)
    }


def judged(labelled: Labelled, said: Mapping[Pair, str]) -> dict[Pair, str]:
    """What can be scored of what a system said: all pairs, those across the sides, or the labelled ones."""
    if not labelled.complete:
        known = labelled.by_pair()
        return {which: relation for which, relation in said.items() if which in known}
    side = sides_of(labelled)
    return {which: r for which, r in said.items() if not side or side[which[0]] != side[which[1]]}


def clusters_of(works: Iterable[Work], level: str) -> dict[str, str]:
    """Each member of a work of one level with its id."""
    return {member: work.id for work in works if work.level == level for member in work.members}


def row(
    system: str,
    labelled: Labelled,
    said: Mapping[Pair, str],
    seconds: float,
    clusters: Mapping[str, str] | None = None,
) -> Row:
    """Score a system: ``said`` is its relation for each pair that it relates; without ``clusters`` its pairs chain."""
    known = labelled.by_pair()
    scored = judged(labelled, said)
    same = {which for which, relation in scored.items() if relation in SAME_WORK}
    true = {which for which, relation in known.items() if relation in SAME_WORK}
    units = units_of(same, true, () if labelled.complete else known)
    members = (
        sorted({end for which in known for end in which}) if not labelled.complete else languages(labelled.records)
    )
    found = clusters
    if found is None:
        found = components(sorted(which for which, relation in said.items() if relation in SAME_WORK))
    macro = macro_f1(typed(scored, known, labelled.apart), known.values()) if labelled.typed else None
    low, high = f1_interval(units)
    b3 = bcubed(found, components(sorted(true)), members)
    return Row(system, count(same, true), low, high, b3, macro, seconds)


def _restricted(
    counts: Counts, said: Mapping[Pair, str], known: Mapping[Pair, str], relation: str
) -> tuple[Counts, float, float]:
    found = {which for which, answer in said.items() if answer == relation and which in known}
    true = {which for which, label in known.items() if label == relation}
    return counts, *f1_interval(units_of(found, true, known))


def by_relation(labelled: Labelled, said: Mapping[Pair, str]) -> dict[str, tuple[Counts, float, float]]:
    """Counts by relation over the labelled pairs, with the interval of F1."""
    known = labelled.by_pair()
    lenient = {
        which: "different" if known.get(which) == "different" and answer in labelled.apart else answer
        for which, answer in {**dict.fromkeys(known, "different"), **said}.items()
        if which in known
    }
    counts = typed(said, known, labelled.apart)
    return {name: _restricted(counts[name], lenient, known, name) for name in sorted(counts)}


def by_language(labelled: Labelled, said: Mapping[Pair, str]) -> dict[str, tuple[Counts, float, float]]:
    """Counts of the right relation (not "different") by the languages of the two ends."""
    known, spoken = labelled.by_pair(), languages(labelled.records)
    groups: dict[str, list[Pair]] = defaultdict(list)
    for which in known:
        groups["–".join(sorted(spoken[end] or "none" for end in which))].append(which)
    scores = {}
    for name, pairs in sorted(groups.items()):
        units: dict[str, Counts] = defaultdict(Counts)
        home = components(sorted(pairs))
        for which in pairs:
            answer, label = said.get(which, NOTHING), known[which]
            related = label != "different"
            claims = answer not in labelled.apart
            right = related and answer == label
            wrong = not right and claims
            units[home[which[0]]] += Counts(right, wrong, related and not right)
        scores[name] = (sum(units.values(), Counts()), *f1_interval([units[key] for key in sorted(units)]))
    return scores


def detail(labelled: Labelled, matches: Sequence[Match], works: Sequence[Work]) -> Detail:
    """Everything of the product's own answer on a set with relations."""
    standing = [match for match in matches if match.status != "rejected"]
    known, said = labelled.by_pair(), {pair(m.left, m.right): m.relation for m in standing}
    rules = {pair(m.left, m.right): m.rule for m in standing}
    confusion: Counter[tuple[str, str]] = Counter()
    misses = []
    for label in labelled.labels:
        answer = said.get(label.pair, NOTHING)
        confusion[label.relation, answer] += 1
        if not (answer in labelled.apart if label.relation == "different" else answer == label.relation):
            by = f" by {rules[label.pair]}" if label.pair in rules else ""
            misses.append(f"{label.relation}: said {answer}{by}: {label.name} ({label.why})")
    sources = {pair(m.left, m.right): m.source for m in standing}
    pointed = [
        label for label in labelled.labels
        if label.source and label.relation in DIRECTED and said.get(label.pair) == label.relation and sources[label.pair]
    ]  # fmt: skip
    turned = tuple(sorted(label.name for label in pointed if sources[label.pair] != label.source))
    accepted = {pair(m.left, m.right) for m in standing if m.status == "accepted" and m.relation == "copy"}
    right = {which for which, relation in known.items() if relation == "copy"}
    apart = [which for which, relation in known.items() if relation == "different"]
    named = {label.pair: label.name for label in labelled.labels}
    return Detail(
        by_relation(labelled, said),
        by_language(labelled, said),
        dict(confusion),
        tuple(sorted(misses)),
        count(accepted, right, known),
        len(accepted - set(known)),
        {
            level: tuple(sorted(named[which] for which in together(clusters_of(works, level), apart)))
            for level in ("cluster", "work")
        },
        (len(pointed) - len(turned), len(pointed)),
        turned,
        dict(Counter(f"{m.relation} {m.status}" for m in matches)),
        by_rule(labelled, standing),
        tuple(sorted({m.rule for m in standing if m.status == "accepted"})),
    )


def by_rule(labelled: Labelled, matches: Sequence[Match]) -> dict[str, Counts]:
    """For each rule how many of its labelled pairs have the relation that it gives."""
    known = labelled.by_pair()
    found: dict[str, Counts] = defaultdict(Counts)
    for match in matches:
        label = known.get(pair(match.left, match.right))
        if label is not None:
            right = match.relation in labelled.apart if label == "different" else match.relation == label
            found[match.rule] += Counts(int(right), int(not right))
    return dict(sorted(found.items()))


def wanted(labelled: Labelled) -> tuple[list[Pair], list[Pair]]:
    """The related pairs that candidates must hold: within a language, and translations."""
    known = labelled.by_pair()
    within = [which for which, relation in known.items() if relation not in ("translation", "different")]
    return within, [which for which, relation in known.items() if relation == "translation"]


def pooled(parts: Collection[tuple[Labelled, Mapping[Pair, str]]]) -> dict[str, Counts]:
    """Counts by relation over several sets."""
    total: dict[str, Counts] = defaultdict(Counts)
    for labelled, said in parts:
        for relation, counts in typed(judged(labelled, said), labelled.by_pair(), labelled.apart).items():
            total[relation] += counts
    return dict(total)
