"""The model of matching: frequencies, weights of agreement, what people answered to the rules, chances. Versioned,
kept in the ledger as bytes.

Without one, a model is made from the records that are read first, deterministically; it stays until another is
trained (``meta-academy match train``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import duckdb
import numpy as np

from registry.matching import lexicon as frequencies
from registry.matching import scoring
from registry.matching.blocks import TOPIC
from registry.matching.chances import Chances
from registry.matching.lexicon import COMMON, GRAMS, Lexicon
from registry.matching.proven import Proven


@dataclass(frozen=True, slots=True)
class MatchModel:
    """All that matching learnt. ``version`` is a digest of the parts, so that equal models have one name."""

    lexicon: Lexicon
    scoring: scoring.Model
    proven: Proven | None = None
    chances: Chances | None = None
    version: str = ""

    def parts(self) -> dict[str, bytes]:
        """As the ledger keeps it."""
        return {"lexicon": self.lexicon.to_bytes(), "scoring": self.scoring.to_bytes(), **self._learnt()}

    def _learnt(self) -> dict[str, bytes]:
        found = {"proven": self.proven, "chances": self.chances}
        return {name: part.to_json().encode() for name, part in found.items() if part is not None}


def named(model: MatchModel) -> MatchModel:
    """The model under the digest of what is in it."""
    state = sha256(model.scoring.to_bytes())
    for array in (model.lexicon.keys, model.lexicon.counts, model.lexicon.grams):
        state.update(np.ascontiguousarray(array).tobytes())
    for body in model._learnt().values():
        state.update(body)
    return replace(model, version=state.hexdigest()[:12])


def from_parts(parts: Mapping[str, bytes]) -> MatchModel:
    """Read what ``parts`` gave; other parts are passed over. Raises ValueError for weights that this version of
    matching cannot use."""
    weights = scoring.Model.from_bytes(parts["scoring"])
    for text, names in ((weights.within, scoring.WITHIN), (weights.across, scoring.ACROSS)):
        if {one["output_column_name"] for one in json.loads(text)["comparisons"]} != set(names):
            raise ValueError("the model compares other things than this version of matching does")
    proven, chances = (parts[name].decode() if name in parts else None for name in ("proven", "chances"))
    return named(
        MatchModel(
            frequencies.from_bytes(parts["lexicon"]),
            weights,
            Proven.from_json(proven) if proven else None,
            Chances.from_json(chances) if chances else None,
        )
    )


def count(db: duckdb.DuckDBPyConnection) -> Lexicon:
    """The frequencies of what the working file holds: words, titles, topics, three-letter groups."""
    (records,) = db.execute("SELECT count(*) FROM trait").fetchall()[0]
    counted = db.execute(
        "SELECT k, CAST(sum(df) AS INTEGER) AS df FROM ("
        " SELECT t AS k, count(*) AS df FROM token GROUP BY t"
        f" UNION ALL SELECT title, count(*) FROM trait WHERE title <> 0 GROUP BY title) GROUP BY k"
        f" HAVING sum(df) >= {COMMON} ORDER BY k"
    ).fetchnumpy()
    keys = np.asarray(counted["k"], np.int64)
    counts = np.asarray(counted["df"], np.int32)
    topics, grams = _numbers(db, "topics"), _numbers(db, "grams")
    found, times = np.unique(topics, return_counts=True)
    often = times >= COMMON
    keys = np.concatenate([keys, found[often].astype(np.int64) + TOPIC])
    counts = np.concatenate([counts, times[often].astype(np.int32)])
    order = np.argsort(keys, kind="stable")
    return Lexicon(int(records), keys[order], counts[order], np.bincount(grams, minlength=GRAMS).astype(np.int32))


def _numbers(db: duckdb.DuckDBPyConnection, column: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """All members of a column of sets, one after the other."""
    pieces = []
    rows = db.execute(f"SELECT {column} FROM trait")
    while batch := rows.fetchmany(50_000):
        pieces.append(np.frombuffer(b"".join(data for (data,) in batch), "<u4"))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.uint32)


def make(db: duckdb.DuckDBPyConnection) -> MatchModel:
    """A model for the records of the working file: their frequencies, and the weights that we ship."""
    return named(MatchModel(count(db), scoring.default_model()))


def recounted(db: duckdb.DuckDBPyConnection, model: MatchModel) -> MatchModel:
    """A model with the frequencies of today and the weights of another."""
    return named(replace(model, lexicon=count(db)))


def keep(db: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    """Write the model into the working file, unless it is there."""
    there = db.execute("SELECT body FROM model WHERE part = 'version'").fetchall()
    if there and there[0][0] == model.version.encode():
        return
    db.execute("DELETE FROM model")
    rows = [*model.parts().items(), ("version", model.version.encode())]
    db.executemany("INSERT INTO model VALUES (?, ?)", rows)


def kept(db: duckdb.DuckDBPyConnection) -> MatchModel | None:
    """The model of the working file, None in a new one, or in one that another version of matching made."""
    parts = dict(db.execute("SELECT part, body FROM model").fetchall())
    try:
        return from_parts(parts) if parts else None
    except ValueError:
        return None
