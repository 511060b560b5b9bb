"""What a person sees after ``make demo``: figures, known relations, and that a second start changes nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.demo import ROOT, Demo, environment, free_port

from registry import messages, release, shape_texts
from registry.ledger import connect, findings
from registry.pipeline.query import ask

SAME_WORK = {"sameAs", "previousVersion", "translationOfWork"}
MATCHES = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX schema: <http://schema.org/>
PREFIX adms: <http://www.w3.org/ns/adms#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?left ?right ?relation ?status WHERE {
  ?match rdf:subject ?a ; rdf:object ?b ; rdf:predicate ?predicate ; adms:status/skos:notation ?status .
  BIND(REPLACE(STR(?a), "^.*/id/resource/", "") AS ?left)
  BIND(REPLACE(STR(?b), "^.*/id/resource/", "") AS ?right)
  BIND(REPLACE(STR(?predicate), "^.*[/#]", "") AS ?relation)
} ORDER BY ?left ?right"""
ADDRESSES = """
PREFIX schema: <http://schema.org/>
SELECT ?key ?address WHERE {
  ?course schema:url|schema:codeRepository ?address ; schema:provider ?academy .
  BIND(REPLACE(STR(?course), "^.*/id/resource/", "") AS ?key)
} ORDER BY ?key ?address"""
# Courses whose lists give them no address: the id that the list gives them.
WITHOUT_ADDRESS = {
    "insee-git-r": "insee-catalogue/BP-GIT-R",
    "insee-r": "insee-catalogue/R-2022",
    "insee-utilitr": "insee-catalogue/UTILITR",
    "insee-mlops": "insee-catalogue/MLOPS",
    "insee-ssphub": "insee-catalogue/SSPHUB",
}
OWN_FEEDS = {
    "swc": ("carpentries-lessons", "carpentries-es", "carpentries-i18n-lessons", "statkclee-lessons", "swcarpentry-ja-lessons"),
    "ucl": ("ucl-arc-lessons",), "soton": ("southampton-lessons",), "unece": ("unece-modernstats",),
    "oecd": ("oecd-learning",), "insee": ("insee-catalogue",), "gaf": ("uk-gaf-learning",), "moj": ("uk-moj-courses",),
    "nhs": ("nhs-england-rap",), "ons": ("ons-dsc-materials",), "vnso": ("vnso-training",), "rss": ("ssi-training",),
}  # fmt: skip
DIRECTION = {"version": "previousVersion", "translation": "translationOfWork", "derivative": "isBasedOn"}


@dataclass(frozen=True)
class Found:
    """The demo's matches by pair, and each known course's description at its own academy."""

    matches: dict[frozenset[str], tuple[str, str]]
    own: dict[str, str]


def asked(demo: Demo, query: str) -> list[dict[str, str]]:
    out = io.BytesIO()
    ask(demo.settings, query, "csv", out)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8"), newline="")))


def plain(address: str) -> str:
    return address.lower().removeprefix("https://").rstrip("/")


@pytest.fixture(scope="module")
def found(demo: Demo, shared: Path) -> Found:
    matches = {
        frozenset((row["left"], row["right"])): (row["relation"], row["status"]) for row in asked(demo, MATCHES)
    }
    at: dict[str, list[str]] = {}
    for row in asked(demo, ADDRESSES):
        at.setdefault(plain(row["address"]), []).append(row["key"])
    own = dict(WITHOUT_ADDRESS)
    with (shared / "data" / "git-training" / "resources.csv").open(encoding="utf-8", newline="") as handle:
        for known in csv.DictReader(handle):
            feeds = OWN_FEEDS[known["id"].split("-")[0]]
            keys = [
                key for name in ("page", "repository") for key in at.get(plain(known[name] or "-"), [])
                if key.split("/")[0] in feeds
            ]  # fmt: skip
            if keys:
                own[known["id"]] = keys[0]
    return Found(matches, own)


