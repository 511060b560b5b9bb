"""Harvests RSS 0.9x, 1.0 and 2.0, Atom and JSON Feed; a record is an entry.

Payload: canonical JSON {"kind": "rss" | "atom" | "json", "entry": {…}} with the entry's own fields and, under
"channel", the language, licence and authors that it takes from its channel; nothing that moves with a visit.
A feed shows its newest entries only, so absence proves nothing, unless it says that it is complete (RFC 5005
§2) or the option ``whole = true`` does. Posts that WordPress locks ("Protected: …") stay back.
Option ``pages``: how many pages are followed (50).
Sources: as feed_read; RFC 5005.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from harvesters import feed_read
from harvesters.base import FeedFailed, Visit
from harvesters.feed_read import Entry, NotAFeed, Page
from harvesters.json_safe import canonical
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError

READER = "+4"  # another number reads unchanged pages anew
MAX_PAGES = 50
# What WordPress puts before the title of a post that asks for a password, or that only its editors see.
_LOCKED = re.compile(
    r"\s{0,9}(?:protected|private|protégé|privé|protegido|privado|geschützt|privat|protetto|privato|beveiligd|"
    r"protegit|chroniony|prywatny|skyddad)[\s\u00a0\u202f]{0,3}[:：]\s",
    re.IGNORECASE,
)
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All entries of a feed, page by page."""
    address, limit = visit.feed.address, _limit(visit)
    whole = visit.feed.options.get("whole", False) is True
    seen: set[str] = set()
    keys: set[str] = set()
    complete, number = True, 0
    known = visit.document(address)
    # A first page that is unchanged says nothing of the pages after it: only a feed of one page is asked so.
    before = known if known and known.digest.endswith(READER) and visit.bookmark.get("pages") == "1" else None
    while address:
        try:
            answer = visit.http.get(
                address, accept=ACCEPT, etag=before.etag if before and number == 0 else None,
                last_modified=before.last_modified if before and number == 0 else None,
            )  # fmt: skip
            if answer.not_modified and before and number == 0:
                yield Unchanged(address, before.digest)
                said = before.digest.endswith("whole" + READER)
                yield Done(True, "proved" if whole or said else "signalled", {"pages": "1"})
                return
            page = feed_read.read(answer.body, answer.headers.get("content-type", ""), answer.url)
        except (NetError, NotAFeed) as error:
            issue = error.issue if isinstance(error, NetError) else Issue(error.code, address, error.value)
            if number == 0:
                raise FeedFailed(issue) from error
            yield FeedIssue(Issue("rss-page-lost", address, issue.value))
            complete = False
            break
        number += 1
        whole = whole or page.whole
        yield from _page(visit, address, answer, page, keys)
        seen |= {address, answer.url}
        following = feed_read.absolute(answer.url, page.next)
        if not following or following in seen:
            if following and following != answer.url and number > 1:
                yield FeedIssue(Issue("rss-loop", address, following))
            break
        if number >= limit:
            yield FeedIssue(Issue("rss-pages", address, str(limit)))
            complete = False
            break
        if feed_read.host(following) != feed_read.host(answer.url):
            yield FeedIssue(Issue("rss-other-host", address, following))
            complete = False
            break
        address = following
    deletions: Literal["proved", "signalled"] = "proved" if whole else "signalled"
    yield Done(complete, deletions, {"pages": str(number)} if complete else {})


def _limit(visit: Visit) -> int:
    value = visit.feed.options.get("pages", MAX_PAGES)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise FeedFailed(Issue("rss-option", "pages", str(value)))
    return value


def _page(visit: Visit, address: str, answer: Fetched, page: Page, keys: set[str]) -> Iterator[HarvestEvent]:
    """One page's document and records; an entry that a newer page has was read there."""
    records: list[RawRecord] = []
    issues = [Issue(one.code, one.place or address, one.value) for one in page.issues]
    again = locked = 0
    for number, entry in enumerate(page.entries, start=1):
        record = _record(page, entry, address, number)
        if record is None:
            issues.append(Issue("rss-no-entry", address, f"{number}"))
        elif record.key in keys:
            again += 1
        else:
            keys.add(record.key)
            if _LOCKED.match(str(entry.get("title", {}).get("text", ""))):
                locked += 1
                record = replace(record, payload=b"", datestamp=None, deleted=True)
            records.append(record)
    if locked:
        issues.append(Issue("rss-locked", address, str(locked)))
    if again:
        issues.append(Issue("rss-repeated", address, str(again)))
    if not page.entries:
        issues.append(Issue("rss-no-entries", address))
    parts = [(one.key, one.payload) for one in records] + [(one.code, one.value) for one in issues]
    content = repr((page.next, sorted(map(repr, parts)))).encode("utf-8", "replace")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}{'+whole' if page.whole else ''}{READER}"
    known = visit.document(address)
    if known is not None and known.digest == digest:
        yield Unchanged(address, digest)
        return
    yield Document(address, digest, answer.headers.get("etag"), answer.headers.get("last-modified"))
    for issue in issues:
        yield FeedIssue(issue, lasting=True)
    yield from records


def _record(page: Page, entry: Entry, address: str, number: int) -> RawRecord | None:
    """An entry with its key: its id, else its address, else its words; None for an empty one."""
    key = str(entry.get("id") or entry.get("url") or "")[:500]
    title = str(entry.get("title", {}).get("text", ""))
    if not key:
        words = "\n".join((title, str(entry.get("published", "")), str(entry.get("summary", {}).get("text", ""))))
        if not words.strip():
            return None
        key = "entry-" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]
    return RawRecord(
        key=key,
        payload=canonical({"kind": page.kind, "entry": entry}),
        media_type="application/json",
        format="feed",
        source=address,
        locator=f"entry {number}",
        datestamp=entry.get("updated") or entry.get("published"),
    )
