"""Evaluate matching on the labelled pairs of ``../shared/data/truth``: Git lessons and a real catalogue.

Prints counts and the misses by name with a 95 % interval (Wilson) for recall. Information, not a target:
labels are by one reader. Rows found by text similarity and labels outside the relations are left out.
"""

from __future__ import annotations

import csv
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.matching_records import IRIS, Score, by_pair, change, links, names, strings
from registry.matching import match
from registry.model import Change, Match
from registry.terms import Iri, text

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RELATIONS = {"copy", "version", "translation", "derivative", "part", "run", "overlap", "different"}


def many(value: Any) -> list[str]:
    return [str(item) for item in value if item] if isinstance(value, list) else [str(value)] if value else []


def wilson(hits: int, of: int) -> str:
    if not of:
        return "no pairs"
    share, z = hits / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{hits} of {of} ({middle - half:.2f}–{middle + half:.2f})"


def catalogue() -> Iterator[tuple[str, Change]]:
    lines = (SHARED / "catalogue/nfdi4bioimage/records.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        item = json.loads(line)
        key = f"{number}:{item.get('uuid')}"
        language = str(item.get("language") or "")[:2]
        values = {
            "name": names(item.get("name") or "", language or "en"),
            "url": links(many(item.get("url"))[:1]),
            "identifier": links(many(item.get("url"))[1:]),
            "description": [text(str(item["description"]), language or "en")] if item.get("description") else [],
            "inLanguage": strings(language),
            "keywords": [text(tag, "en") for tag in many(item.get("tags"))],
            "datePublished": strings(str(item.get("publication_date") or "")),
        }
        yield key, change("nfdi4bioimage", key, values, many(item.get("authors")), number + 1)


def lessons() -> Iterator[tuple[str, Change]]:
    for folder in sorted((SHARED / "git").iterdir()):
        repository: dict[str, Any] = {}
        for line in (folder / "records.jsonl").read_text("utf-8").splitlines():
            item = json.loads(line)
            if item["kind"] == "lesson-repository":
                repository = item
            ref = "/tree/" + repository["commit"] if folder.name.endswith("v2019") else ""
            address = f"https://github.com/{repository['repo']}{ref}"
            if "path" in item:
                address += ("/" if ref else "/blob/main/") + item["path"]
            title = item.get("first_heading") or ""
            for source in (item.get("front_matter"), item.get("config")):
                if isinstance(source, dict) and source.get("title"):
                    title = str(source["title"])
            if "path" not in item:
                readme = (item.get("readme") or {}).get("text", "")
                heading = next((row.strip("# ") for row in readme.splitlines() if row.startswith("#")), "")
                config = (item.get("config") or {}).get("text", "")
                titled = next(
                    (r.split(":", 1)[1].strip(" '\"") for r in config.splitlines() if r.startswith("title:")), ""
                )
                title = titled or heading or title
            values = {
                "name": names(title, repository["language"]),
                "url": links([address]),
                "inLanguage": strings(repository["language"]),
                "dateCreated": strings(item.get("first_commit_date", "")),
                "dateModified": strings(item.get("last_change") or item.get("commit_date") or ""),
            }
            if "part_of" in item:
                values["isPartOf"] = [Iri(IRIS.resource(folder.name, item["part_of"]))]
            yield item["id"], change(folder.name, item["id"], values)


def report(name: str, rows: list[dict[str, str]], resources: dict[str, str], found: list[Match]) -> None:
    pairs = by_pair(found)
    score, said = Score.empty(), Counter[tuple[str, str]]()
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in rows:
        if row["relation"] not in RELATIONS or "shingle overlap" in row["evidence"]:
            continue
        left, right = resources[row["left"]], resources[row["right"]]
        got = pairs.pop((min(left, right), max(left, right)), None)
        answer = got.relation if got else "nothing"
        expected = row["relation"]
        good = answer in ("overlap", "part", "nothing") if expected == "different" else answer == expected
        hits[expected] += good
        total[expected] += 1
        said[answer, expected] += 1
        if not good:
            score.add(expected, "wrong" if got else "missed", f"{row['left']} – {row['right']}: {answer}"
                      + (f" by {got.rule}" if got else ""))  # fmt: skip
    print(f"{name}: {len(found)} matches, {dict(Counter(f'{m.relation} {m.status}' for m in found))}")
    print("\n".join(sorted(score.lines)))
    for relation in sorted(total):
        labelled = sum(n for (answer, _), n in said.items() if answer == relation)
        right = said[relation, relation]
        print(f"  {relation}: recall {wilson(hits[relation], total[relation])}; of labelled pairs said to be "
              f"{relation} {right} of {labelled} are")  # fmt: skip
    print("  matches without a label (to read by eye), overlap and stated parts left out:")
    for other in sorted(pairs.values(), key=lambda m: m.rule):
        if other.relation != "overlap" and other.rule != "PART.DECLARED":
            values = " | ".join(f"{e.feature}: {e.left_value[:60]} / {e.right_value[:60]}" for e in other.evidence[:2])
            print(f"    {other.rule:<28} {values}")


def rows_of(name: str, prefix: str = "") -> list[dict[str, str]]:
    with (SHARED / "truth" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["left"], row["right"] = row["left"].removeprefix(prefix), row["right"].removeprefix(prefix)
    return rows


def main() -> None:
    for name, built, rows in (
        ("Git lessons", list(lessons()), rows_of("git-lessons-repos.csv") + rows_of("git-lessons-episodes.csv")),
        ("Catalogue", list(catalogue()), rows_of("nfdi4bioimage-internal.csv", "nfdi4bioimage:")),
    ):
        began = time.monotonic()
        found = match([item for _, item in built], {})
        print(f"{len(built)} records matched in {time.monotonic() - began:.1f} s", file=sys.stderr)
        resources = {key: str(IRIS.resource(item.feed, item.key)) for key, item in built}
        by_uuid = {f"uuid:{key.split(':', 1)[1]}": iri for key, iri in resources.items() if ":" in key}
        report(name, rows, {**resources, **by_uuid}, found)


if __name__ == "__main__":
    main()
