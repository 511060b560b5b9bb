"""Opening the ledger: SQLite in WAL mode, migrations, transactions.

SQLite has one writer at a time. Processes wait for each other by asking again and again (``busy_timeout``),
which is unfair and slow with many; threads of one process share a lock instead and wait in line.

A process killed at any moment loses nothing that was committed: every write of a run is a transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path

from registry.ledger import content


class LedgerError(Exception):
    """The ledger cannot be used; the message says why and what to do."""


class Ledger(sqlite3.Connection):
    """A connection; ``turn`` is held while it writes, so that threads of one process wait in line."""

    turn: threading.Lock | None = None


def connect(path: Path, *, readonly: bool = False, turn: threading.Lock | None = None) -> sqlite3.Connection:
    """A connection in autocommit mode. Creates and migrates the file unless ``readonly``.

    ``turn`` is shared by the connections of threads that write at the same time. Raises
    LedgerError if the file was written by a newer version, or is not there (readonly).
    """
    if readonly:
        if not path.exists():
            raise LedgerError(f"{path}: there is no ledger yet; harvest a feed first")
        connection: sqlite3.Connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
        )
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = writer = sqlite3.connect(path, isolation_level=None, timeout=60, factory=Ledger)
        writer.turn = turn or threading.Lock()
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=60000")
    connection.execute("PRAGMA foreign_keys=ON")
    if not readonly:
        migrate(connection, path)
    return connection


def beside(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Another connection to the same file, for a thread: both wait in line when they write."""
    return connect(path, turn=getattr(connection, "turn", None))


def _migrations() -> list[tuple[int, str]]:
    folder = files("registry.ledger.migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:3]), folder.joinpath(name).read_text("utf-8")) for name in names]


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to this program's version, each step in a transaction of its own."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    steps = _migrations()
    content.functions(connection)
    if version > steps[-1][0]:
        raise LedgerError(f"{path}: written by a newer version (schema {version}); update the program")
    for number, sql in steps:
        if number > version:
            with transaction(connection):
                if connection.execute("PRAGMA user_version").fetchone()[0] >= number:
                    continue
                for statement in _statements(sql):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={number}")


def _statements(sql: str) -> Iterator[str]:
    buffer = ""
    for line in sql.splitlines(keepends=True):
        buffer += line
        if sqlite3.complete_statement(buffer):
            yield buffer
            buffer = ""
    if buffer.strip():
        raise LedgerError(f"a migration ends in the middle of a statement: {buffer.strip()[:80]}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the write lock is taken at once, so that two writers wait instead of failing."""
    with getattr(connection, "turn", None) or nullcontext():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # A full disk may have undone it already (SQLite, "Response to errors within a transaction").
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
