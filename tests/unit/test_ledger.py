"""The ledger: staging, what stands, the log, findings."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from registry.iris import Iris
from registry.ledger import LedgerError, connect, decisions, findings, log, records, runs, transaction
from registry.ledger.staging import Staged, known_document, seen_digest, stage
from registry.model import (
    Decision,
    Document,
    Done,
    Feed,
    FeedIssue,
    Finding,
    HarvestEvent,
    Issue,
    RawRecord,
    Unchanged,
)

FEED = Feed("f", "a", "oai_pmh", "http://127.0.0.1/")
NOW = "2026-01-01T00:00:00Z"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterable[sqlite3.Connection]:
    connection = connect(tmp_path / "ledger.sqlite")
    yield connection
    connection.close()


def raw(key: str, body: str = "x", **more: object) -> RawRecord:
    return RawRecord(key, body.encode(), "text/xml", "oai_dc", f"http://127.0.0.1/{key}", **more)  # type: ignore[arg-type]


def visit(ledger: sqlite3.Connection, events: Iterable[HarvestEvent]) -> tuple[int, Staged]:
    number, _ = runs.start(ledger, Iris("http://x"), FEED, NOW)
    result = Staged()
    stage(ledger, "f", number, NOW, events, result)
    return number, result


def test_second_visit_of_the_same_finds_the_document_unchanged(ledger: sqlite3.Connection) -> None:
    page = Document("http://127.0.0.1/1", "sha256:p", "etag", None)
    _, first = visit(ledger, [page, raw("1"), raw("2"), Done(True)])
    assert (first.new, first.records) == (2, 2)
    assert known_document(ledger, "f", "http://127.0.0.1/1") == page
    assert seen_digest(ledger, "f", "sha256:p")
    number, second = visit(ledger, [Unchanged(page.address, page.digest), Done(True)])
    assert (second.new, second.changed, second.unchanged) == (0, 0, 2)
    assert records.find_absent(ledger, "f", number) == 0


def test_a_document_whose_record_moved_or_that_broke_off_no_longer_stands(ledger: sqlite3.Connection) -> None:
    visit(ledger, [Document("u1", "sha256:1"), raw("1"), raw("2"), Done(True)])
    visit(ledger, [Document("u2", "sha256:2"), raw("2", "other"), Done(True)])
    assert not seen_digest(ledger, "f", "sha256:1")
    assert seen_digest(ledger, "f", "sha256:2")

    def breaks() -> Iterable[HarvestEvent]:
        yield Document("u3", "sha256:3")
        yield raw("3")
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        visit(ledger, breaks())
    assert records.payload(ledger, "f", "3") is not None, "what was read is kept"
    assert not seen_digest(ledger, "f", "sha256:3")


def test_what_was_told_of_a_document_is_told_again_while_it_is_unchanged(ledger: sqlite3.Connection) -> None:
    about, passing = Issue("table-note", "row 3"), Issue("net-status", "https://a.example/2")
    document = Document("https://a.example/1", "sha256:1")
    visit(ledger, [document, FeedIssue(about, lasting=True), raw("a"), FeedIssue(passing), Done(True)])
    _, again = visit(ledger, [Unchanged(document.address, document.digest), Done(True)])
    assert again.issues == [about]
    _, other = visit(ledger, [Document(document.address, "sha256:2"), raw("a"), Done(True)])
    assert other.issues == []


def test_only_what_stands_counts_as_published(ledger: sqlite3.Connection) -> None:
    visit(ledger, [Document("u", "sha256:1"), raw("a"), raw("b"), Done(True)])
    ledger.execute("UPDATE record SET good=latest, status='active' WHERE key='a'")
    number, _ = visit(ledger, [Done(True)])
    assert records.find_absent(ledger, "f", number) == 2
    assert records.find_going(ledger, "f", absent=True) == (2, 1)


def test_absent_and_signalled(ledger: sqlite3.Connection) -> None:
    visit(ledger, [Document("u", "sha256:1"), raw("1"), raw("2"), raw("3"), Done(True)])
    number, result = visit(ledger, [Document("u", "sha256:2"), raw("1"), raw("2", deleted=True), Done(True)])
    assert result.deleted == 1
    assert records.find_going(ledger, "f", absent=False) == (1, 0)
    assert [key for batch in records.going(ledger) for _, key in batch] == ["2"]
    assert records.find_absent(ledger, "f", number) == 1
    assert records.find_going(ledger, "f", absent=True) == (2, 0)
    assert [key for batch in records.going(ledger) for _, key in batch] == ["2", "3"]


def test_a_deleted_record_that_comes_back_is_prepared_again(ledger: sqlite3.Connection) -> None:
    visit(ledger, [raw("1"), Done(True)])
    ledger.execute("UPDATE record SET prepared='r', status='active', good=latest")
    visit(ledger, [raw("1", deleted=True), Done(True)])
    ledger.execute("UPDATE record SET status='gone', prepared=NULL")
    assert records.waiting_count(ledger, "f", "r") == 0
    visit(ledger, [raw("1"), Done(True)])
    assert records.waiting_count(ledger, "f", "r") == 1


def append(ledger: sqlite3.Connection, subject: str, body: str, kind: str = "record") -> int | None:
    packed = zlib.compress(body.encode()) if body else b""
    with transaction(ledger):
        return log.append(
            ledger, time=NOW, kind=kind, subject=subject, cause="source", feed="f", key=subject,  # type: ignore[arg-type]
            stated=packed, inferred=zlib.compress(b""), digest_=body,
        )  # fmt: skip


def test_the_log_takes_a_change_only_when_it_changes(ledger: sqlite3.Connection) -> None:
    assert append(ledger, "a", "one") == 1
    assert append(ledger, "a", "one") is None
    assert append(ledger, "a", "two") == 2
    assert append(ledger, "b", "", "tombstone") is None, "a tombstone of what never stood"
    assert append(ledger, "a", "", "tombstone") == 3
    assert append(ledger, "a", "", "tombstone") is None
    assert append(ledger, "a", "two") == 4, "it came back"
    assert [change.stated for change in log.history(ledger, "a")] == ["one", "two", "", "two"]
    assert [change.sequence for change in log.standing(ledger)] == [4]
    assert [change.sequence for change in log.changes(ledger, 2)] == [3, 4]
    assert log.standing_count(ledger) == 1


def test_decisions_are_changes_and_the_newest_counts(ledger: sqlite3.Connection) -> None:
    for verdict, relation in (("confirm", "copy"), ("reject", "different")):
        decisions.decide(ledger, Decision("urn:b", "urn:a", verdict, relation, "ana", NOW))  # type: ignore[arg-type]
    (kept,) = decisions.standing(ledger)
    assert (kept.left, kept.right, kept.verdict) == ("urn:a", "urn:b", "reject")
    assert log.last_sequence(ledger) == 2


def test_findings_are_replaced_and_grouped_by_cause(ledger: sqlite3.Connection) -> None:
    def finding(key: str, code: str, severity: str = "warning") -> Finding:
        return Finding("f", key, severity, Issue(code, "place", "value", (("a", "b"),)))  # type: ignore[arg-type]

    with transaction(ledger):
        findings.replace(ledger, "f", "1", "prepare", [finding("1", "w"), finding("1", "v", "violation")])
        findings.replace(ledger, "f", "2", "prepare", [finding("2", "w")])
        findings.replace(ledger, "f", "2", "prepare", [finding("2", "w"), finding("2", "w")])
    first, second = findings.groups(ledger, ["f"])
    assert (first.code, first.count) == ("v", 1)
    assert (second.code, second.count, second.records) == ("w", 3, 2)
    assert second.examples[0].issue.params == (("a", "b"),)
    page, after = findings.listed(ledger, ["f"], limit=3)
    rest, end = findings.listed(ledger, ["f"], limit=3, after=after or 0)
    assert len(page) == 3 and len(rest) == 1 and end is None


def test_a_newer_ledger_is_refused_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(LedgerError, match="no ledger"):
        connect(path, readonly=True)
    connection = connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(LedgerError, match="newer"):
        connect(path)


def test_the_schema_uses_no_sql_newer_than_3_26() -> None:
    folder = Path(log.__file__).parent
    text = "\n".join(file.read_text("utf-8") for file in [*folder.rglob("*.py"), *folder.rglob("*.sql")]).upper()
    for word in (" RETURNING ", " STRICT", "->>", " UPSERT", "FULL JOIN", "MD5", " IIF("):
        assert word not in text


def test_the_base_address_is_chosen_once(ledger: sqlite3.Connection) -> None:
    assert runs.base_address(ledger, "https://one.example") == "https://one.example"
    assert runs.base_address(ledger, "https://two.example") == "https://one.example"


def sorts(ledger: sqlite3.Connection, statements: Iterable[str]) -> int:
    """How many of some statements sort what they read."""
    plans = (ledger.execute(f"EXPLAIN QUERY PLAN {one}").fetchall() for one in statements)
    return sum(any("TEMP B-TREE" in row[3] for row in plan) for plan in plans)


def test_a_million_is_read_in_pages_that_are_not_sorted_each(
    ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE", 7)
    visit(ledger, [*(raw(f"{n}") for n in range(50)), Done(True)])
    for n in (3, 1, 2, *range(4, 50)):
        append(ledger, f"{n}", "one")
    append(ledger, "1", "two")
    append(ledger, "9", "", "tombstone")
    statements: list[str] = []
    ledger.set_trace_callback(statements.append)
    order = ["3", "2", *(f"{n}" for n in range(4, 50) if n != 9), "1", "9"]
    assert [change.subject for change in log.standing(ledger)] == order
    assert [change.subject for change in log.standing(ledger, 40)] == order[:38]
    read = log.published_of(ledger, "f")
    first = [next(read).subject for _ in range(3)]
    for changed in ("30", "31"):
        append(ledger, changed, "changed while it was read")
    rest = [n for n in order[3:-1] if n not in ("30", "31")] + ["30", "31"]
    assert first == order[:3] and [change.subject for change in read] == rest
    waiting = [one.record.key for batch in records.waiting(ledger, "f", "r", 7) for one in batch]
    assert waiting == [f"{n}" for n in range(50)]
    ledger.set_trace_callback(None)
    paged = [one for one in statements if one.startswith("SELECT")]
    assert len(paged) > 20
    assert sorts(ledger, paged) == 4, "published_of at its beginning, after the rest and at its end; waiting once"
