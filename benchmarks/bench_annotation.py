"""How well and how fast topics are found in texts, beside two plainer ways, on records labelled by hand.

``annotation_gold.tsv``: collection, record, topics (notations). Records of our own samples are named by feed and title,
those of shared/data/catalogue/nfdi4bioimage by their number in the file. Labelled by one person, before tuning. Half of
the records (by digest) served for tuning; the other half is only measured.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from registry.annotation.annotate import Annotator
from registry.annotation.labels import Topics, read
from registry.iris import SCHEMA
from registry.ledger import connect, log
from registry.terms import Iri, Literal, by_subject, text

ROOT = Path(__file__).resolve().parent.parent
GOLD = Path(__file__).with_name("annotation_gold.tsv")
NFDI = ROOT.parent / "shared/data/catalogue/nfdi4bioimage/raw/resources/nfdi4bioimage.yml"
BASE = "https://registry.example"
RESOURCE = Iri(f"{BASE}/id/resource/x/1")
Record = list[tuple[Iri, Iri, Literal, str]]
TEXTS = ("name", "alternateName", "keywords", "description", "abstract", "teaches")


def samples() -> dict[str, Record]:
    """The texts of the sample academies, as harvested, by "feed|title"."""
    found: dict[str, Record] = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "META_ACADEMY_DATA": folder, "META_ACADEMY_DEMO_PORT": "8471"}
        command = [sys.executable, "-m", "registry.cli", "demo", "--no-serve", "--json"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        connection = connect(Path(folder) / "ledger.sqlite")
        for change in log.standing(connection):
            for described in by_subject(change.stated).values():
                if SCHEMA + "provider" not in described:
                    continue
                record = [
                    (RESOURCE, Iri(SCHEMA + name), value, name)
                    for name in TEXTS
                    for value in described.get(SCHEMA + name, [])
                    if isinstance(value, Literal)
                ]
                found[f"{change.feed}|{record[0][2].value}"] = record
        connection.close()
    return found


def nfdi() -> dict[str, Record]:
    """The texts of a real catalogue by number."""
    entries = yaml.safe_load(NFDI.read_text("utf-8"))["resources"]
    found: dict[str, Record] = {}
    for number, entry in enumerate(entries):
        texts = [("name", entry.get("name")), ("description", entry.get("description"))]
        texts += [("keywords", tag) for tag in entry.get("tags") or []]
        found[str(number)] = [
            (RESOURCE, Iri(SCHEMA + name), text(str(value), "en"), name) for name, value in texts if value
        ]
    return found


def plain(topics: Topics, preferred: bool) -> Callable[[Record], set[str]]:
    """The plain way: a label stands in the text as a word, case aside; preferred labels only, or all."""
    patterns: list[tuple[re.Pattern[str], str]] = []
    seen: set[tuple[str, str]] = set()
    for label in topics.labels:
        key = (label.topic, label.language)
        if not preferred or key not in seen:
            words = r"\W+".join(map(re.escape, label.words))
            patterns.append((re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE), label.topic))
        seen.add(key)

    def find(record: Record) -> set[str]:
        whole = " . ".join(value.value for _, _, value, _ in record)
        return {topic for pattern, topic in patterns if pattern.search(whole)}

    return find


def scores(pairs: list[tuple[set[str], set[str]]]) -> dict[str, float]:
    """Micro precision, recall and F1 of (found, wanted)."""
    right = sum(len(found & wanted) for found, wanted in pairs)
    found, wanted = sum(len(one) for one, _ in pairs), sum(len(one) for _, one in pairs)
    precision, recall = right / found if found else 0.0, right / wanted if wanted else 0.0
    both = precision + recall
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / both if both else 0.0}


def held_out(name: str) -> bool:
    """Whether a record is in the half that served no tuning."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def measure() -> dict[str, object]:
    """All figures, as ``make evaluate`` prints them."""
    topics = read(ROOT / "ontology", BASE)
    annotator = Annotator(topics)
    collections = {"samples": samples(), "nfdi4bioimage": nfdi() if NFDI.is_file() else {}}
    with GOLD.open(encoding="utf-8") as handle:
        gold = [row for row in csv.DictReader(handle, delimiter="\t") if collections[row["collection"]]]
    ways: dict[str, Callable[[Record], set[str]]] = {
        "annotation": lambda record: {str(one[2]) for one in annotator(RESOURCE, record)},
        "preferred labels, plain search": plain(topics, True),
        "all labels, plain search": plain(topics, False),
    }
    figures: dict[str, object] = {"records": len(gold), "labels": len(topics.labels)}
    for way, find in ways.items():
        halves: dict[bool, list[tuple[set[str], set[str]]]] = {False: [], True: []}
        started = time.process_time()
        for row in gold:
            wanted = {f"{BASE}/id/concept/topics/{one}" for one in row["topics"].split()}
            found = find(collections[row["collection"]][row["record"]])
            halves[held_out(row["record"])].append((found, wanted))
        spent = time.process_time() - started
        figures[way] = {
            "tuning": scores(halves[False]), "held out": scores(halves[True]),
            "records per second": round(len(gold) / spent),
        }  # fmt: skip
    return figures


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
