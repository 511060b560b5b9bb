"""Evaluate matching on known relations of real training on Git, R and Python at statistical offices.

Reads ``../shared/data/git-training`` and prints what was found, missed or wrong, by name: once with the
plain metadata, once with the relations that a README states given as the source's own statements. A pair
labelled ``different`` is not the same work: overlap, part or nothing is right, anything else is wrong.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from benchmarks.matching_records import IRIS, Score, by_pair, change, links, names, strings
from registry.matching import match
from registry.model import Change, Match

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "git-training"
STATED = {"translation": "translationOfWork", "derivative": "isBasedOn"}


def load(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def feed(academy: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", academy.lower()).strip("-")


def changes(folder: Path, stated: bool) -> list[Change]:
    """The resources as a crosswalk would map them; with ``stated``, what evidence says a README states."""
    rows = {row["id"]: row for row in load(folder, "resources.csv")}
    says: dict[str, tuple[str, str]] = {}
    for row in load(folder, "relations.csv") if stated else []:
        if "README" in row["evidence"] and row["relation"] in STATED:
            says[row["right"]] = STATED[row["relation"]], rows[row["left"]]["repository"]
    built = []
    for number, (key, row) in enumerate(rows.items(), 1):
        values = {
            "name": names(row["title"], row["title_lang"]),
            "url": links([row["page"] or row["repository"]]),
            "codeRepository": links([row["repository"]]),
            "license": links([f"http://spdx.org/licenses/{row['licence']}"] if row["licence"] else []),
            "inLanguage": strings(*row["language"].split(",")),
            "dateCreated": strings(row["created"]),
            "dateModified": strings(row["modified"]),
            "provider": [IRIS.academy(feed(row["academy"]))],
        }
        if key in says:
            values[says[key][0]] = links([says[key][1]])
        built.append(change(feed(row["academy"]), key, values, sequence=number))
    return built


def evaluate(folder: Path, stated: bool) -> tuple[Score, list[Match]]:
    """Score every row of ``relations.csv``."""
    resources = {row["id"]: IRIS.resource(feed(row["academy"]), row["id"]) for row in load(folder, "resources.csv")}
    found = match(changes(folder, stated), {})
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
