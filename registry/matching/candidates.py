"""Which pairs are worth a comparison: each record's best partners by what they share, kept exactly up to date.

A key that too many records have (CAP, WORD_CAP) brings nobody together, so the cost grows with the number of records,
not of pairs. A record keeps its TOP best in its language and its ABROAD best in others; ties go to the smaller number.
``carry`` touches only what changed and gives the same as ``build`` on everything: a list is made anew unless it is
proved that nothing unseen could enter it. So that not every change proves the contrary, a list knows a few more
than it shows (SPARE), and how far it sees (``horizon``).
Source of the caps: OpenAIRE (200); of top-k: Sparkly (PVLDB 16(6), 2023).
"""

from __future__ import annotations

import math

import duckdb

from registry.matching.columns import sql
from registry.matching.keys import KINDS
from registry.matching.lexicon import Lexicon

CAP, WORD_CAP = 200, 60
"""Records that have a key, and a key of words, at most: what more have brings nobody together."""
TOP, ABROAD = 24, 12
"""A record's partners that are kept: the best in its language, and the best in others, which share few words and would
lose their place to those that do."""
SPARE = 1.5
"""How many times as many a list knows: half of what it shows may go before it is made anew."""
RAREST = 4
"""Words of a record that count as its rare ones where two records are compared."""
KNOWN, TRIPLES, NEW = 5, 4, 5
"""Words of a record that make keys: its rarest of those that the frequencies know, how many of them also in triples,
and its words that they do not know. These are often its alone: they must not stand in the place of words that others
have."""
UNKNOWN = 2
"""How many records have a word that the frequencies do not know."""
OWNERS = 5
"""A declared relation to a key that more resources claim is not resolved."""
SHARED_IN_FEED = 5
"""A key of identity that more records of one feed share is no evidence."""
AT_ONCE = 12_000_000
"""Meetings of two records in one statement."""

_MET = (
    "SELECT x.n, y.n AS other, bool_or(x.language <> y.language AND x.language > 0 AND y.language > 0) AS abroad,"
    " sum(x.weight)::INTEGER AS weight, bit_or(x.kind) AS kinds"
    " FROM {mine} x JOIN {others} y ON x.k = y.k AND x.n <> y.n {where} GROUP BY x.n, y.n"
)
_MEET = (
    "SELECT n, other, abroad, weight, kinds, nth FROM (SELECT *, row_number() OVER (PARTITION BY n, abroad"
    " ORDER BY weight DESC, other) AS nth FROM ({met})) WHERE nth <= {deep} + 1"
)


def cap() -> str:
    """How many records may have a key, as SQL over the rows of one."""
    return f"(CASE WHEN any_value(kind) = {KINDS['words']} THEN {WORD_CAP} ELSE {CAP} END)"


def top() -> str:
    """How many partners a list shows, as SQL."""
    return f"(CASE WHEN abroad THEN {ABROAD} ELSE {TOP} END)"


def deep() -> str:
    """How many it knows."""
    return f"(CASE WHEN abroad THEN {int(ABROAD * SPARE)} ELSE {int(TOP * SPARE)} END)"


def know(db: duckdb.DuckDBPyConnection, lexicon: Lexicon) -> None:
    """Lay the model's frequencies beside the tables, for as long as the connection lives."""
    db.register("frequency_", {"k": lexicon.keys, "df": lexicon.counts})
    db.execute("CREATE OR REPLACE TEMP TABLE frequency AS SELECT k, df FROM frequency_")
    db.unregister("frequency_")


def words(db: duckdb.DuckDBPyConnection, lexicon: Lexicon) -> None:
    """Add the keys of rare words of the records in the table ``fresh``."""
    bounds = {"few": UNKNOWN, "known": KNOWN, "triples": TRIPLES, "new": NEW, "cap": WORD_CAP}
    values = {"records": lexicon.records, "words": KINDS["words"], **bounds}
    db.execute(sql("words").format(**values))


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    value = db.execute(sql).fetchall()[0][0]
    return int(value or 0)


def build(db: duckdb.DuckDBPyConnection) -> None:
    """Fill ``best`` from nothing."""
    db.execute("DELETE FROM best; DELETE FROM horizon")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE shared AS SELECT k, row_number() OVER () AS b, count(*) AS members"
        f" FROM key ANTI JOIN aside USING (k) GROUP BY k HAVING count(*) BETWEEN 2 AND {cap()}"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE good AS SELECT n, b::INTEGER AS k, kind, weight, language"
        " FROM key JOIN shared USING (k)"
    )
    meetings = _one(db, "SELECT sum(members * members) FROM shared")
    parts = max(1, math.ceil(meetings / AT_ONCE))
    for part in range(parts):
        where = f"WHERE x.n % {parts} = {part}"
        met = _MET.format(mine="good", others="good", where=where)
        db.execute("CREATE OR REPLACE TEMP TABLE met AS " + _MEET.format(met=met, deep=deep()))
        db.execute(
            f"INSERT INTO best SELECT n, other, abroad, weight, kinds, nth <= {top()} FROM met WHERE nth <= {deep()};"
            "INSERT INTO horizon SELECT n, abroad, weight, other FROM met SEMI JOIN ("
            f" SELECT n, abroad FROM met WHERE nth > {deep()}) c USING (n, abroad) WHERE nth = {deep()}"
        )
    for table in ("met", "good", "shared"):
        db.execute(f"DROP TABLE IF EXISTS {table}")


def remember(db: duckdb.DuckDBPyConnection) -> None:
    """Note the keys of the records in ``leaving`` before they are deleted; ``old_key`` grows over a run."""
    db.execute("INSERT INTO old_key SELECT k FROM key SEMI JOIN leaving USING (n)")


def carry(db: duckdb.DuckDBPyConnection) -> None:
    """Bring ``best`` up to date after the records in ``dirty`` changed; the pairs that this concerns are in
    ``changed_pair``, the lists that were looked at in ``remade``, and what these show in ``fresh_list``."""
    met = _MET.format(mine="good_mine", others="good", where="")
    meet = _MEET.format(met=met, deep=deep())
    db.execute(sql("carry").format(cap=cap(), top=top(), deep=deep(), met=met, meet=meet))
