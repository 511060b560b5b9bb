"""One row of a table while it is mapped: its cells, their places, and the agents it names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.crosswalk import clean, record_node
from registry.crosswalk.base import Builder, MapContext
from registry.iris import SCHEMA
from registry.terms import Iri, Literal

_COLUMN = re.compile(r"column «([a-z_]+)»")
_DAYS = frozenset(["start", "end", "created", "published", "modified"])


@dataclass(frozen=True, slots=True)
class Row:
    """One row while it is mapped: its cells without e-mail addresses, and how to place and report them."""

    cells: Mapping[str, str]
    header: Mapping[str, str]
    builder: Builder
    context: MapContext
    language: str
    order: Mapping[str, str] = field(default_factory=dict)  # {field: "dmy" or "mdy"} as its column has it

    def place(self, field: str) -> str:
        """Where a field's value stands, or would stand."""
        if field == "section":  # a heading that stands over several rows
            return f"section «{self.header.get(field, '')}»"
        return column(field, self.header)

    def get(self, field: str) -> str:
        """A cell's text; "" when empty or a filler."""
        value = self.cells.get(field, "")
        if value == "0" and field in _DAYS:  # how programs write that there is none
            return ""
        return "" if not value or self.context.values.is_ignored(field, value) else value

    def items(self, field: str, comma: bool = False) -> list[str]:
        """The items of a list cell; the feed's option ``separator`` overrides the usual marks."""
        value = self.cells.get(field, "")
        mark = str(self.context.feed.options.get("separator", ""))
        parts = value.replace(mark, "|") if mark and mark != "|" else value
        items = (clean.line(part) for part in clean.split_list(parts, comma=comma and not mark))
        return [item for item in items if item and not self.context.values.is_ignored(field, item)]

    def issue(self, code: str, field: str, value: str, **params: str) -> None:
        """Something to mend in one cell."""
        self.builder.issue(code, self.place(field), value, field=self.header.get(field, field), **params)


def column(field: str, header: Mapping[str, str]) -> str:
    """The place of a field's column: by its own heading, or by the field where the list has no such column."""
    return f"column «{header[field]}»" if field in header else f"column «{field}» (to add)"


def own_places(where: Mapping[str, str], payload: bytes) -> Mapping[str, str]:
    """``where`` of the format in the words of one list: its own headings, also of cells that are empty."""
    try:
        header = json.loads(payload)["header"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return where
    if not isinstance(header, dict):
        return where
    own = {str(name): str(text) for name, text in header.items()}
    return {
        name: column(found[1], own) if (found := _COLUMN.fullmatch(place)) else place for name, place in where.items()
    }


def agent(row: Row, name: str, kind: str, place: str) -> Iri:
    """An agent under the resource, once for each name; ``kind`` is "Person" or "Organization"."""
    found = re.search(r"\(?((?:https?://)?orcid\.org/[\dXx-]+|\d{4}-\d{4}-\d{4}-\d{3}[\dXx])\)?", name)
    orcid = clean.orcid(found[1]) if found else None
    plain = clean.line(name.replace(found[0], "")).strip(" ,;-") if found and orcid else clean.line(name)
    if record_node.is_academy(plain, row.context):
        return row.context.iris.academy(row.context.academy.id)
    builder, number = row.builder, 1
    while True:
        node = builder.child("agent", number)
        names = builder.objects("name", node)
        if not names or names == [Literal(plain)]:
            break
        number += 1
    builder.type(SCHEMA + kind, place, node)
    builder.string("name", plain or orcid or "", place, node)
    if orcid:
        builder.add("identifier", Iri(orcid), place, node)
    return node


ORGANISATION = re.compile(
    r"\b(?:universit|institut|office|agency|agence|ministry|minist[eè]re|ministerio|national|bank|banque|banco|centre|"
    r"center|centro|department|statisti|eurostat|unece|carpentries|foundation|fondation|association|council|organi[sz]|"
    r"community|team|group|insee|oecd|imf|fao|unsd|siap|school|[ée]cole|network|commission|gmbh|inc|ltd)|^[A-Z]{3,8}$",
    re.IGNORECASE,
)


def people(row: Row, field: str) -> list[str]:
    """Names in a cell: "|" and ";" part them; a comma does where "Family, Given" cannot be meant."""
    items = row.items(field)
    if len(items) == 1 and items[0].count(",") > 1 and all(" " in part.strip() for part in items[0].split(",")):
        return [part.strip() for part in items[0].split(",")]
    return items
