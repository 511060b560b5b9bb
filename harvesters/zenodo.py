"""Harvests Zenodo or another InvenioRDM repository over its REST API: one record for all versions of a work.

The address may be that of the API, of a community's page, of a record's page or of the repository. Options of
the feed: ``query`` (q), ``communities`` (a name or a list), ``all_versions`` (true lists older versions too),
``size`` (records a page, 25 unless said). Payload: {"record", "versions"}: the newest version as the API gives
it, without what counts visits and edits, and what names the other versions. Sources: developers.zenodo.org
(records), InvenioRDM REST API and metadata reference (inveniordm.docs.cern.ch).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from harvesters.base import FeedFailed, Visit
from harvesters.json_pages import Page, Walk, next_link
from harvesters.json_safe import at, canonical, digest, word
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged

MARK = "+zenodo1"  # another one reads an unchanged list anew
ACCEPT = "application/json"
MAX_RECORDS = 100_000
MAX_VERSIONS = 300
_KEPT = (
    "id", "conceptrecid", "conceptid", "conceptdoi", "doi", "created", "modified", "updated", "metadata", "access",
    "pids", "custom_fields",
)  # fmt: skip
_LINKS = ("self", "self_html", "html", "latest_html")


@dataclass(slots=True)
class _Work:
    """All that was listed of one work: its newest version so far, and what names each version."""

    order: tuple[int, int, str, int]
    record: Mapping[str, Any]
    locator: str
    versions: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    """What a visit has met over all pages."""

    works: dict[str, _Work] = field(default_factory=dict)
    notes: list[FeedIssue] = field(default_factory=list)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All works of a search or community. Raises FeedFailed."""
    feed, found = visit.feed, _Found()
    addresses = request_addresses(feed)
    whole, pages, walk = True, 0, Walk(visit, ACCEPT, MARK)
    headers: Mapping[str, str] = {}
    notes: list[FeedIssue] = []
    for address in addresses:
        walk = Walk(visit, ACCEPT, MARK)
        page = walk.first(address)
        if isinstance(page, Unchanged):
            yield page
            yield Done(complete=True, bookmark={"pages": "1"})
            return
        headers = page.headers
        _walk(walk, page, found)
        whole &= walk.end(address)
        pages += walk.number
        notes += walk.notes
    records = [_record(key, work, feed) for key, work in found.works.items()]
    told = [[one.issue.code, one.issue.place, one.issue.value] for one in found.notes]
    content = digest(canonical([[[one.key, one.deleted, digest(one.payload)] for one in records], told])) + MARK
    known = visit.document(addresses[0])
    if (known is not None and known.digest == content) or visit.seen(content):
        yield Unchanged(addresses[0], content)
    else:
        single = pages == 1
        yield Document(addresses[0], content, headers.get("etag") if single else None,
                       headers.get("last-modified") if single else None)  # fmt: skip
        yield from records
        yield from found.notes
    yield from notes
    yield Done(whole, bookmark={"pages": "1"} if whole and pages == 1 else {})


def request_addresses(feed: Feed) -> list[str]:
    """The first request for each community, from an address of the API or of a page. Raises FeedFailed."""
    options = feed.options
    try:
        parts = urlsplit(feed.address)
    except ValueError as error:
        raise FeedFailed(Issue("zenodo-bad-option", "address", feed.address[:300])) from error
    path, query = parts.path.rstrip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))
    community = re.fullmatch(r"(.*)/communities/([^/]+)(?:/records)?", path)
    single = re.fullmatch(r"(.*)/records?/([^/]+)", path)
    if "/api/" in path + "/" and path.endswith("/api"):
        path += "/records"
    elif "/api/" not in path:
        if community:
            path = f"{community[1]}/api/communities/{community[2]}/records"
        elif single:
            path = f"{single[1]}/api/records/{single[2]}"
        else:
            path = re.sub(r"/(?:search|records?)$", "", path) + "/api/records"
    stated = options.get("communities", [])
    communities = [stated] if isinstance(stated, str) else stated
    size, every, text = options.get("size", 25), options.get("all_versions", False), options.get("query", "")
    good = isinstance(communities, list | tuple) and all(isinstance(one, str) and one for one in communities)
    if not good or isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 1000:
        raise FeedFailed(Issue("zenodo-bad-option", "options", f"communities={stated!r} size={size!r}"[:300]))
    if not isinstance(text, str) or not isinstance(every, bool):
        raise FeedFailed(Issue("zenodo-bad-option", "options", f"query={text!r} all_versions={every!r}"[:300]))
    if re.search(r"/api/records/[^/]+$", path) is None:
        query = {**({"q": text} if text else {}), "size": str(size), **query}
        if every:
            query["all_versions"] = "true"
    bases = [(path, {**query, "communities": one}) for one in communities] or [(path, query)]
    return [
        urlunsplit((parts.scheme, parts.netloc, quote(where, safe="/%:@~+-._"), urlencode(what), ""))
        for where, what in bases
    ]


def _walk(walk: Walk, page: Page, found: _Found) -> None:
    """All pages of one search into ``found``."""
    current: Page | None = page
    while current is not None:
        hits = _hits(current.read.value)
        if hits is None:
            if current.number == 1:
                raise FeedFailed(_no_hits(current))
            walk.stop("zenodo-no-hits", current.address, _no_hits(current).value)
            return
        found.notes += [FeedIssue(issue, lasting=True) for issue in current.read.issues]
        before = len(found.works)
        for number, hit in enumerate(hits):
            _add(walk, found, hit, f"page {current.number}, /hits/hits/{number}")
        walk.count(len(hits), len(found.works) - before, current.read.value)
        if len(found.works) >= MAX_RECORDS:
            walk.stop("zenodo-many", current.address, str(len(found.works)))
            return
        address = walk.after(current, next_link(current))
        current = walk.then(address) if address else None


