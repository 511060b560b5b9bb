"""Says why a pair weighs what it weighs: the level that each comparison reached, with its weight in bits.

A pair's levels are one number (``code``), so that a million pairs keep theirs at eight bytes each; weights and words
are looked up when somebody reads them.
"""

from __future__ import annotations

import csv
import math
from functools import cached_property
from importlib.resources import files

import duckdb

from registry.matching import codes
from registry.matching.scoring import COMPARISONS, Model
from registry.model import Reason

LANGUAGES = ("en", "fr", "es")
_PLACES = {name: place for place, name in enumerate(COMPARISONS)}


def words() -> dict[str, dict[str, str]]:
    """What people read for a level: {"title.same-rare": {"en": …, "fr": …, "es": …}}."""
    text = files("registry.matching").joinpath("models/levels.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {f"{row['comparison']}.{row['level']}": {tag: row[tag] for tag in LANGUAGES} for row in rows}


class Levels:
    """The levels of a model, and how codes of them are written and read."""

    def __init__(self, model: Model) -> None:
        self._sides = [codes.comparisons(text) for text in (model.within, model.across)]
        self._told: dict[int, tuple[Reason, ...]] = {}

    def code(self, table: str) -> str:
        """SQL of the code of a row of ``table``, as ``measures.fill`` makes it."""
        within, across = self._sides
        return codes.code(within, across, _PLACES, table)

    @cached_property
    def _reasons(self) -> dict[tuple[int, int], Reason]:
        """{(side, code of one comparison in its place): what it says}."""
        found = {}
        for side, comparisons in enumerate(self._sides):
            for name, levels in comparisons.items():
                for place, level in enumerate(codes.known(levels), 1):
                    weight = math.log2(level["m_probability"] / level["u_probability"])
                    found[side, place << codes.shift(_PLACES[name])] = Reason(
                        name, level["label_for_charts"], round(weight, 3)
                    )
        return found

    def reasons(self, code: int) -> tuple[Reason, ...]:
        """What the comparisons say, the strongest first; () for a pair of which nothing was kept."""
        if code not in self._told:
            self._told[code] = self._read(code)
        return self._told[code]

    def _read(self, code: int) -> tuple[Reason, ...]:
        parts = ((code & 1, code & ((1 << codes.BITS) - 1) << codes.shift(_PLACES[name])) for name in COMPARISONS)
        found = [self._reasons[part] for part in parts if part[1]]
        return tuple(sorted(found, key=lambda reason: (-abs(reason.weight), reason.comparison)))

    def weights(self, code: int) -> dict[str, float]:
        """What each comparison weighs, in bits."""
        return {reason.comparison: reason.weight for reason in self.reasons(code)}


def reach(db: duckdb.DuckDBPyConnection, model: Model, *, whole: bool) -> None:
    """Bring ``reached`` up to date: the codes of the pairs that something ties, from those just measured."""
    if whole:
        db.execute("DELETE FROM reached")
    else:
        for gone in ("todo", "dropped"):
            db.execute(f"DELETE FROM reached USING {gone} t WHERE reached.l = t.l AND reached.r = t.r")
    db.execute(
        f"INSERT INTO reached SELECT m.l, m.r, {Levels(model).code('m')}, w.weight FROM ("
        " SELECT * FROM measure SEMI JOIN outcome USING (l, r)"
        " UNION ALL SELECT * FROM measure SEMI JOIN decided USING (l, r) ANTI JOIN outcome USING (l, r)"
        ") m JOIN weighed w ON w.l = m.l AND w.r = m.r"
    )
