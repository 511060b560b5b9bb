"""Sheets that belong together: one lists the courses, another says more about them, or when they take place.

A sheet adds to an earlier one when it names the same courses by code or title, and has other columns, or the
dates that the other lacks. Several rows for one course are its sessions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harvesters.table_headings import Header, fold
from harvesters.table_rows import SECTION, Notices, Row

OCCASION = frozenset(
    ["start", "end", "timezone", "city", "country", "venue", "postcode", "online_url", "organizer",
     "host_institutions", "capacity", "status"]
)  # fmt: skip
MAX_SESSIONS = 200
# What the second sheet of the template says in its first heading, in three languages.
_BOUND = ("first sheet", "premiere feuille", "primera hoja")


@dataclass(slots=True)
class Part:
    """One sheet as read: its header and its rows."""

    header: Header
    rows: list[Row]

    @property
    def fields(self) -> set[str]:
        """What its columns say, besides which course they are about."""
        names = {name for name, _ in self.header.columns.values()}
        return {name for name in names if name not in ("id", "title", "title_lang") and not name.startswith("title_")}

    @property
    def bound(self) -> bool:
        """Whether it says itself that it goes on where the first sheet ends."""
        return any(words in fold(text) for text in self.header.texts for words in _BOUND)

    @property
    def untitled(self) -> bool:
        """Whether no row has a title: such a sheet cannot stand alone."""
        return not any(row.title for row in self.rows)


def _title(row: Row) -> str:
    return fold(row.title)


def _code(row: Row) -> str:
    return fold(row.cells.get("id", ""))


def join(parts: Sequence[Part], notices: Notices) -> list[Row]:
    """The rows of all sheets, those that add to a course joined to it."""
    kept: list[Part] = []
    for part in parts:
        found = _partner(kept, part) if part.rows else None
        if found is None:
            for row in part.rows if part.untitled else ():
                notices.add("table-not-joined", row.place, row.cells.get("id", ""))
            kept.append(Part(part.header, _sessions(part.rows)))
            continue
        partner, key = found
        kept.append(Part(part.header, _add(partner, part, key, notices)))
    return [row for part in kept for row in part.rows]


def _sessions(rows: list[Row]) -> list[Row]:
    """Rows of one code and title that differ only in when and where are sessions of one course."""
    kept: list[Row] = []
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (_code(row), _title(row))
        known = first.setdefault(key, row) if all(key) and "start" in row.cells else row
        if known is row or _lasting(known) != _lasting(row) or known.cells["start"] == row.cells["start"]:
            kept.append(row)
        else:
            _merge(known, [row])
    return kept


def _lasting(row: Row) -> tuple[dict[str, str], dict[str, str]]:
    """What a row says besides when and where."""
    return {name: text for name, text in row.cells.items() if name not in OCCASION}, row.unknown


def _partner(kept: Sequence[Part], part: Part) -> tuple[Part, Callable[[Row], str]] | None:
    """The earlier sheet that a sheet adds to, and what they share."""
    for other in kept:
        if not other.rows:
            continue
        if not part.bound and not part.untitled:
            dates = "start" in part.fields and "start" not in other.fields
            if (part.fields & other.fields and not dates) or not part.fields:
                continue
        for key in (_code, _title):
            known = {key(row) for row in other.rows} - {""}
            given = [key(row) for row in part.rows if key(row)]
            met = sum(word in known for word in given)
            if met and (part.bound or part.untitled or 2 * met >= len(part.rows)):
                return other, key
    return None


def _add(partner: Part, part: Part, key: Callable[[Row], str], notices: Notices) -> list[Row]:
    """Join a sheet's rows; what is left are rows with a date of their own whose course is not in the other."""
    targets: dict[str, list[Row]] = defaultdict(list)
    for row in partner.rows:
        if key(row):
            targets[key(row)].append(row)
    groups: dict[str, list[Row]] = defaultdict(list)
    left: list[Row] = []
    for row in part.rows:
        if key(row) in targets:
            groups[key(row)].append(row)
            continue
        dated = bool(row.cells.get("start")) and not part.bound and bool(row.title)
        notices.add("table-alone" if dated else "table-not-joined", row.place, row.title or row.cells.get("id", ""))
        left += [row] if dated else []
    for word, rows in groups.items():
        for target in targets[word]:
            _merge(target, rows)
    return left


def _merge(target: Row, rows: list[Row]) -> None:
    for number, row in enumerate(rows):
        if len(target.others) < 10:
            target.others.append(row.place)
        occasion = {name: text for name, text in row.cells.items() if name in OCCASION}
        if "start" in row.order:
            occasion["order"] = row.order["start"]
        further = number > 0 or "start" in target.cells
        room = len(target.sessions) < MAX_SESSIONS and occasion not in target.sessions
        if further and occasion.get("start") and room:
            target.sessions.append(occasion)
        for name, text in row.cells.items():
            if name in OCCASION and further and "start" in row.cells:
                continue
            if name not in target.cells and name != SECTION:
                target.cells[name], target.header[name] = text, row.header.get(name, name)
        for name, heading in row.header.items():
            if name != SECTION:
                target.header.setdefault(name, heading)
        for name, order in row.order.items():
            if name in row.cells and target.cells.get(name) == row.cells[name]:
                target.order.setdefault(name, order)
        for name, text in row.unknown.items():
            target.unknown.setdefault(name, text)
        target.issues += row.issues[:5]
