"""The state of matching on disk, carried forward change by change.

How incremental it is, honestly: a record is read once; candidate pairs are found anew over all records at
each call (a few seconds at 100,000); a pair is compared only if one of its records, or what bears on the
pair from all records (keys set aside, rare words), changed since it was compared. The result therefore equals
``match`` on everything by construction. The interface allows touching only changed records later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from secrets import token_hex
from sys import intern

import duckdb

from registry.matching.compare import compare
from registry.matching.features import Features, extract, from_json
from registry.matching.keys import blocks, title_tokens
from registry.matching.normalise import load_tables
from registry.matching.outcome import Rule, load_rules
from registry.matching.rules import relate
from registry.matching.select import Pair, select
from registry.matching.stored import match_from_json, newest
from registry.model import Change, Decision, Match

SHARED_IN_FEED = 5
"""A key that more records of one feed share is no evidence."""
BUCKET = 200
RAREST = 4
TOP = 30
"""Candidates kept for a record, by weight of what it shares with the other."""
OWNERS = 5
"""A declared relation to a key that more resources claim is not resolved."""
AT_ONCE = 4_000
"""Records whose candidates are sought in one statement; each meets up to some 2,000 others."""
CHUNK = 10_000
READ_AT_ONCE = 2_000
PAGE = 4_000

READING, COMPUTING = "64MB", "250MB"
"""What DuckDB may keep in memory; what is more goes to disk."""

# A list goes to DuckDB as one JSON text: as a Python list each value costs a search for missing libraries.
LISTED = "unnest(from_json(?::JSON, '[\"VARCHAR\"]'))"


def as_json(values: Iterable[object]) -> str:
    """A column of values as LISTED reads it."""
    return json.dumps(list(values), ensure_ascii=False)


class OtherRecipe(Exception):
    """The working file was made by another version of the rules: ``rebuild`` it."""


@dataclass(frozen=True, slots=True)
class MatchDelta:
    """What a call changed: matches that are new or different, and pairs (left, right) that are no more.

    ``aside`` counts what was set aside as no evidence: keys shared by too many records of a feed, and
    buckets too large to compare; empty when nothing had changed and nothing was compared.
    """

    upserts: list[Match]
    removals: list[tuple[str, str]]
    aside: Mapping[str, int]


def recipe_digest() -> str:
    """The digest of this room's code and tables; another digest means rebuild."""
    found = sha256()
    folder = files("registry.matching")
    for where in (folder, folder.joinpath("tables")):
        for entry in sorted(where.iterdir(), key=lambda item: item.name):
            if entry.name.endswith((".py", ".tsv", ".sql")):
                found.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
    return found.hexdigest()