def _hits(value: Any) -> list[Any] | None:
    """The records of an answer: of a search, a bare list, or one record alone."""
    hits = at(value, "hits", "hits")
    if isinstance(hits, list):
        return hits
    if isinstance(value, list):
        return value
    return [value] if isinstance(at(value, "metadata"), dict) else None


def _no_hits(page: Page) -> Issue:
    said = word(at(page.read.value, "message"))
    names = ", ".join(page.read.value) if isinstance(page.read.value, dict) else type(page.read.value).__name__
    return Issue("zenodo-no-hits", page.address[:300], (said or names)[:300])


def _add(walk: Walk, found: _Found, hit: Any, locator: str) -> None:
    """One version: of a work that is known already, or of a new one."""
    identifier = word(at(hit, "id")) or word(at(hit, "recid"))
    if not isinstance(hit, dict) or not isinstance(hit.get("metadata"), dict) or not identifier:
        walk.whole = False
        found.notes.append(FeedIssue(Issue("zenodo-no-record", locator, word(hit)[:300]), lasting=True))
        return
    if hit.get("is_draft") is True or hit.get("is_published") is False or hit.get("submitted") is False:
        return  # nobody but its owner sees a draft
    names = (at(hit, "parent", "id"), hit.get("conceptrecid"), hit.get("conceptid"))
    key = next((word(name) for name in names if word(name)), identifier)[:500]
    order, work = _order(hit), found.works.get(key)
    if work is None:
        work = found.works[key] = _Work(order, hit, locator)
    elif order > work.order:
        work.order, work.record, work.locator = order, hit, locator
    if len(work.versions) < MAX_VERSIONS:
        work.versions[identifier] = _named(hit, identifier)


def _order(hit: Mapping[str, Any]) -> tuple[int, int, str, int]:
    """What makes a version newer: that the repository says so, its number, its day, its id."""
    stated = at(hit, "metadata", "relations", "version", 0)
    last = at(hit, "versions", "is_latest") is True or at(stated, "is_last") is True
    number = at(hit, "versions", "index")
    number = at(stated, "index") if number is None else number
    identifier = word(hit.get("id"))
    return (
        int(last), number if isinstance(number, int) else -1, word(hit.get("created")),
        int(identifier) if identifier.isdecimal() and identifier.isascii() and len(identifier) < 20 else 0,
    )  # fmt: skip


def _named(hit: Mapping[str, Any], identifier: str) -> dict[str, str]:
    """What names one version."""
    metadata = hit["metadata"]
    said = {
        "id": identifier,
        "doi": word(hit.get("doi")) or word(at(hit, "pids", "doi", "identifier")) or word(metadata.get("doi")),
        "html": word(at(hit, "links", "self_html")) or word(at(hit, "links", "html")),
        "version": word(metadata.get("version")),
        "publication_date": word(metadata.get("publication_date")),
    }
    return {name: text[:500] for name, text in said.items() if text}


def _record(key: str, work: _Work, feed: Feed) -> RawRecord:
    """A work as its newest version describes it, with the names of the other versions."""
    hit = work.record
    kept: dict[str, Any] = {name: hit[name] for name in _KEPT if name in hit}
    metadata = hit["metadata"]
    kept["metadata"] = {
        name: value for name, value in metadata.items() if name not in ("relations", "access_right_category")
    }
    links = hit.get("links")
    kept["links"] = {name: links[name] for name in _LINKS if name in links} if isinstance(links, dict) else {}
    if isinstance(parent := hit.get("parent"), dict):
        kept["parent"] = {name: parent[name] for name in ("id", "pids") if name in parent}
    kept["files"] = _files(hit.get("files"))
    own = word(hit.get("id")) or word(hit.get("recid"))
    others = [version for name, version in sorted(work.versions.items()) if name != own]
    source = word(kept["links"].get("self"))
    deleted = at(hit, "deletion_status", "is_deleted") is True or bool(hit.get("tombstone"))
    return RawRecord(
        key=key,
        payload=canonical({"record": kept, "versions": others}),
        media_type="application/json",
        format="zenodo",
        source=source if source.startswith(("https://", "http://")) and len(source) < 2000 else feed.address,
        locator=work.locator,
        datestamp=word(hit.get("updated")) or word(hit.get("modified")) or None,
        deleted=deleted,
    )


def _files(files: Any) -> list[dict[str, Any]]:
    """Files of either shape (a list; or {"entries": {name: file}}), by their names."""
    entries = files.get("entries", files) if isinstance(files, dict) else files
    listed = list(entries.values()) if isinstance(entries, dict) else entries if isinstance(entries, list) else []
    found = []
    for one in listed[:1000]:
        if isinstance(one, dict) and word(one.get("key") or one.get("filename")):
            content = word(at(one, "links", "content")) or word(at(one, "links", "self"))
            made = {
                "key": word(one.get("key") or one.get("filename")), "size": one.get("size", one.get("filesize")),
                "mimetype": one.get("mimetype"), "checksum": one.get("checksum"), "content": content,
            }  # fmt: skip
            found.append({name: value for name, value in made.items() if value not in (None, "")})
    return sorted(found, key=lambda one: str(one["key"]))
