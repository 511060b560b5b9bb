"""The regression set: invented records of training in official statistics, and pairs that this project typed itself.

It says whether known traps stay closed, not how good matching is: who writes the rules wrote the pairs. Rows of
``records.tsv`` are resources (``feed/key``), of ``pairs.tsv`` the relation between two: the original,
the older edition and the part stand left.
"""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.labelled import Label, Labelled
from benchmarks.matching_records import IRIS, change, links, names, strings
from benchmarks.metrics import NOTHING
from registry.model import Change
from registry.terms import XSD, Iri, Literal, Term, text

FOLDER = Path(__file__).resolve().parent


def rows(name: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    """A table of the set."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def resource(identity: str) -> Iri:
    """The resource of ``feed/key``."""
    feed, _, key = identity.partition("/")
    return IRIS.resource(feed, key)


def record(row: dict[str, str], sequence: int) -> Change:
    """A row as a crosswalk would map it; ``states`` is a property and the resource that the feed names."""
    feed, _, key = row["id"].partition("/")
    language = row["lang"]
    values: dict[str, list[Term]] = {
        "name": names(row["title"], language),
        "inLanguage": strings(row["spoken"]),
        "url": links([row["url"]]),
        "description": [text(row["description"], language)] if row["description"] else [],
        "datePublished": strings(row["date"]),
        "startDate": strings(row["start"]),
        "version": strings(row["version"]),
        "timeRequired": [Literal(f"PT{row['minutes']}M", XSD + "duration")] if row["minutes"] else [],
        "about": [IRIS.concept("topics", topic.strip()) for topic in row["about"].split(";") if topic.strip()],
        "provider": [IRIS.academy(feed)],
    }
    if row["states"]:
        name, _, other = row["states"].partition(" ")
        values[name] = [resource(other)]
    authors = [name.strip() for name in row["authors"].split(";") if name.strip()]
    return change(feed, key, values, authors, sequence)


def regression(folder: Path = FOLDER) -> Labelled:
    """The set that rules are changed by."""
    return _labelled("Regression: written by the project", "", folder)


def unseen(folder: Path = FOLDER) -> Labelled:
    """The set of other kinds, written after the rules. Its first run had 64 of 69 pairs right (typed F1 0.92); word lists
    and rules were then completed by what was missed, so that it too says whether traps stay closed."""
    return _labelled("Regression: other kinds", "unseen-", folder)


def catalogues(folder: Path = FOLDER) -> Labelled:
    """Seven small catalogues in 14 languages, written and labelled by somebody who did not look at the matcher. Its first
    run had 59 of 120 pairs of one work, or adapted from it, right, and none wrongly put together; words and rules were
    then completed by what was missed."""
    return _labelled("Regression: catalogues", "catalogues-", folder)


def _labelled(name: str, stem: str, folder: Path) -> Labelled:
    records = tuple(record(row, number) for number, row in enumerate(rows(stem + "records.tsv", folder), 1))
    labels = tuple(
        Label(
            str(resource(row["left"])), str(resource(row["right"])), row["relation"],
            f"{row['left']} – {row['right']}", row["why"], str(resource(row["right" if row["relation"] == "part" else "left"])),
        )
        for row in rows(stem + "pairs.tsv", folder)
    )  # fmt: skip
    return Labelled(
        name, records, labels,
        apart=frozenset({NOTHING, "different", "overlap", "part"}),
        note="Invented pairs: whether known traps stay closed, no measure of quality.",
    )  # fmt: skip
