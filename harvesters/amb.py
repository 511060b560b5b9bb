"""Harvests AMB descriptions (JSON-LD of the DINI-KIM profile for learning resources): one, a list, a search answer.

A list is a JSON array, one object a line (also Elasticsearch's bulk form, also gzip), an object with a list
inside (``hits.hits[]._source`` of a search API, ``@graph``, ``items`` …), or an array of addresses of such
documents. Further pages come from ``links.next``, ``next``, a Link header or a search API's ``from``.
Payload: the description as canonical JSON, with the context that counts for it, without what moves with a visit
(when a portal last indexed it, tickets in addresses of files). Web pages that carry AMB are
read by the protocol ``web_pages``. Source: AMB 2023-10-19 and draft, https://w3id.org/kim/amb/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harvesters.base import FeedFailed, Visit
from harvesters.json_pages import ACCEPT, Page, Walk, next_link, told, total_of
from harvesters.json_safe import BadJson, Read, at, canonical, digest, lines, parse, unsigned, word
from registry.model import Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged

MARK = "+amb2"  # another one reads unchanged documents anew
MAX_RECORDS = 1_000_000
MAX_ADDRESSES = 20_000
_LISTS = (
    "@graph", "items", "data", "records", "results", "resources", "member", "hydra:member", "content", "docs",
    "documents", "itemListElement", "value",
)  # fmt: skip
_BULK = frozenset({"index", "create", "update", "delete"})
_WRAPPED = ("_source", "item", "doc", "metadata", "amb")


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing of a list: where it stands (a JSON pointer, or "line 7"), and what it is."""

    place: str
    value: Any
    issues: tuple[Issue, ...] = ()


@dataclass(slots=True)
class _Seen:
    """Keys and payload digests of this visit."""

    keys: dict[str, str] = field(default_factory=dict)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All descriptions of a list. Raises FeedFailed."""
    feed = visit.feed
    walk, seen = Walk(visit, ACCEPT, MARK, _reading), _Seen()
    page = walk.first(feed.address)
    if isinstance(page, Unchanged):
        yield page
        yield Done(complete=True, bookmark={"pages": "1"})
        return
    addresses = _addresses(page.read.value)
    if isinstance(page.read.value, dict) and not _has_list(page.read.value) and not any(_items(page.read.value)):
        raise FeedFailed(Issue("amb-no-list", feed.address[:300], ", ".join(page.read.value)[:300]))
    if addresses:
        yield from _each(visit, walk, page, addresses, seen)
    else:
        yield from _pages(visit, walk, page, seen)
    complete = walk.end(feed.address)
    yield from walk.notes
    single = walk.number == 1 and not addresses
    yield Done(complete, bookmark={"pages": "1"} if single and complete else {})


def _reading(body: bytes, content_type: str, place: str) -> Read:
    """A document, or a text with one value a line as {"lines": [_Item]}."""
    named = "ndjson" in content_type or "jsonl" in content_type or "json-seq" in content_type
    try:
        if not named:
            return parse(body, content_type, place)
    except BadJson as error:
        several = _lines(body, content_type, place)
        if error.issue.code != "jsontext-broken" or sum(isinstance(one.value, dict) for one in several) < 2:
            raise
        return Read({"lines": several})
    return Read({"lines": _lines(body, content_type, place)})


def _lines(body: bytes, content_type: str, place: str) -> list[_Item]:
    """The values of a text with one a line; broken lines are items without a value, with an issue."""
    found: list[_Item] = []
    for number, read in lines(body, content_type, place):
        if isinstance(read, BadJson):
            found.append(_Item(f"line {number}", None, (read.issue,)))
        else:
            found.append(_Item(f"line {number}", read.value, read.issues))
        if len(found) > 2 * MAX_RECORDS:
            break
    return found


def _addresses(value: Any) -> list[str]:
    """A list of nothing but web addresses: those of the documents."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        return []
    found = [one.strip() for one in value if one.strip().lower().startswith(("https://", "http://"))]
    return list(dict.fromkeys(found)) if len(found) == len(value) else []


def _each(visit: Visit, walk: Walk, page: Page, addresses: list[str], seen: _Seen) -> Iterator[HarvestEvent]:
    """The documents that a list of addresses names."""
    if len(addresses) > MAX_ADDRESSES:
        walk.stop("amb-many", page.address, str(len(addresses)))
    for link in addresses[:MAX_ADDRESSES]:
        address = walk.after(page, link)
        document = walk.then(address) if address else None
        if document is not None:
            yield from _split(visit, walk, document, seen, document.address)


def _pages(visit: Visit, walk: Walk, page: Page, seen: _Seen) -> Iterator[HarvestEvent]:
    """A list, page by page."""
    current: Page | None = page
    while current is not None:
        yield from _split(visit, walk, current, seen, visit.feed.address)
        if walk.listed >= MAX_RECORDS:
            walk.stop("amb-many", current.address, str(walk.listed))
            return
        link = next_link(current) or _from(current, walk)
        address = walk.after(current, link)
        current = walk.then(address) if address else None


def _from(page: Page, walk: Walk) -> str | None:
    """The next part of a search answer: its address with ``from`` further on (Elasticsearch, from and size)."""
    hits = at(page.read.value, "hits", "hits")
    total = total_of(page.read.value)
    if not isinstance(hits, list) or not hits or total is None or walk.listed >= total:
        return None
    parts = urlsplit(page.address)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "scroll" in query or not query.get("from", "0").isdecimal():
        return None
    query["from"] = str(int(query.get("from", "0")[:9]) + len(hits))
    return urlunsplit(parts._replace(query=urlencode(query)))