def known_relations(shared: Path) -> list[dict[str, str]]:
    with (shared / "data" / "git-training" / "relations.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_summary_shows_enough_of_everything(demo: Demo) -> None:
    told = demo.summary
    assert told["academies"] >= 8 and told["sources"] >= told["academies"]
    assert told["records"] >= 60
    assert told["records"] == told["accepted"] + told["quarantined"] + told["withdrawn"]
    assert told["accepted"] >= 60 and told["quarantined"] >= 1 and told["withdrawn"] >= 1
    assert told["findings"]["violation"] >= 1 and told["findings"]["warning"] >= 1
    assert {"copy", "version", "translation", "derivative", "part", "overlap"} <= set(told["pairs"])
    assert all(count > 0 for count in told["pairs"].values())


def test_the_summary_agrees_with_the_graph(demo: Demo) -> None:
    (row,) = asked(
        demo,
        "SELECT (COUNT(?r) AS ?n) WHERE { ?r <http://xmlns.com/foaf/0.1/primaryTopic> ?x }",
    )
    assert int(row["n"]) == demo.summary["accepted"]
    assert len(asked(demo, MATCHES)) == sum(demo.summary["pairs"].values())


def state(data: Path) -> tuple[str, str, int]:
    """The release's number, a digest of the whole log, its last sequence."""
    connection = sqlite3.connect(f"file:{data / 'ledger.sqlite'}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT * FROM change ORDER BY sequence").fetchall()
        graphs = connection.execute("SELECT * FROM graph ORDER BY id").fetchall()
    finally:
        connection.close()
    current = release.current(data)
    assert current is not None
    return current.number, hashlib.sha256(repr((rows, graphs)).encode()).hexdigest(), len(rows)


def test_a_second_demo_starts_at_once_and_changes_nothing(demo: Demo, tmp_path: Path) -> None:
    again = demo.copy(tmp_path)
    before = state(again.data)
    began = time.monotonic()
    done = again.run("demo", "--no-serve", "--json")
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == demo.summary
    assert state(again.data) == before
    assert before[2] > 0
    assert took < 5, f"{took:.1f} s"


def test_a_taken_port_is_said_in_words(demo: Demo, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = environment({"DATA": tmp_path / "var", "PORT": free_port(), "DEMO_PORT": port})
        command = [sys.executable, "-m", "registry.cli", "demo", "--no-serve"]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert str(port) in done.stderr and "META_ACADEMY_DEMO_PORT" in done.stderr


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [
        ("swc-git-novice", "swc-git-novice-es", "translationOfWork"),
        ("swc-git-novice", "swc-git-novice-uk", "translationOfWork"),
        ("swc-git-novice", "swc-git-novice-ko", "translationOfWork"),
        ("swc-git-novice", "swc-git-novice-ja", "translationOfWork"),
        ("swc-git-novice-2019", "swc-git-novice", "previousVersion"),
        ("swc-git-novice", "ucl-git-vscode", "isBasedOn"),
        ("swc-git-novice", "soton-git-novice", "isBasedOn"),
        ("unece-python", "oecd-python", "isBasedOn"),
        ("ons-rap", "vnso-r", "isBasedOn"),
    ],
)
def test_a_known_relation_that_descriptions_can_show_is_found(
    found: Found, left: str, right: str, relation: str
) -> None:
    assert found.matches[frozenset((found.own[left], found.own[right]))][0] == relation


def test_no_known_relation_is_given_another_name_of_the_same_work(found: Found, shared: Path) -> None:
    looked_at = 0
    for known in known_relations(shared):
        pair = frozenset((found.own[known["left"]], found.own[known["right"]]))
        relation, _ = found.matches.get(pair, ("", ""))
        if known["relation"] == "different":
            assert relation in ("", "overlapsWith", "isPartOf", "differentFrom"), known
            looked_at += 1
        elif relation in SAME_WORK:
            assert relation == DIRECTION[known["relation"]], known
    assert looked_at >= 8


@pytest.mark.parametrize(
    ("listing", "course"),
    [
        ("oecd-learning/list-1", "unece-git"),
        ("oecd-learning/list-2", "unece-r"),
        ("oecd-learning/list-3", "swc-git-novice"),
        ("oecd-learning/list-4", "gaf-duck-book"),
        ("oecd-learning/list-6", "swc-git-novice-es"),
        ("uk-gaf-learning/oai:uk-gaf.example:listing-swc", "swc-git-novice"),
        ("uk-gaf-learning/oai:uk-gaf.example:listing-moj", "moj-git"),
        ("uk-gaf-learning/oai:uk-gaf.example:listing-rap", "nhs-rap"),
    ],
)
def test_a_course_that_another_academy_lists_is_the_same_course(found: Found, listing: str, course: str) -> None:
    assert found.matches[frozenset((listing, found.own[course]))] == ("sameAs", "accepted")


def test_a_listing_without_an_address_is_only_proposed(found: Found) -> None:
    tied = {pair: match for pair, match in found.matches.items() if "insee-catalogue/EXT-1" in pair}
    titled = {"oecd-learning/list-1", found.own["unece-git"]}
    assert any(pair & titled for pair in tied), "the same title at UNECE or in its listing"
    assert all(status == "candidate" for _, status in tied.values())


def test_every_finding_reads_well(demo: Demo) -> None:
    """No text is left with a hole: what a message names, its issue gives."""
    texts = {**messages.load(), **shape_texts.load(ROOT / "shapes")}
    connection = connect(demo.data / "ledger.sqlite", readonly=True)
    feeds = [name for (name,) in connection.execute("SELECT DISTINCT feed FROM run")]
    looked_at = 0
    for group in findings.groups(connection, feeds):
        message = texts[group.code]
        for text in (*message.text.values(), *message.mend.values()):
            for example in group.examples:
                assert not re.search(r"\{\w+\}", messages.fill(text, example.issue)), (group.code, example)
                looked_at += 1
    connection.close()
    assert looked_at > 100
