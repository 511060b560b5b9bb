"""What a model learnt and changes, as lines for people on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry.matching.calibrate import ENOUGH
from registry.matching.proven import RETYPE, unread_needs
from registry.matching.training import PRIOR

SIDES = {"within": "within a language", "across": "across languages"}
_NAMES = {
    "gained": "gained", "lost": "lost", "retyped": "of another relation", "turned": "in the other direction",
    "standing": "of another standing",
}  # fmt: skip


def report_lines(report: Mapping[str, Any], first: int) -> list[str]:
    """A report as lines; ``first`` pairs of each kind of change and relation are named."""
    if "learnt" not in report:
        return ["Nobody trained this model: it has the shipped weights and bands."]
    return [*_answers(report), *_learnt(report["learnt"]), *_changes(report, first)]


def model_line(one: Mapping[str, Any]) -> str:
    """A model in one line."""
    used = f", last taken into use {one['used']}" if one["used"] else ""
    told = (
        f"from {one['answers']:g} answers; against {one['against']}: {one['gained']} pairs gained, {one['lost']} lost,"
        f" {one['retyped']} of another relation"
        if one["trained"]
        else "shipped weights and bands"
    )
    chances = "; gives chances" if one["chances"] else ""
    return f"{one['version']} {one['time']} {one['by']}: {one['state']}{used}; {told}{chances}"


def _answers(report: Mapping[str, Any]) -> Iterator[str]:
    told, answers = report["decisions"], report["learnt"]["answers"]
    yield (
        f"answers: people agree on {told['pairs']} pairs, {told['random']} of them of the random sample; left out are"
        f" {told['discussed']} under discussion, {told['unsure']} that nobody could tell, {answers['not compared']}"
        f" whose entries are gone, {answers['without rule']} of which no rule says anything that is learnt"
    )


def _learnt(learnt: Mapping[str, Any]) -> Iterator[str]:
    weights, counts = learnt["weights"], learnt["weights"]["counts"]
    for side, name in SIDES.items():
        same, other = (counts.get(f"labels.{side}.{kind}", 0) for kind in ("matches", "others"))
        enough = min(same, other) >= PRIOR
        needed = "" if enough else f"; {PRIOR:g} of each are needed"
        estimated = f"{side}.rounds" in counts and f"{side}: few pairs" not in weights["kept"][:1]
        done = "learnt" if enough else "estimated without answers" if estimated else "as shipped"
        yield f"weights {name}: {done}; of the answered pairs {same} are one work and {other} are not{needed}"
    yield (
        f"rules: {len(learnt['rules'])} with answers; {RETYPE} on a rule are needed before it concludes something"
        f" else, {unread_needs()} of the random sample, all right, before it accepts unread"
    )
    for one in learnt["rules"]:
        yield _rule(one)
    chances, usable = learnt["chances"], learnt["answers"]["usable"]
    if "error" not in chances:
        yield f"chances: none; {usable:g} answers on rules, {ENOUGH} are needed. Until then pairs have bands."
        return
    source = "the random sample" if chances["random"] else "all answers (the random sample is too small)"
    yield (
        f"chances: for the pairs of {len(chances['rules'])} rules, calibrated on {source}, {chances['labels']} pairs;"
        f" tried on pairs that were left out: error {chances['error']:.3f} (bands {chances['error_of_bands']:.3f}),"
        f" Brier {chances['brier']:.3f} (bands {chances['brier_of_bands']:.3f})"
    )


def _rule(one: Mapping[str, Any]) -> str:
    before, after = one["confidence"]
    relations, standings = one["relation"], one["status"]
    changes = [f"confidence {before:.2f} → {after:.2f}"] if before != after else []
    changes += [f"concludes {relations[1]}, not {relations[0]}"] if relations[0] != relations[1] else []
    if standings[0] != standings[1]:
        changes += ["accepts unread" if standings[1] == "accepted" else "accepts unread no more"]
    return (
        f"  {one['rule']}: {one['right']:g} of {one['answers']:g} right ({one['low']:.2f} to {one['high']:.2f});"
        f" {', '.join(changes) or 'as it was'}"
    )


def _changes(report: Mapping[str, Any], first: int) -> Iterator[str]:
    if "edges" not in report:
        return
    edges, works = report["edges"], report["works"]["work"]
    parts = [f"{sum(edges[kind].values())} {name}" for kind, name in _NAMES.items()]
    yield (
        f"pairs, against {report['against']}: {edges['before']} before, {edges['after']} after; {', '.join(parts)};"
        f" {edges['confidence']} with another confidence only"
    )
    for kind, name in _NAMES.items():
        for what, number in edges[kind].items():
            yield f"  {name}, {what}: {number}"
            some = [one for one in report["examples"] if one["change"] == kind and _what(one) == what]
            yield from (f"    {_pair(one)}" for one in some[:first])
    yield (
        f"works: {works['before']} before, {works['after']} after; {works['merged']} merged, {works['split']} split,"
        f" {works['made']} made of entries that stood alone, {works['gone']} gone"
    )
    for name in ("merged", "split"):
        yield from (f"  {name}: {_members(titles)}" for titles in report[name][:first])


def _what(one: Mapping[str, Any]) -> str:
    before, after = one["relation_before"], one["relation_after"]
    return f"{before} > {after}" if one["change"] == "retyped" else str(after or before)


def _pair(one: Mapping[str, Any]) -> str:
    names = " – ".join(one[f"{side}_title"] or one[side] for side in ("left", "right"))
    before, after = (f"{one[f'rule_{when}']} {one[f'status_{when}']}".strip() for when in ("before", "after"))
    return f"{names} ({before or 'nothing'} → {after or 'nothing'})"


def _members(titles: Sequence[str]) -> str:
    return ", ".join(titles[:4]) + (" …" if len(titles) > 4 else "")
