"""Decisions: which one counts, taking back, finding records again when a feed rewrites its ids."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from registry.ledger import connect, content, decisions, log, transaction
from registry.ledger.connection import _migrations, _statements
from registry.model import Decision, Verdict

NOW = "2026-01-01T00:00:00Z"
BASE = "https://registry.example/id"
A, B = f"{BASE}/resource/one/1", f"{BASE}/resource/two/1"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "ledger.sqlite")
    for feed, academy in (("one", "x"), ("two", "y"), ("three", "x"), ("four", "z")):
        connection.execute("INSERT INTO feed (id, academy) VALUES (?,?)", (feed, academy))
    yield connection
    connection.close()


def triples(feed: str, key: str, title: str) -> str:
    record, resource = f"<{BASE}/record/{feed}/{key}>", f"<{BASE}/resource/{feed}/{key}>"
    agent = f"<{BASE}/resource/{feed}/{key}/agent/1>"
    return "".join(
        sorted(
            (
                f'{record} <http://purl.org/dc/terms/identifier> "{feed}:{key}" .\n',
                f"{record} <http://purl.org/dc/terms/source> <https://academy.example/{key}> .\n",
                f"{record} <http://xmlns.com/foaf/0.1/primaryTopic> {resource} .\n",
                f'{resource} <http://schema.org/name> "{title}"@en .\n',
                f"{resource} <http://schema.org/author> {agent} .\n",
                f"{resource} <http://schema.org/isBasedOn> <https://z.example/> .\n",
                f'{agent} <http://schema.org/name> "Ana" .\n',
            )
        )
    )


def publish(ledger: sqlite3.Connection, feed: str, key: str, title: str | None) -> None:
    """A record as it is published; gone where it has no title."""
    stated = triples(feed, key, title) if title else ""
    with transaction(ledger):
        log.append(
            ledger, time=NOW, kind="record" if title else "tombstone", subject=f"{BASE}/record/{feed}/{key}",
            cause="source", feed=feed, key=key, stated=zlib.compress(stated.encode()) if title else b"",
            inferred=zlib.compress(b"") if title else b"", digest_=stated,
        )  # fmt: skip


def said(left: str, right: str, verdict: Verdict = "confirm", **more: str) -> Decision:
    relation = "different" if verdict == "reject" else "copy"
    return Decision(left, right, verdict, relation, "ana", more.pop("time", NOW), **more)  # type: ignore[arg-type]


def both(ledger: sqlite3.Connection) -> None:
    publish(ledger, "one", "1", "Prices")
    publish(ledger, "two", "1", "Precios")


def pairs(found: list[Decision]) -> list[tuple[str, str]]:
    return [(one.left, one.right) for one in found]


def test_the_newest_of_a_pair_and_voice_counts_whatever_the_order(ledger: sqlite3.Connection) -> None:
    both(ledger)
    decisions.decide(ledger, said(B, A, time="2026-01-03T00:00:00Z", source=B))
    decisions.decide(ledger, said(A, B, "reject", time="2026-01-02T00:00:00Z"))
    decisions.decide(ledger, said(A, B, "reject", voice="publisher", academy="y"))
    decisions.decide(ledger, said(A, B, voice="publisher", academy="x"))
    found = decisions.standing(ledger)
    assert [(one.voice, one.academy, one.verdict) for one in found] == [
        ("publisher", "x", "confirm"), ("publisher", "y", "reject"), ("reviewer", "", "confirm"),
    ]  # fmt: skip
    assert (found[2].left, found[2].right, found[2].source) == (A, B, B), "an older one read in later does not win"
    assert [one.id for one in decisions.history(ledger, (B, A))] == [1, 2, 3, 4]
    assert decisions.history(ledger, (A, f"{B}0")) == []
    assert found[2].left_digest == content.digests(ledger, [A])[A] and len(found[2].left_digest) == 64


def test_digests_go_with_their_side(ledger: sqlite3.Connection) -> None:
    decisions.decide(ledger, said(B, A, left_digest="b" * 64, right_digest="a" * 64))
    (kept,) = decisions.standing(ledger)
    assert (kept.left, kept.left_digest, kept.right_digest) == (A, "a" * 64, "b" * 64)


@pytest.mark.parametrize(
    "bad",
    [
        said(A, A),
        replace(said(A, B), verdict="reject"),
        replace(said(A, B), relation="different"),
        said(A, B, source="https://other.example/"),
        said(A, B, voice="publisher"),
        said(A, B, academy="x"),
    ],
)
def test_a_decision_that_says_nothing_is_refused_and_nothing_is_written(
    ledger: sqlite3.Connection, bad: Decision
) -> None:
    with pytest.raises(ValueError):
        decisions.decide_all(ledger, [said(A, B), bad])
    assert decisions.history(ledger) == [] and log.last_sequence(ledger) == 0


def test_taking_back_lets_the_one_before_count_and_keeps_the_row(ledger: sqlite3.Connection) -> None:
    decisions.decide_all(ledger, [said(A, B, batch="b1"), said(A, B, "reject", batch="b1"), said(A, B)])
    assert decisions.undo(ledger, 3, "eva", "2026-02-01T00:00:00Z", "slip") == 4
    decisions.undo(ledger, 2, "eva", "2026-02-01T00:00:00Z", "wrong pair")
    assert [(one.id, one.verdict) for one in decisions.standing(ledger)] == [(1, "confirm")]
    assert [(one.id, one.undone) for one in decisions.by_batch(ledger, "b1")] == [
        (1, ""), (2, "2026-02-01T00:00:00Z"),
    ]  # fmt: skip
    assert decisions.by_batch(ledger, "") == []
    assert decisions.taken_back(ledger)[2] == ("eva", "2026-02-01T00:00:00Z", "wrong pair")
    assert [change.kind for change in log.changes(ledger, 3)] == ["decision", "decision"]
    for number in (2, 99):
        with pytest.raises(LookupError):
            decisions.undo(ledger, number, "eva", NOW, "")
    assert log.last_sequence(ledger) == 5


def test_the_content_digest_is_of_what_is_said_and_not_of_the_address() -> None:
    def digest(feed: str, key: str, title: str) -> bytes:
        subject, resource = f"{BASE}/record/{feed}/{key}", f"{BASE}/resource/{feed}/{key}"
        stated = triples(feed, key, title).encode()
        assert content.resource_of(subject, stated) == resource
        return content.content_digest(subject, resource, stated)

    assert digest("one", "1", "Prices") == digest("two", "10", "Prices")
    assert digest("one", "1", "Prices") != digest("one", "1", "Wages")
    # One record's address is the beginning of another's: only whole ones get the fixed name.
    linked = triples("one", "1", "Prices").replace("https://z.example/", f"{BASE}/resource/one/12").encode()
    other = linked.replace(b"/one/12>", b"/one/13>")
    names = (f"{BASE}/record/one/1", f"{BASE}/resource/one/1")
    assert content.content_digest(*names, linked) != content.content_digest(*names, other)
    assert content.resource_of(names[0], b"") is None


def test_a_feed_that_rewrites_its_ids_keeps_its_decisions_also_when_records_change_later(
    ledger: sqlite3.Connection,
) -> None:
    both(ledger)
    decisions.decide(ledger, said(A, B, source=A))
    publish(ledger, "one", "1", "Prices, second edition")
    publish(ledger, "one", "zz", "Prices, second edition")
    assert pairs(decisions.in_force(ledger)) == [(A, B)], "while it stands it is not carried"
    publish(ledger, "one", "1", None)
    new = f"{BASE}/resource/one/zz"
    (found,) = decisions.in_force(ledger)
    assert (found.left, found.right, found.source, found.id) == (new, B, new, 1)
    assert decisions.unanchored(ledger) == []
    before = log.last_sequence(ledger)
    assert decisions.reanchor(ledger, NOW) == before + 1
    assert decisions.reanchor(ledger, NOW) is None, "told once"
    assert log.changes(ledger, before)[0].kind == "decision"
    publish(ledger, "one", "zz", "Prices, third edition")
    assert pairs(decisions.in_force(ledger)) == [(new, B)]
    assert decisions.reanchor(ledger, NOW) is None
    publish(ledger, "one", "yy", "Prices, third edition")
    publish(ledger, "one", "zz", None)
    assert pairs(decisions.in_force(ledger)) == [(f"{BASE}/resource/one/yy", B)], "and once more"
    assert decisions.reanchor(ledger, NOW) is not None
    publish(ledger, "one", "1", "Prices")
    assert pairs(decisions.in_force(ledger)) == [(A, B)], "what comes back has its decisions again"
    assert decisions.reanchor(ledger, NOW) is None
    assert pairs(decisions.standing(ledger)) == [(A, B)], "the ledger keeps what was said"


def test_the_order_of_a_pair_follows_where_it_was_carried(ledger: sqlite3.Connection) -> None:
    both(ledger)
    decisions.decide(ledger, said(A, B))
    publish(ledger, "one", "1", None)
    publish(ledger, "three", "1", "Prices")
    publish(ledger, "two", "1", None)
    publish(ledger, "four", "1", "Precios")
    (found,) = decisions.in_force(ledger)
    assert (found.left, found.right) == (f"{BASE}/resource/four/1", f"{BASE}/resource/three/1")
    digests = content.digests(ledger, [found.left, found.right])
    assert (found.left_digest, found.right_digest) == (digests[found.left], digests[found.right])


def test_of_the_same_academy_comes_before_of_another(ledger: sqlite3.Connection) -> None:
    both(ledger)
    decisions.decide(ledger, said(A, B))
    publish(ledger, "one", "1", None)
    publish(ledger, "four", "9", "Prices")
    assert pairs(decisions.in_force(ledger)) == [(f"{BASE}/resource/four/9", B)]
    publish(ledger, "three", "9", "Prices")
    assert pairs(decisions.in_force(ledger)) == [(f"{BASE}/resource/three/9", B)]


def test_where_two_would_do_nothing_is_carried_and_it_is_told(ledger: sqlite3.Connection) -> None:
    both(ledger)
    decisions.decide(ledger, said(A, B))
    publish(ledger, "one", "1", None)
    (told,) = decisions.unanchored(ledger)
    assert (told.missing, told.candidates) == ((A,), ())
    for key in ("8", "9"):
        publish(ledger, "three", key, "Prices")
    assert pairs(decisions.in_force(ledger)) == [(A, B)]
    (told,) = decisions.unanchored(ledger)
    assert told.candidates == (f"{BASE}/resource/three/8", f"{BASE}/resource/three/9")
    assert decisions.reanchor(ledger, NOW) is None
    publish(ledger, "three", "8", None)
    assert pairs(decisions.in_force(ledger)) == [(f"{BASE}/resource/three/9", B)]


def test_a_pair_is_never_carried_onto_itself(ledger: sqlite3.Connection) -> None:
    publish(ledger, "one", "1", "Prices")
    publish(ledger, "two", "1", "Prices")
    decisions.decide(ledger, said(A, B))
    publish(ledger, "one", "1", None)
    assert pairs(decisions.in_force(ledger)) == [(A, B)]
    (told,) = decisions.unanchored(ledger)
    assert (told.missing, told.candidates) == ((A,), ())


def test_a_decision_from_elsewhere_finds_its_records_by_the_digests_that_it_brings(
    ledger: sqlite3.Connection,
) -> None:
    both(ledger)
    brought = content.digests(ledger, [A, B])
    decisions.decide(
        ledger,
        said("https://other.example/1", "https://other.example/2", left_digest=brought[A], right_digest=brought[B]),
    )
    assert pairs(decisions.in_force(ledger)) == [(A, B)]


def test_of_two_decisions_that_meet_on_a_pair_the_newer_counts(ledger: sqlite3.Connection) -> None:
    both(ledger)
    decisions.decide(ledger, said(A, B, "reject", time="2026-01-05T00:00:00Z"))
    publish(ledger, "one", "1", None)
    publish(ledger, "one", "2", "Prices")
    new = f"{BASE}/resource/one/2"
    decisions.decide(ledger, said(new, B, time="2026-01-04T00:00:00Z"))
    assert len(decisions.standing(ledger)) == 2
    (found,) = decisions.in_force(ledger)
    assert (found.left, found.verdict) == (new, "reject")


def test_a_ledger_of_schema_5_keeps_its_decisions_and_learns_what_its_records_say(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old = sqlite3.connect(path, isolation_level=None)
    for number, sql in _migrations():
        if number <= 5:
            for statement in _statements(sql):
                old.execute(statement)
    old.execute("PRAGMA user_version=5")
    old.execute("INSERT INTO feed (id, academy) VALUES ('one', 'x'), ('two', 'y')")
    for sequence, (feed, key, title) in enumerate((("one", "1", "Old"), ("one", "1", "Prices"), ("two", "1", "W")), 1):
        graph = zlib.compress(triples(feed, key, title).encode())
        subject = f"{BASE}/record/{feed}/{key}"
        old.execute("INSERT INTO graph (id, stated, inferred) VALUES (?,?,?)", (sequence, graph, graph))
        old.execute(
            "INSERT INTO change VALUES (?,?,'record',?,'source',?,?,'',?,?,'d')",
            (sequence, NOW, subject, feed, key, NOW, sequence),
        )
        old.execute(
            "INSERT OR REPLACE INTO standing VALUES (?,?,'record',?,?,?,'d')", (subject, sequence, feed, key, NOW)
        )
    for verdict in ("accept", "reject"):
        old.execute(
            "INSERT INTO decision (left_resource, right_resource, verdict, relation, reviewer, time, note)"
            " VALUES (?,?,?,'copy','ana',?,'n')",
            (A, B if verdict == "accept" else f"{B}0", verdict, NOW),
        )
    old.close()
    ledger = connect(path)
    first, second = decisions.standing(ledger)
    assert (first.verdict, first.relation, first.voice, first.note) == ("confirm", "copy", "reviewer", "n")
    assert (second.verdict, second.relation, second.right_digest) == ("reject", "different", "")
    publish(ledger, "one", "1", None)
    publish(ledger, "one", "2", "Prices")
    assert (f"{BASE}/resource/one/2", B) in pairs(decisions.in_force(ledger))
    ledger.close()
