"""Whether a column of dates in figures has the day or the month first, by its other dates, else by its headings.

Only what is doubtful by itself (03/04/2027) is given an order; what the order means is the crosswalk's business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from harvesters.table_headings import Header, languages_of
from harvesters.table_rows import Row

# Columns that one hand fills in one way.
_GROUPS = (("start", "end"), ("created",), ("published",), ("modified",))
_FIGURES = re.compile(r"(?<![\d/.-])(\d{1,2})([-/.])(\d{1,2})\2\d{4}(?!\d)", re.ASCII)
_DAY_FIRST = frozenset(["fr", "es"])


def give_orders(rows: Sequence[Row], header: Header, language: str | None) -> None:
    """Tell each row the order of its doubtful days; ``language`` is the feed's: where it is stated, it decides what
    the column does not."""
    spoken = languages_of(header.texts) if not language else frozenset()
    usual = "dmy" if spoken and spoken <= _DAY_FIRST else ""
    for group in _GROUPS:
        cells = [(row, name, row.cells[name]) for row in rows for name in group if name in row.cells]
        pairs = Counter(
            (int(found[1]) > 12, int(found[3]) > 12)
            for _, _, text in cells
            for found in _FIGURES.finditer(text[:5000])
        )
        first, second = pairs[True, False] > 0, pairs[False, True] > 0
        order = ("dmy" if first else "mdy") if first != second else "" if first else usual
        for row, name, text in cells if order else ():
            if any(_doubtful(found[1], found[3]) for found in _FIGURES.finditer(text[:5000])):
                row.order[name] = order
                row.order.setdefault(group[0], order)


def _doubtful(first: str, second: str) -> bool:
    return int(first) <= 12 and int(second) <= 12 and int(first) != int(second)
