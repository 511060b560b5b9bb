"""Evaluate matching on known relations of real training on Git, R and Python at statistical offices.

Reads ``../shared/data/git-training`` and prints what was found, missed or wrong, by name: once with the
plain metadata, once with the relations that a README states given as the source's own statements. A pair
labelled ``different`` is not the same work: overlap, part or nothing is right, anything else is wrong.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.labelled_truth import feed, load, training_records
from benchmarks.matching_records import IRIS, Score, by_pair
from registry.matching import match
from registry.model import Match

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "git-training"


def evaluate(folder: Path, stated: bool) -> tuple[Score, list[Match]]:
    """Score every row of ``relations.csv``."""
    resources = {row["id"]: IRIS.resource(feed(row["academy"]), row["id"]) for row in load(folder, "resources.csv")}
    found = match(training_records(folder, stated), {})
    pairs = by_pair(found)
    score = Score.empty()
    for row in load(folder, "relations.csv"):
        left, right = resources[row["left"]], resources[row["right"]]
        got = pairs.pop((min(left, right), max(left, right)), None)
        said = f"{got.relation} by {got.rule}" if got else "nothing"
        line = f"{row['left']} – {row['right']}: {said} ({row['evidence']})"
        if row["relation"] == "different":
            right_answer = got is None or got.relation in ("overlap", "part")
            score.add("different", "right" if right_answer else "wrong", line)
        elif got is None or got.relation == "overlap":
            score.add(row["relation"], "missed", line)
        elif got.relation != row["relation"]:
            score.add(row["relation"], "wrong", line)
        else:
            turned = got.source not in ("", left)
            score.add(row["relation"], "turned" if turned else "found", line)
    return score, list(pairs.values())


def main() -> None:
    for stated in (False, True):
        print("With relations that a README states:" if stated else "Plain metadata:")
        score, others = evaluate(DATA, stated)
        score.show()
        print("  not in the list of known relations:")
        for found in others:
            names_ = " – ".join(iri.rsplit("/", 1)[-1] for iri in (found.left, found.right))
            print(f"    {found.relation:<12} {found.rule:<22} {names_}")
        print()
    print(
        "A pair that is missed in plain metadata has neither a shared address, name or title that tells it\n"
        "(forks and rewritten texts show only in the texts), so it needs the source's own statement."
    )


if __name__ == "__main__":
    main()