def _split(visit: Visit, walk: Walk, page: Page, seen: _Seen, source: str) -> Iterator[HarvestEvent]:
    """The records of one page."""
    items = list(_items(page.read.value))
    records, notes, fresh = list[RawRecord](), [FeedIssue(issue, lasting=True) for issue in page.read.issues], 0
    for item in items:
        made = _record(item, page, source)
        if isinstance(made, Issue):
            walk.whole = False
            notes.append(FeedIssue(made, lasting=True))
            continue
        content = digest(made.payload)
        before = seen.keys.setdefault(made.key, "")
        if not before:
            seen.keys[made.key] = content
            fresh += 1
            records.append(made)
        elif before != content:
            notes.append(FeedIssue(Issue("amb-same-id", made.locator, made.key[:300]), lasting=True))
    walk.count(len(items), fresh, page.read.value)
    yield from told(visit, page, records, notes, MARK)


def _items(value: Any) -> Iterator[_Item]:
    """The things of a document, each with the context that counts for it."""
    if isinstance(value, list):
        yield from _unwrapped((_Item(f"/{at_}", one) for at_, one in enumerate(value)), None)
        return
    if not isinstance(value, dict):
        yield _Item("", value)
        return
    if "lines" in value and isinstance(value["lines"], list) and all(isinstance(i, _Item) for i in value["lines"]):
        yield from _unwrapped(iter(value["lines"]), None)
        return
    hits = at(value, "hits", "hits")
    if isinstance(hits, list):
        yield from _unwrapped((_Item(f"/hits/hits/{at_}", one) for at_, one in enumerate(hits)), None)
        return
    if not _describes(value):
        for name in (*_LISTS, *sorted(value)):
            inner = value.get(name)
            if isinstance(inner, list) and (name in _LISTS or any(_describes(one) for one in inner)):
                named = (_Item(f"/{name}/{at_}", one) for at_, one in enumerate(inner))
                yield from _unwrapped(named, value.get("@context"))
                return
    if _describes(value) or {"@context", "id", "@id"} & set(value):
        yield _Item("", value)


def _describes(value: Any) -> bool:
    """Whether an object says of itself what it is called and what or where it is."""
    return isinstance(value, dict) and "name" in value and bool({"id", "@id", "type", "@type"} & set(value))


def _has_list(value: Mapping[str, Any]) -> bool:
    """Whether there is a list in an object, even an empty one."""
    return isinstance(at(value, "hits", "hits"), list) or any(
        isinstance(value.get(name), list) for name in ("lines", *_LISTS)
    )


def _is_action(value: Any) -> bool:
    """Whether a line is an action of a bulk file, such as {"index": {"_id": "7"}}."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and all(name in _BULK and isinstance(inner, dict) for name, inner in value.items())
    )


def _unwrapped(items: Iterator[_Item], context: Any) -> Iterator[_Item]:
    """Things taken out of what a search API or a bulk file puts around them; graph nodes get the context."""
    for item in items:
        value, place = item.value, item.place
        if place.startswith("line ") and _is_action(value):
            continue  # what it acts on stands in the next line
        if isinstance(value, dict) and not _describes(value):
            for name in _WRAPPED:
                if isinstance(value.get(name), dict):
                    value, place = value[name], f"{place}/{name}"
                    break
        if context is not None and isinstance(value, dict) and "@context" not in value:
            value = {"@context": context, **value}
        yield _Item(place, value, item.issues)


def _steady(value: Mapping[str, Any]) -> dict[str, Any]:
    """A description without the dates at which others listed it, and without tickets in addresses of files."""
    out = dict(value)
    if isinstance(image := out.get("image"), str):
        out["image"] = unsigned(image)
    for name, change in (("encoding", _without_ticket), ("mainEntityOfPage", _without_dates)):
        if isinstance(inner := out.get(name), list):
            out[name] = [change(one) if isinstance(one, dict) else one for one in inner]
    return out


def _without_ticket(file: dict[str, Any]) -> dict[str, Any]:
    return {
        key: unsigned(one) if key in ("contentUrl", "embedUrl") and isinstance(one, str) else one
        for key, one in file.items()
    }


def _without_dates(page: dict[str, Any]) -> dict[str, Any]:
    dates = ("dateCreated", "dateModified", "datePublished")
    return {key: one for key, one in page.items() if key not in dates or not isinstance(one, str)}


def _record(item: _Item, page: Page, source: str) -> RawRecord | Issue:
    """A record, or why the thing is none."""
    locator = f"page {page.number}, {item.place}" if page.number > 1 else item.place
    if item.value is None and item.issues:
        return item.issues[0]
    if not isinstance(item.value, dict):
        return Issue("amb-no-object", locator, word(item.value)[:300] or type(item.value).__name__)
    value: Mapping[str, Any] = item.value
    payload = canonical(_steady(value))
    names = (word(value.get("id")), word(value.get("@id")), word(value.get("url")))
    key = next((name for name in names if name), "") or "unnamed-" + digest(payload)[7:23]
    modified = word(value.get("dateModified")) or None
    return RawRecord(
        key=key[:2000],
        payload=payload,
        media_type="application/ld+json",
        format="amb",
        source=source,
        locator=locator,
        datestamp=modified,
        issues=item.issues,
    )
