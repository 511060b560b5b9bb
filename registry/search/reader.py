"""Reads one release's search index: text, filters, sorting, facet counts, pages by cursor.

A cursor names the last entry seen (its sort key), so that a walk neither skips nor repeats an entry that
has not changed, also when the release is switched on the way. A walk by relevance counts positions
instead, which is exact within one release. Cursors are bound to the question they were given for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

import tantivy

from registry.search.filters import PAIRED, SPANS, TERMS, term
from registry.search.folding import words
from registry.search.index import FACETS, MARKER, Entries, Marker
from registry.search.order import Order, sort_key

Sort = Literal["relevance", "title", "modified", "added", "changed", "start"]
MAX_WORDS = 32
PREFIX_FROM = 4
SPELLED = 500
"""Words that are asked for one by one; more of them as a pattern."""
SUBJECTS = 1000
FILTERS = (*FACETS, *TERMS)
_QUOTED = re.compile(r'"([^"]*)"')
_DESCENDING = ("modified", "added", "changed")


class BadCursor(ValueError):
    """A cursor that this registry did not give for this question."""


@dataclass(frozen=True, slots=True)
class ResourceQuery:
    """A question to the index.

    ``filters`` is {filter: values}: values of one filter are alternatives, filters add up. ``within`` are ids that
    alone may be found. ``paired`` are relations (or "any") of which a resource must have a pair of some, or of none
    where ``alone``. ``lacks`` are keys of the document that hold nothing; ``spans`` {span: (least, most)}, both ends
    counted, None for open. ``sort`` None means relevance where there is text, else title; ``descending`` None means
    newest first for modified, added and changed, else A to Z.
    """

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    within: frozenset[str] | None = None
    sort: Sort | None = None
    limit: int = 20
    cursor: str | None = None
    scope: str = ""
    lacks: tuple[str, ...] = ()
    spans: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    descending: bool | None = None
    paired: tuple[str, ...] = ()
    alone: bool = False

    @property
    def falling(self) -> bool:
        """Whether the last in the order comes first."""
        return self.order in _DESCENDING if self.descending is None else self.descending

    @property
    def order(self) -> Sort:
        """The sorting that is used."""
        return self.sort or ("relevance" if self.text.strip() else "title")

    @property
    def digest(self) -> str:
        """What a cursor is bound to: the question and its order (``scope`` names ``within``)."""
        told = json.dumps(
            [self.text, sorted((k, sorted(v)) for k, v in self.filters.items()), self.scope, sorted(self.lacks),
             sorted(self.spans.items()), self.falling, sorted(self.paired), self.alone]
        )  # fmt: skip
        return hashlib.sha256(f"{self.order} {told}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, how many there are in all, and the cursor of the next page (None at the end)."""

    items: tuple[dict[str, Any], ...]
    total: int
    cursor: str | None
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


def _encode(digest: str, key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([digest, key]).encode()).decode().rstrip("=")


