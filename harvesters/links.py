"""Harvests link lists in Markdown: award lists, "awesome" lists, learning hubs. A record is one listed link.

The page itself is no resource. Payload: canonical JSON {"title", "url", "description", "path"}, with "languages"
and "level" (lists of texts) where a table has such columns; key: the address. Addresses of GitHub, GitLab and GitHub
Pages are read where their Markdown stands. Option ``sections``: only what stands under headings of these names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from harvesters import links_read
from harvesters.base import FeedFailed, Visit
from harvesters.json_safe import canonical
from harvesters.links_read import Item, Listing
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError

READER = "+3"  # another number reads unchanged pages anew
ACCEPT = "text/markdown, text/plain;q=0.9, */*;q=0.5"
RAW = "https://raw.githubusercontent.com"
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<head|<\?xml)", re.IGNORECASE)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All links of one list."""
    address, answer, known = _fetched(visit)
    if answer.not_modified and known is not None:
        yield Unchanged(address, known.digest)
        yield Done(complete=True)
        return
    listing = links_read.read(_text(answer), _page(address, answer.url))
    wanted = _sections(visit)
    if wanted:
        listing.items = [one for one in listing.items if wanted & {part.casefold() for part in one.path}]
    records, issues = _records(listing, address)
    content = repr([sorted((one.key, one.payload) for one in records), sorted(map(repr, issues))])
    digest = f"sha256:{hashlib.sha256(content.encode('utf-8', 'replace')).hexdigest()}{_recipe(visit)}"
    if known is not None and known.digest == digest:
        yield Unchanged(address, digest)
    else:
        yield Document(address, digest, answer.headers.get("etag"), answer.headers.get("last-modified"))
        for issue in issues:
            yield FeedIssue(issue, lasting=True)
        yield from records
    yield Done(complete=listing.whole)


def _recipe(visit: Visit) -> str:
    return f"+{hashlib.sha256(repr(sorted(_sections(visit))).encode()).hexdigest()[:8]}{READER}"


def _sections(visit: Visit) -> set[str]:
    stated = visit.feed.options.get("sections", [])
    several = stated if isinstance(stated, list) else [stated]
    return {" ".join(str(one).split()).casefold() for one in several if str(one).strip()}


def addresses(address: str) -> list[str]:
    """Where the Markdown of an address may stand, the likeliest first."""
    parts = urlsplit(address)
    host, path = (parts.hostname or "").lower(), [part for part in parts.path.split("/") if part]
    if host in ("github.com", "www.github.com") and len(path) >= 2:
        owner, name = path[0], path[1].removesuffix(".git")
        if len(path) >= 5 and path[2] in ("blob", "raw"):
            return [f"{RAW}/{owner}/{name}/{'/'.join(path[3:])}"]
        inner = "/".join(path[3:]) + "/" if len(path) > 3 and path[2] == "tree" else "HEAD/"
        return [f"{RAW}/{owner}/{name}/{inner}{file}" for file in ("README.md", "readme.md", "Readme.md")]
    if "/-/blob/" in parts.path:
        return [address.replace("/-/blob/", "/-/raw/", 1)]
    if host.endswith(".github.io"):
        owner = host.removesuffix(".github.io")
        itself = [address] if path and path[-1].lower().endswith((".md", ".markdown")) else []
        name, rest = (path[0], path[1:]) if path and "." not in path[0] else (host, path)
        file = "/".join(rest)
        files = [re.sub(r"\.html?$", ".md", file)] if "." in file else [f"{file}/{one}".lstrip("/") for one in
                                                                        ("index.md", "README.md")]  # fmt: skip
        return [*itself, *(f"{RAW}/{owner}/{name}/HEAD/{one}" for one in files if one)]
    return [address]


def _fetched(visit: Visit) -> tuple[str, Fetched, Document | None]:
    """The first address that answers with something that is no web page. Raises FeedFailed."""
    failure: Issue | None = None
    for address in addresses(visit.feed.address):
        known = visit.document(address)
        known = known if known and known.digest.endswith(_recipe(visit)) else None
        try:
            answer = visit.http.get(
                address, accept=ACCEPT, etag=known.etag if known else None,
                last_modified=known.last_modified if known else None,
            )  # fmt: skip
        except NetError as error:
            failure = failure or error.issue
            if error.status not in (403, 404, 410):
                break
            continue
        if answer.not_modified or not _HTML.match(answer.body[:500].removeprefix(b"\xef\xbb\xbf")):
            return address, answer, known
        failure = Issue("links-web-page", address)
    raise FeedFailed(failure or Issue("links-web-page", visit.feed.address))


def _text(answer: Fetched) -> str:
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    if b"\x00" in body[:1000] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FeedFailed(Issue("links-not-text", answer.url))
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _page(address: str, final: str) -> str:
    """The page that relative links of a list start from: of raw files of GitHub and GitLab the page itself."""
    parts = urlsplit(final or address)
    path = parts.path.split("/")
    if (parts.hostname or "").lower() == "raw.githubusercontent.com" and len(path) > 4:
        branch, rest = path[3], path[4:]
        if path[3:5] == ["refs", "heads"] and len(path) > 6:
            branch, rest = path[5], path[6:]
        return f"https://github.com/{path[1]}/{path[2]}/blob/{branch}/{'/'.join(rest)}"
    return (final or address).replace("/-/raw/", "/-/blob/", 1)


def _records(listing: Listing, address: str) -> tuple[list[RawRecord], list[Issue]]:
    """A record for each address, and what is said of the list."""
    records: dict[str, RawRecord] = {}
    again = 0
    for item in listing.items:
        same = item.url.rstrip("/").casefold()
        if same in records:
            again += 1
        else:
            records[same] = _record(item, address)
    issues = []
    if again:
        issues.append(Issue("links-repeated", address, str(again)))
    left = ", ".join(f"{kind} {count}" for kind, count in sorted(listing.left.items()))
    if left:
        issues.append(Issue("links-left-out", address, left))
    if not records:
        issues.append(Issue("links-none", address))
    if not listing.whole:
        issues.append(Issue("links-too-long", address, str(len(records))))
    return list(records.values()), issues


def _record(item: Item, address: str) -> RawRecord:
    data: dict[str, object] = {
        "title": item.title,
        "url": item.url,
        "description": item.description,
        "path": list(item.path),
    }
    data |= {name: [text for one, text in item.columns if one == name] for name, _ in item.columns}
    return RawRecord(
        key=item.url[:500], payload=canonical(data), media_type="application/json", format="links", source=address,
        locator=f"line {item.line}",
    )  # fmt: skip