class Matcher:
    """Matching with its state in ``work_dir/matching.duckdb``; one process at a time.

    ``academy_of`` maps a feed's id to its academy; a feed it does not know counts as an academy of its own.
    """

    def __init__(self, work_dir: Path | None, academy_of: Mapping[str, str]) -> None:
        self._academy_of = dict(academy_of)
        self._tables = load_tables()
        self._rules: dict[str, Rule] = load_rules()
        self._recipe = recipe_digest()
        if work_dir is not None:
            work_dir.mkdir(parents=True, exist_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": READING, "threads": 2, "autoinstall_known_extensions": False,
            "autoload_known_extensions": False, "preserve_insertion_order": False,
        }  # fmt: skip
        self._db = duckdb.connect(":memory:" if work_dir is None else str(work_dir / "matching.duckdb"), config=config)
        self._db.execute("SET enable_progress_bar = false")
        self._db.execute(files("registry.matching").joinpath("schema.sql").read_text("utf-8"))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _meta(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT name, value FROM meta").fetchall())

    def marker(self) -> tuple[int, str]:
        """(last change that is in it, recipe digest); (0, "") for a new file."""
        values = self._meta()
        return int(values.get("sequence", "0")), values.get("recipe", "")

    def state(self) -> str:
        """Names what the matches are now: this file and the turn they were last changed at."""
        values = self._meta()
        return f"{values.get('file', '')}.{values.get('turn', '0')}"

    def changes_since(self, state: str) -> tuple[Iterator[Match], list[tuple[str, str]]] | None:
        """Matches new or different since a state, and pairs that are no more; None if it is another file's."""
        file, _, turn = state.partition(".")
        if not file or file != self._meta().get("file"):
            return None
        gone = self._db.execute("SELECT a, b FROM gone WHERE turn > ? ORDER BY a, b", [int(turn)]).fetchall()
        return self._matches("turn > ?", [int(turn)]), list(gone)

    def all(self) -> Iterator[Match]:
        """Every match, by left and right IRI."""
        return self._matches("true", [])

    def _matches(self, where: str, values: list[int]) -> Iterator[Match]:
        # Page by page: DuckDB keeps the whole answer of a query in memory.
        cursor, last = self._db.cursor(), ("", "")
        sql = f"SELECT a, b, body FROM match WHERE {where} AND (a > ? OR (a = ? AND b > ?)) ORDER BY a, b LIMIT {PAGE}"
        while rows := cursor.execute(sql, [*values, last[0], *last]).fetchall():
            yield from (match_from_json(body) for _, _, body in rows)
            last = rows[-1][:2]

    def apply(
        self, changes: Iterable[Change], decisions: Iterable[Decision] | None = None, *, tell: bool = True
    ) -> MatchDelta:
        """Carry the state forward; changes that are already in it are passed over.

        ``decisions`` are all decisions that stand (``ledger.decisions``), None when none was given since the
        last call. Without ``tell`` the delta leaves out the upserts: ``changes_since`` gives them a few at a
        time. Raises OtherRecipe when the file was made by other rules.
        """
        sequence, recipe = self.marker()
        if recipe not in ("", self._recipe):
            raise OtherRecipe("matches were made by other rules: rebuild them")
        return self._carry((c for c in changes if c.sequence > sequence), decisions, sequence, tell)

    def rebuild(
        self,
        changes: Iterable[Change],
        decisions: Iterable[Decision] = (),
        sequence: int = 0,
        *,
        tell: bool = True,
    ) -> MatchDelta:
        """Start again from the changes that stand (``ledger.standing`` or the whole log) and all decisions.

        The marker becomes the last of the changes, or ``sequence`` if that is later (what stands need not
        hold the log's last change). The delta is against what was there before.
        """
        return self._carry(changes, decisions, sequence, tell, fresh=True)

    def _carry(
        self,
        changes: Iterable[Change],
        decisions: Iterable[Decision] | None,
        sequence: int,
        tell: bool,
        fresh: bool = False,
    ) -> MatchDelta:
        meta = self._meta()
        file, turn = meta.get("file") or token_hex(8), int(meta.get("turn", "0")) + 1
        self._db.execute(f"SET memory_limit = '{COMPUTING}'")
        self._db.execute("BEGIN")
        try:
            if fresh:
                for table in ("record", "own", "declared", "block", "token", "scored"):
                    self._db.execute(f"DELETE FROM {table}")
            reached = self._read(changes, sequence)
            moved = [fresh, reached != sequence, self._academies()]
            if decisions is not None:
                moved.append(self._decide([self._decision_row(item) for item in newest(decisions)]))
            sequence, delta = reached, MatchDelta([], [], {})
            if any(moved):
                aside = self._candidates()
                self._score()
                delta = self._settle(aside, turn, tell)
            self._db.execute("DELETE FROM meta")
            kept = {"sequence": str(sequence), "recipe": self._recipe, "file": file, "turn": str(turn)}
            self._insert("meta", list(kept.items()))
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.TransactionException):  # a failed commit has undone it already
                self._db.execute("ROLLBACK")
            raise
        finally:
            self._db.execute(f"SET memory_limit = '{READING}'")
        return delta

    @staticmethod
    def _decision_row(item: Decision) -> tuple[str, ...]:
        a, b = sorted((item.left, item.right))
        return a, b, item.verdict, item.relation, item.reviewer, item.time, item.note

    def _insert(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            columns = [as_json(column) for column in zip(*rows, strict=True)]
            self._db.execute(f"INSERT INTO {table} SELECT {', '.join([LISTED] * len(columns))}", columns)

    def _read(self, changes: Iterable[Change], sequence: int) -> int:
        """Take changes into the tables of records and keys; returns the last sequence."""
        waiting: dict[str, Features | None] = {}
        for change in changes:
            sequence = max(sequence, change.sequence)
            if change.kind == "record":
                waiting[change.subject] = extract(change, self._tables)
            elif change.kind in ("tombstone", "erased"):
                waiting[change.subject] = None
            if len(waiting) >= READ_AT_ONCE:
                self._store(waiting)
                waiting = {}
        self._store(waiting)
        return sequence

    def _store(self, records: Mapping[str, Features | None]) -> None:
        if not records:
            return
        gone = list(records)
        for table in ("own", "declared", "block", "token"):
            self._db.execute(
                f"DELETE FROM {table} WHERE rid IN (SELECT rid FROM record WHERE subject IN (SELECT {LISTED}))",
                [as_json(gone)],
            )
        self._db.execute(f"DELETE FROM record WHERE subject IN (SELECT {LISTED})", [as_json(gone)])
        (first,) = self._db.execute("SELECT coalesce(max(rid), 0) + 1 FROM record").fetchall()[0]
        rows: dict[str, list[tuple[object, ...]]] = {"record": [], "own": [], "declared": [], "block": [], "token": []}
        for rid, item in enumerate((item for item in records.values() if item is not None), first):
            data = item.to_json()
            digest = sha256(data.encode()).hexdigest()[:24]
            rows["record"].append((rid, item.record, item.resource, item.feed, "", digest, data))
            rows["own"].extend((rid, key) for key in item.own)
            rows["declared"].extend((rid, key) for key in sorted({key for _, key in item.declared}))
            rows["block"].extend((rid, key, weight) for key, weight in blocks(item, self._tables))
            rows["token"].extend((rid, word) for word in title_tokens(item))
        for table, values in rows.items():
            self._insert(table, values)

    def _decide(self, rows: list[tuple[str, ...]]) -> bool:
        """Store the decisions that stand; whether they differ from those of the last call."""
        if self._db.execute("SELECT * FROM decision ORDER BY a, b").fetchall() == rows:
            return False
        self._db.execute("DELETE FROM decision")
        self._insert("decision", rows)
        return True

    def _academies(self) -> bool:
        """Write each record's academy; whether one of them changed."""
        changed = False
        for feed, academy in self._db.execute("SELECT DISTINCT feed, academy FROM record").fetchall():
            now = self._academy_of.get(feed, feed)
            if academy != now:
                self._db.execute("UPDATE record SET academy = ? WHERE feed = ? AND academy = ?", [now, feed, academy])
                changed = True
        return changed

    def _candidates(self) -> dict[str, int]:
        """Fill the table ``todo`` of pairs with what bears on each; returns what was set aside."""
        sql = files("registry.matching").joinpath("candidates.sql").read_text("utf-8")
        self._db.execute(sql.format(shared_in_feed=SHARED_IN_FEED, bucket=BUCKET, rarest=RAREST))
        (records,) = self._db.execute("SELECT count(*) FROM live").fetchall()[0]
        for start in range(1, records + 1, AT_ONCE):
            self._db.execute(
                "INSERT INTO candidate SELECT least(l, r), greatest(l, r) FROM ("
                " SELECT x.n AS l, y.n AS r,"
                " row_number() OVER (PARTITION BY x.n ORDER BY sum(x.weight) DESC, y.n) AS nth"
                " FROM kept x JOIN kept y ON x.bucket = y.bucket AND x.n <> y.n"
                " WHERE x.n >= ? AND x.n < ? GROUP BY x.n, y.n) WHERE nth <= ?",
                [start, start + AT_ONCE, TOP],
            )
        self._db.execute(
            "INSERT INTO candidate SELECT least(x.n, y.n), greatest(x.n, y.n) FROM declared d"
            " JOIN live x ON x.rid = d.rid JOIN own o ON o.key = d.key"
            " JOIN live y ON y.rid = o.rid WHERE x.n <> y.n AND o.key NOT IN (SELECT key FROM aside)"
            " AND o.key IN (SELECT key FROM own JOIN live USING (rid) GROUP BY key HAVING count(*) <= ?)",
            [OWNERS],
        )
        self._db.execute(
            "INSERT INTO candidate SELECT x.n, y.n FROM decision"
            " JOIN live x ON x.resource = a JOIN live y ON y.resource = b"
        )
        sql = files("registry.matching").joinpath("todo.sql").read_text("utf-8")
        self._db.execute(sql.format(bucket=BUCKET))
        counts = self._db.execute(
            "SELECT (SELECT count(*) FROM aside), (SELECT count(*) FROM size WHERE members > ?)", [BUCKET]
        ).fetchall()[0]
        return {"shared-keys": counts[0], "large-buckets": counts[1]}

    def _score(self) -> None:
        """Compare the pairs that were not compared in this state before, forget those that are no more."""
        self._db.execute("DELETE FROM scored WHERE pair NOT IN (SELECT pair FROM todo)")
        aside = {key for (key,) in self._db.execute("SELECT key FROM aside").fetchall()}
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT row_number() OVER (ORDER BY l, r) AS nth, todo.*"
            " FROM todo ANTI JOIN scored USING (pair)"
        )
        (total,) = self._db.execute("SELECT count(*) FROM fresh").fetchall()[0]
        known: dict[int, tuple[Features, str]] = {}
        for start in range(1, total + 1, CHUNK):
            rows = self._db.execute(
                "SELECT l, r, rare, pair FROM fresh WHERE nth >= ? AND nth < ? ORDER BY nth", [start, start + CHUNK]
            ).fetchall()
            self._load(known, {n for row in rows for n in row[:2]})
            found: list[tuple[object, ...]] = []
            for left, right, rare, pair in rows:
                (a, academy), (b, other) = known[left], known[right]
                facts = compare(a, b, academy == other, tuple(rare.split()), aside, self._tables)
                outcome = relate(facts)
                if outcome is None:
                    found.append((pair, "", "", 0.0, False, ""))
                    continue
                lines = json.dumps([asdict(line) for line in outcome.evidence], ensure_ascii=False)
                found.append((pair, outcome.rule, outcome.source, outcome.score, outcome.strong, lines))
            self._insert("scored", found)

    def _load(self, known: dict[int, tuple[Features, str]], wanted: set[int]) -> None:
        if len(known) > 2 * CHUNK:
            known.clear()
        missing = sorted(wanted - known.keys())
        for at in range(0, len(missing), READ_AT_ONCE):
            rows = self._db.execute(
                "SELECT n, data, record.academy FROM live JOIN record USING (rid)"
                f" WHERE n IN (SELECT {LISTED}::BIGINT)",
                [as_json(missing[at : at + READ_AT_ONCE])],
            ).fetchall()
            known.update((n, (from_json(data), academy)) for n, data, academy in rows)

    def _settle(self, aside: Mapping[str, int], turn: int, tell: bool) -> MatchDelta:
        """Choose among the scored pairs, apply decisions, and store what is new against the last call."""
        rows = self._db.execute(
            "SELECT x.resource, y.resource, x.academy, y.academy, rule, source, score, strong, pair"
            " FROM todo JOIN scored USING (pair) JOIN live x ON x.n = l JOIN live y ON y.n = r"
            " WHERE rule <> '' ORDER BY l, r"
        )
        pairs: list[Pair] = []
        while batch := rows.fetchmany(10_000):
            # The same few IRIs and academies come again and again: one object for each.
            pairs.extend(Pair._make((*map(intern, row[:6]), *row[6:])) for row in batch)
        decided = {
            (row[0], row[1]): Decision(*row)
            for row in self._db.execute(
                "SELECT a, b, verdict, relation, reviewer, time, note FROM decision"
                " WHERE a IN (SELECT resource FROM live) AND b IN (SELECT resource FROM live) ORDER BY a, b"
            ).fetchall()
        }
        repositories = self._repositories()
        self._db.execute("CREATE OR REPLACE TEMP TABLE fresh_match (a VARCHAR, b VARCHAR, body VARCHAR)")
        chosen = select(pairs, decided, self._rules, repositories)
        for at in range(0, len(chosen), CHUNK):
            part = chosen[at : at + CHUNK]
            wanted = [item.pair for item in part if item.pair]
            evidence = dict(
                self._db.execute(
                    f"SELECT pair, evidence FROM scored WHERE pair IN (SELECT {LISTED})", [as_json(wanted)]
                ).fetchall()
            )
            bodies = [item.body(evidence.get(item.pair, "[]")) for item in part]
            self._insert("fresh_match", [(i.left, i.right, b) for i, b in zip(part, bodies, strict=True)])
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE upsert AS"
            " SELECT a, b, body FROM fresh_match ANTI JOIN match USING (a, b, body)"
        )
        removals = self._db.execute(
            "SELECT a, b FROM match ANTI JOIN fresh_match USING (a, b) ORDER BY a, b"
        ).fetchall()
        self._db.execute("DELETE FROM match USING upsert WHERE match.a = upsert.a AND match.b = upsert.b")
        self._db.execute("DELETE FROM gone USING upsert WHERE gone.a = upsert.a AND gone.b = upsert.b")
        self._db.execute(
            "INSERT INTO gone SELECT a, b, ? FROM match ANTI JOIN fresh_match USING (a, b) ORDER BY a, b", [turn]
        )
        self._db.execute("DELETE FROM match USING gone WHERE match.a = gone.a AND match.b = gone.b")
        self._db.execute("INSERT INTO match SELECT a, b, body, ? FROM upsert ORDER BY a, b", [turn])
        self._db.execute("DROP TABLE upsert")
        upserts = []
        if tell:
            made = self._db.execute("SELECT body FROM match WHERE turn = ? ORDER BY a, b", [turn]).fetchall()
            upserts = [match_from_json(body) for (body,) in made]
        return MatchDelta(upserts, list(removals), dict(aside))

    def _repositories(self) -> dict[str, str]:
        """The repository of each resource that names just one."""
        rows = self._db.execute(
            "SELECT resource, min(key) FROM block JOIN live USING (rid) WHERE key LIKE 'repo:%'"
            " GROUP BY resource HAVING count(*) = 1"
        )
        return dict(rows.fetchall())


def match(records: Iterable[Change], academy_of: Mapping[str, str], decisions: Iterable[Decision] = ()) -> list[Match]:
    """All matches among the records that stand, by left and right IRI; the order of input does not matter."""
    with Matcher(None, academy_of) as matcher:
        matcher.rebuild(records, decisions)
        return list(matcher.all())