def _decode(cursor: str, query: ResourceQuery) -> str:
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        digest, key = json.loads(raw)
    except (UnicodeError, ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor("this cursor cannot be read") from error
    if digest != query.digest:
        raise BadCursor("this cursor belongs to another question or order")
    pattern = r"[0-9]{1,9}" if query.order == "relevance" else r"([0-9a-f]{2}){1,2000}"
    if not isinstance(key, str) or not re.fullmatch(pattern, key):
        raise BadCursor("this cursor cannot be read")
    return key


def _public(document: dict[str, Any]) -> dict[str, Any]:
    document.pop(PAIRED, None)
    return document


class Reader:
    """The index of one release, read-only; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._index = tantivy.Index.open(str(path))
        self._schema = self._index.schema
        self._searcher = self._index.searcher()
        self._entries = Entries(self._index)

    def _term(self, name: str, value: str) -> Any:
        return tantivy.Query.term_query(self._schema, name, value)

    def _stored(self, address: Any) -> dict[str, Any]:
        return _public(json.loads(self._searcher.doc(address)["json"][0]))

    def marker(self) -> Marker | None:
        """The sequence and recipe that this index was written with."""
        found = self._entries.get(MARKER)
        return Marker(found["sequence"], found["recipe"], found.get("pairs", "")) if found else None

    def get(self, identifier: str) -> dict[str, Any] | None:
        """The document of a resource, or the tombstone of one that is gone (it has "deleted"), or None."""
        found = self._entries.get(identifier)
        return _public(found) if found else None

    def all(self) -> Iterator[dict[str, Any]]:
        """Every published resource, in the order of the index."""
        return map(_public, self._entries.all())

    def _word(self, word: str) -> Any:
        """A word in title or text; from four letters on also as the beginning of a word (plurals)."""
        query, boost = tantivy.Query, tantivy.Query.boost_query
        should = [boost(self._term("title", word), 3.0), self._term("body", word)]
        if len(word) >= PREFIX_FROM:
            for name, score in (("title", 0.8), ("body", 0.2)):
                if (longer := self._longer(name, word)) is not None:
                    should.append(query.const_score_query(longer, score))
        return query.boolean_query([(tantivy.Occur.Should, part) for part in should])

    def _longer(self, name: str, word: str) -> Any | None:
        """Other words of a field that begin with a word; None where there are none."""
        found = self._searcher.terms_with_prefix(name, word, limit=SPELLED + 1)
        if len(found) > SPELLED:
            return tantivy.Query.regex_query(self._schema, name, re.escape(word) + ".+")
        others = [term for term, _ in found if term != word]
        return tantivy.Query.term_set_query(self._schema, name, others) if others else None

    def _phrase(self, phrase: list[str]) -> list[Any]:
        if len(phrase) == 1:
            return [self._term(name, phrase[0]) for name in ("title", "body")]
        return [tantivy.Query.phrase_query(self._schema, name, list(phrase)) for name in ("title", "body")]

    def _text(self, text: str) -> list[tuple[Any, Any]]:
        """All words must be found, and "quoted words" side by side; a title that is the text comes first."""
        query, must, should = tantivy.Query, tantivy.Occur.Must, tantivy.Occur.Should
        phrases = [found for part in _QUOTED.findall(text) if (found := words(part)[:MAX_WORDS])]
        loose = words(_QUOTED.sub(" ", text))[:MAX_WORDS]
        clauses = [(must, self._word(word)) for word in dict.fromkeys(loose)]
        for phrase in phrases:
            clauses.append((must, query.boolean_query([(should, part) for part in self._phrase(phrase)])))
        if not clauses:
            return [(must, query.empty_query())]
        whole = words(text)[:MAX_WORDS]
        clauses.append((should, query.boost_query(self._term("whole_title", " ".join(whole)), 20.0)))
        if len(whole) > 1:
            clauses.append((should, query.boost_query(self._phrase(whole)[0], 4.0)))
        return clauses

    def _query(self, query: ResourceQuery) -> Any:
        must, never, make = tantivy.Occur.Must, tantivy.Occur.MustNot, tantivy.Query
        clauses = [(must, make.const_score_query(self._term("kind", "resource"), 0.0))]
        for name, values in sorted(query.filters.items()):
            if name not in FILTERS:
                raise ValueError(f"there is no filter {name!r}")
            found = make.term_set_query(self._schema, "term", [term(name, value) for value in values])
            clauses.append((must, make.const_score_query(found, 0.0)))
        for key in query.lacks:
            clauses.append((never, self._term("term", term("has", key))))
        for name, (least, most) in sorted(query.spans.items()):
            if name not in SPANS:
                raise ValueError(f"there is no span {name!r}")
            between = make.range_query(self._schema, "span_" + name, tantivy.FieldType.Integer, least, most)
            clauses.append((must, make.const_score_query(between, 0.0)))
        if query.within is not None:
            ids = query.within
            among = make.term_set_query(self._schema, "id", sorted(ids)) if ids else make.empty_query()
            clauses.append((must, make.const_score_query(among, 0.0)))
        if query.paired:
            names = [f"{PAIRED}={name}" for name in query.paired]
            some = make.const_score_query(make.term_set_query(self._schema, "term", names), 0.0)
            clauses.append((never if query.alone else must, some))
        if query.text.strip():
            clauses += self._text(query.text)
        return make.boolean_query(clauses)

    def search(self, query: ResourceQuery, *, facets: tuple[str, ...] = (), facet_size: int = 50) -> Page:
        """One page. Raises BadCursor for a cursor that is not of this question."""
        found = self._query(query)
        total, items, key = self._best(query, found) if query.order == "relevance" else self._sorted(query, found)
        cursor = _encode(query.digest, key) if len(items) > query.limit else None
        return Page(tuple(items[: query.limit]), total, cursor, self._facets(found, facets, facet_size))

    def _count(self, found: Any) -> int:
        counted: Any = self._searcher.search(found, limit=1, count=True)
        return int(counted.count)

    def _best(self, query: ResourceQuery, found: Any) -> tuple[int, list[dict[str, Any]], str]:
        offset, total = 0, None
        if query.cursor:
            offset, total = int(_decode(query.cursor, query)), self._count(found)
            if offset > total:  # memory is taken for as many as are asked for
                raise BadCursor("this cursor is beyond the end")
        page: Any = self._searcher.search(found, limit=query.limit + 1, offset=offset, count=total is None)
        documents = [self._stored(address) for _, address in page.hits]
        return int(page.count) if total is None else total, documents, str(offset + query.limit)

    def _sorted(self, query: ResourceQuery, found: Any) -> tuple[int, list[dict[str, Any]], str]:
        sort, wanted = query.order, query.limit + 1
        read: dict[tuple[int, int], tuple[bytes, dict[str, Any]]] = {}

        def keyed_at(address: Any) -> tuple[bytes, dict[str, Any]]:
            place = address.segment_ord, address.doc
            if place not in read:
                document = self._stored(address)
                read[place] = sort_key(document, sort), document
            return read[place]

        order = Order(self._index, self._searcher, sort, falling=query.falling, key=lambda one: keyed_at(one)[0])
        if query.cursor:
            addresses, total = order.after(found, wanted, _decode(query.cursor, query)), self._count(found)
        else:
            addresses, total = order.first(found, wanted)
        keyed = sorted(map(keyed_at, addresses), key=itemgetter(0), reverse=query.falling)
        key = keyed[query.limit - 1][0].hex() if len(keyed) > query.limit else ""
        return total, [document for _, document in keyed], key

    def _facets(self, query: Any, names: tuple[str, ...], size: int) -> dict[str, tuple[tuple[str, int], ...]]:
        if not names:
            return {}
        # Subjects are of several lists, each of which shows its commonest terms.
        sizes = {"about": max(size, SUBJECTS)}
        asked = {name: {"terms": {"field": "facet_" + name, "size": sizes.get(name, size)}} for name in names}
        counted = self._searcher.aggregate(query, asked)
        return {
            name: tuple((bucket["key"], bucket["doc_count"]) for bucket in counted[name]["buckets"]) for name in names
        }
