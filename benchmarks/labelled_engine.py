"""The engine's benchmarks as labelled sets: DBLP-ACM (papers) and Abt-Buy (products), one academy a side.

They try candidates and scores only: one language, nearly one to one, no relations. The files are those of
``../shared/data/matching``, as cleaned by JedAI.
"""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.labelled import Label, Labelled
from benchmarks.matching_records import IRIS, change, names, strings
from registry.iris import SCHEMA
from registry.model import Change
from registry.terms import Iri, Literal, Term, text, to_ntriples

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "matching" / "pyjedai" / "raw" / "data" / "ccer"


def rows(path: Path, delimiter: str) -> list[dict[str, str]]:
    """A file with a header, as it stands."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def record(feed: str, row: dict[str, str], sequence: int) -> Change:
    """A paper or product as a crosswalk would map it."""
    resource = IRIS.resource(feed, row["id"])
    year = row.get("year", "").removesuffix(".0")
    values: dict[str, list[Term]] = {
        "name": names(row.get("title") or row.get("name") or "", "en"),
        "inLanguage": strings("en"),
        "description": [text(row["description"], "en")] if row.get("description") else [],
        "datePublished": strings(year),
    }
    below = []
    for name, kind, field in (("publisher", "venue", "name"), ("offers", "price", "price")):
        if row.get(kind):
            node = Iri(f"{resource}/{name}")
            values[name] = [node]
            below.append((node, Iri(SCHEMA + field), Literal(row[kind])))
    authors = [name.strip() for name in (row.get("authors") or "").split(",") if name.strip()]
    made = change(feed, row["id"], values, authors, sequence)
    # Lines are joined as a harvest would write them: sorted, each once.
    lines = sorted({*made.stated.splitlines(), *to_ntriples(below).splitlines()})
    return Change(**{**{n: getattr(made, n) for n in made.__slots__}, "stated": "\n".join(lines) + "\n"})


def two_sided(name: str, folder: Path, files: tuple[str, str], feeds: tuple[str, str], delimiter: str) -> Labelled:
    """A set whose true pairs are all known and cross two feeds."""
    records: list[Change] = []
    for file, feed in zip(files, feeds, strict=True):
        for row in rows(folder / file, delimiter):
            records.append(record(feed, row, len(records) + 1))
    left, right = feeds
    labels = tuple(
        Label(str(IRIS.resource(left, row["D1"])), str(IRIS.resource(right, row["D2"])), "copy", f"{row['D1']} – {row['D2']}")
        for row in rows(folder / "gtclean.csv", delimiter)
    )  # fmt: skip
    return Labelled(name, tuple(records), labels, complete=True, typed=False, hidden=True, sides=feeds)


def dblp_acm(folder: Path = SHARED) -> Labelled:
    """2,576 papers of DBLP and 2,272 of ACM; 2,214 are in both."""
    return two_sided("DBLP-ACM", folder / "D4", ("dblpclean.csv", "acmclean.csv"), ("dblp", "acm"), "%")


def abt_buy(folder: Path = SHARED) -> Labelled:
    """1,076 products of Abt and 1,064 of Buy."""
    return two_sided("Abt-Buy", folder / "D2", ("abtclean.csv", "buyclean.csv"), ("abt", "buy"), "|")
