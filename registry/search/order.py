"""How entries are sorted: one key for each sorting, and its beginning as numbers.

A key is the value and the id, so that no two are equal. Reading keys back from an index takes 20 microseconds each in
each of its parts; numbers cost next to nothing. So the first entries are found by the numbers, seven bytes of the key
at a time as long as entries are equal in them, and by whole keys only where all numbers are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tantivy

from registry.search.filters import first_start
from registry.search.folding import fold

SORTS = ("title", "modified", "added", "changed", "start")
LEVELS = 4
WORTH = 1000
"""How many entries' numbers can be looked at while one key is read back."""
BEYOND = 50
"""How many entries more than are wanted are found by a number: so few equal ones are told apart by their keys."""
UNIT = "\x1f"
TITLE_KEY = 160
_BYTES = 7
_LAST = "\uffff"


def title(document: Mapping[str, Any]) -> str:
    """The title to sort by: English, else that of the first language of the resource, else any."""
    names: Mapping[str, str] = document["name"]
    for tag in ("en", *document["inLanguage"], "und"):
        if tag.lower() in names:
            return names[tag.lower()]
    return next((names[tag] for tag in sorted(names)), document["id"])


def sort_key(document: Mapping[str, Any], sort: str) -> bytes:
    """The key of a document in a sorting."""
    if sort == "title":
        value = fold(title(document))[:TITLE_KEY]
    elif sort == "modified":
        value = document["dateModified"] or document["datePublished"] or document["dateCreated"] or ""
    elif sort == "start":
        value = first_start(document) or _LAST
    else:
        value = document[sort]
    return f"{value}{UNIT}{document['id']}".encode("utf-8", "replace")


def numbers(key: bytes) -> Iterator[int]:
    """The beginning of a key as LEVELS numbers: of two keys the first number that differs is less in the lesser."""
    for level in range(LEVELS):
        part = key[level * _BYTES : (level + 1) * _BYTES]
        yield int.from_bytes(part.ljust(_BYTES, b"\0"), "big")


def field(sort: str, level: int) -> str:
    """The name of the index's field of one number."""
    return f"by_{sort}_{level}"


def _numbered(searcher: Any, sort: str) -> bool:
    """Whether an index has the numbers: one of an earlier program is read until the next release."""
    try:
        searcher.fast_field_values(field(sort, 0), [])
    except ValueError:
        return False
    return True


class Order:
    """A sorting of the entries of one index."""

    def __init__(self, index: Any, searcher: Any, sort: str, *, falling: bool, key: Callable[[Any], bytes]) -> None:
        """``key`` reads the whole key of the entry at an address."""
        self._key = key
        self._index, self._schema, self._searcher, self._sort = index, index.schema, searcher, sort
        self._falling = falling
        self._order = tantivy.Order.Desc if falling else tantivy.Order.Asc
        self._levels = LEVELS if _numbered(searcher, sort) else 0

    def first(self, query: Any, wanted: int) -> tuple[list[Any], int]:
        """The addresses of the first ``wanted`` entries, in no order among them; and how many there are in all."""
        name = field(self._sort, 0) if self._levels else "by_" + self._sort
        page = self._search(query, wanted + BEYOND, name)
        return self._rest(query, wanted, page.hits, 0), int(page.count)

    def after(self, query: Any, wanted: int, key: str) -> list[Any]:
        """The addresses of the first ``wanted`` entries that come after one, by its key in hexadecimal.

        Whole keys are compared only where their first number is the same: a span of text is looked up key by key.
        """
        name, falling = "by_" + self._sort, self._falling
        if not self._levels:
            behind = self._both(query, self._index.parse_query(f"{name}:{'<' if falling else '>'}{key}"))
            return self._level(behind, wanted, 0)
        begin, number = bytes.fromhex(key)[:_BYTES], next(numbers(bytes.fromhex(key)))
        least, most = begin.rstrip(b"\0").hex() or "0", begin.ljust(_BYTES, b"\0").hex()
        span = f"[{least} TO {key}}}" if falling else f"{{{key} TO {most}g}}"  # a digit is never as great as a g
        found = self._level(self._both(query, self._index.parse_query(f"{name}:{span}")), wanted, 1)
        if len(found) == wanted:
            return found
        bounds = (None, number - 1) if falling else (number + 1, None)
        return found + self._level(self._both(query, self._range(0, *bounds)), wanted - len(found), 0)

    def _level(self, query: Any, wanted: int, level: int) -> list[Any]:
        """The first of a query whose entries are equal in the numbers before this one."""
        parts, entries = self._searcher.num_segments, self._searcher.num_docs
        if level >= self._levels or (level and wanted * parts * WORTH < entries):
            page = self._search(query, wanted, "by_" + self._sort, count=False)
            return [address for _, address in page.hits]
        hits = self._search(query, wanted + BEYOND, field(self._sort, level), count=False).hits
        return self._rest(query, wanted, hits, level)

    def _rest(self, query: Any, wanted: int, hits: list[tuple[Any, Any]], level: int) -> list[Any]:
        """The first of what was found in the order of a number: between those equal in it by what follows."""
        if len(hits) <= wanted or hits[wanted][0] != hits[wanted - 1][0]:
            return [address for _, address in hits[:wanted]]
        last = hits[wanted][0]
        sure = [address for number, address in hits[:wanted] if number != last]
        if hits[-1][0] != last or len(hits) < wanted + BEYOND:
            # All that are equal are here.
            equal = [address for number, address in hits if number == last]
            return sure + sorted(equal, key=self._key, reverse=self._falling)[: wanted - len(sure)]
        return sure + self._level(self._both(query, self._range(level, last, last)), wanted - len(sure), level + 1)

    def _range(self, level: int, least: int | None, most: int | None) -> Any:
        name = field(self._sort, level)
        return tantivy.Query.range_query(self._schema, name, tantivy.FieldType.Integer, least, most)

    def _both(self, query: Any, more: Any) -> Any:
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, query), (must, tantivy.Query.const_score_query(more, 0.0))])

    def _search(self, query: Any, limit: int, name: str, *, count: bool = True) -> Any:
        return self._searcher.search(query, limit=limit, order_by_field=name, order=self._order, count=count)
