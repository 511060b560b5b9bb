"""How entries are sorted: one key for each sorting, and its beginning as numbers.

A key is the value and the id, so that no two are equal. Reading keys back from an index takes 20 microseconds each in
each of its parts; numbers cost next to nothing. So the first entries are found by the numbers, seven bytes of the key
at a time as long as entries are equal in them, and by whole keys only where all numbers are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tantivy

from registry.search.filters import first_start
from registry.search.folding import fold

SORTS = ("title", "modified", "added", "changed", "start")
LEVELS = 4
WORTH = 1000
"""How many entries' numbers can be looked at while one key is read back."""
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

    def __init__(self, index: Any, searcher: Any, sort: str, *, falling: bool) -> None:
        self._index, self._schema, self._searcher, self._sort = index, index.schema, searcher, sort
        self._falling = falling
        self._order = tantivy.Order.Desc if falling else tantivy.Order.Asc
        self._levels = LEVELS if _numbered(searcher, sort) else 0

    def after(self, key: str) -> Any:
        """What comes after an entry, by its key in hexadecimal.

        Whole keys are compared only where their first number is the same: a span of text is looked up key by key.
        """
        name, falling = "by_" + self._sort, self._falling
        if not self._levels:
            return self._index.parse_query(f"{name}:{'<' if falling else '>'}{key}")
        alike, number = key[: 2 * _BYTES], next(numbers(bytes.fromhex(key)))
        span = f"[{alike} TO {key}}}" if falling else f"{{{key} TO {alike}g}}"  # a digit never is a g
        bounds = (None, number - 1) if falling else (number + 1, None)
        further = tantivy.Query.range_query(self._schema, field(self._sort, 0), tantivy.FieldType.Integer, *bounds)
        either = [(tantivy.Occur.Should, further), (tantivy.Occur.Should, self._index.parse_query(f"{name}:{span}"))]
        return tantivy.Query.const_score_query(tantivy.Query.boolean_query(either), 0.0)

    def first(self, query: Any, wanted: int) -> tuple[list[Any], int]:
        """The addresses of the first ``wanted`` entries, in no order among them; and how many there are in all."""
        found: list[Any] = []
        total = None
        parts, entries = self._searcher.num_segments, self._searcher.num_docs
        for level in range(self._levels):
            if level and wanted * parts * WORTH < entries:
                break
            name = field(self._sort, level)
            page = self._search(query, wanted + 1, name, count=total is None)
            total, hits = page.count if total is None else total, page.hits
            if len(hits) <= wanted or hits[wanted][0] != hits[wanted - 1][0]:
                return found + [address for _, address in hits[:wanted]], total
            last = hits[wanted][0]
            sure = [address for number, address in hits if number != last]
            found += sure
            wanted -= len(sure)
            equal = tantivy.Query.range_query(self._schema, name, tantivy.FieldType.Integer, last, last)
            both = ((tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.const_score_query(equal, 0.0)))
            query = tantivy.Query.boolean_query(both)
        page = self._search(query, wanted, "by_" + self._sort, count=total is None)
        return found + [address for _, address in page.hits], page.count if total is None else total

    def _search(self, query: Any, limit: int, name: str, *, count: bool) -> Any:
        return self._searcher.search(query, limit=limit, order_by_field=name, order=self._order, count=count)
