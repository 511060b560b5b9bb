"""What the working file keeps of matches, decisions and notices, and how it is read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import duckdb

from registry.matching.keys import names_of
from registry.matching.levels import Levels
from registry.matching.scoring import Model
from registry.matching.voices import order
from registry.model import Answer, Decision, Evidence, Match

PAGE = 4_000
_COLUMNS = (
    "a, b, relation, confidence, status, rule, justification, source, reviewer, reviewed, verdict, note, weight,"
    " kinds, evidence, answers, probability, levels"
)


def matches(db: duckdb.DuckDBPyConnection, where: str, values: Sequence[object], model: str) -> Iterator[Match]:
    """Matches by left and right IRI, page by page: DuckDB keeps the whole answer of a query in memory."""
    last = ("", "")
    sql = f"SELECT {_COLUMNS} FROM match WHERE {where} AND (a > ? OR (a = ? AND b > ?)) ORDER BY a, b LIMIT {PAGE}"
    body = db.execute("SELECT body FROM model WHERE part = 'scoring'").fetchall()
    levels = Levels(Model.from_bytes(body[0][0])) if body else None
    while rows := db.execute(sql, [*values, last[0], *last]).fetchall():
        yield from (_match(row, model, levels) for row in rows)
        last = rows[-1][:2]


def _match(row: tuple[object, ...], model: str, levels: Levels | None) -> Match:
    (a, b, relation, confidence, status, rule, justification, source, reviewer, reviewed, verdict, note, weight, kinds,
     evidence, answers, probability, code) = row  # fmt: skip
    lines = [Evidence(**line) for line in json.loads(str(evidence))]
    if verdict:
        lines.insert(0, Evidence("reviewed", str(verdict), 1.0, str(note), str(note)))
    return Match(
        a, b, relation, confidence, status, rule, justification, tuple(lines), source, reviewer, reviewed,  # type: ignore[arg-type]
        weight=weight or 0.0, generators=names_of(int(kinds or 0)),  # type: ignore[arg-type, call-overload]
        answers=tuple(Answer(**one) for one in json.loads(str(answers))), model=model,
        probability=probability, reasons=levels.reasons(int(code)) if levels and code else (),  # type: ignore[arg-type, call-overload]
    )  # fmt: skip


def _row(one: Decision) -> tuple[object, ...]:
    a, b = sorted((one.left, one.right))
    return (
        a,
        b,
        one.voice,
        one.academy,
        one.verdict,
        one.relation,
        one.source,
        one.reviewer,
        one.time,
        one.note,
        one.id,
    )


def newest(decisions: Iterable[Decision]) -> list[tuple[object, ...]]:
    """The rows of the newest decision of each pair and voice that was not taken back, by pair and voice. The ledger
    hands over only those; for any other list the time decides, and at one time the other fields."""
    standing = sorted((one for one in decisions if not one.undone), key=order)
    rows = {(min(d.left, d.right), max(d.left, d.right), d.voice, d.academy): _row(d) for d in standing}
    return [rows[key] for key in sorted(rows)]


def decide(db: duckdb.DuckDBPyConnection, decisions: Iterable[Decision]) -> bool:
    """Store the decisions that stand; whether they differ from those of the last call."""
    rows = newest(decisions)
    before = db.execute("SELECT * FROM decision ORDER BY a, b, voice, academy").fetchall()
    if before == rows:
        return False
    db.execute("DELETE FROM decision")
    if rows:
        db.executemany(f"INSERT INTO decision VALUES ({', '.join('?' * len(rows[0]))})", rows)
    return True


def end(db: duckdb.DuckDBPyConnection, ended: Iterable[tuple[str, str]]) -> bool:
    """Store the pairs whose notice has ended; whether they differ from those of the last call."""
    rows = sorted({(min(pair), max(pair)) for pair in ended})
    if db.execute("SELECT a, b FROM ended ORDER BY a, b").fetchall() == rows:
        return False
    db.execute("DELETE FROM ended")
    if rows:
        db.executemany("INSERT INTO ended VALUES (?, ?)", rows)
    return True
