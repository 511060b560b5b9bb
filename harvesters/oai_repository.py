"""What a repository says of itself (Identify, ListMetadataFormats), its addresses, and its clock.

Source: OAI-PMH 2.0 §3.3 (dates), §4.2 (Identify), §4.4 (ListMetadataFormats).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, cast
from urllib.parse import urlencode

from lxml import etree

from harvesters import oai_formats, oai_pages
from harvesters.base import FeedFailed, Visit
from harvesters.oai_pages import child, text_of
from harvesters.xml_safe import BadXml
from registry.model import Feed, FeedIssue, Issue
from registry.net import Fetched, NetError

ACCEPT = "text/xml, application/xml;q=0.9, */*;q=0.1"
# Records are often listed some time after the datestamp that they get; asking twice costs little.
OVERLAP = {"seconds": timedelta(hours=1), "days": timedelta(days=1)}
_ARGUMENTS = frozenset({"verb", "metadataPrefix", "from", "until", "set", "identifier", "resumptionToken"})

Granularity = Literal["seconds", "days"]
Policy = Literal["no", "transient", "persistent"]


@dataclass(frozen=True, slots=True)
class Repository:
    """What Identify and ListMetadataFormats tell, as far as a harvest needs it.

    ``prefix`` is what is asked for, ``others`` what may be asked for if it is refused, ``form`` the format
    of records whose own root element tells none; ``fixed``: that of all records, as the feed names it.
    """

    address: str
    prefix: str
    form: str
    granularity: Granularity
    policy: Policy
    others: tuple[oai_formats.Offered, ...] = ()
    fixed: bool = False

    def url(self, verb: str, **arguments: str) -> str:
        """The address of a request; the base address may have a query of its own."""
        query = urlencode({"verb": verb, **arguments})
        return f"{self.address}{'&' if '?' in self.address else '?'}{query}"

    def record_url(self, key: str) -> str:
        """Where one record can be read alone."""
        return self.url("GetRecord", identifier=key, metadataPrefix=self.prefix)

    def form_of(self, tag: str) -> str:
        """The format of a record, by the "{namespace}name" of its metadata's root element."""
        return self.form if self.fixed else oai_formats.of_root(tag) or self.form

    def with_first(self, offered: list[oai_formats.Offered]) -> Repository:
        """The same, asking for the first of these and keeping the others in hand."""
        first, *others = offered
        form = self.form if self.fixed else first.form or self.form or first.prefix
        return replace(self, prefix=first.prefix, form=form, others=tuple(others))

    def fallen_back(self) -> Repository:
        """The same with the next prefix in place of one that was refused."""
        return self.with_first(list(self.others))

    @property
    def offers_dublin_core(self) -> bool:
        """Whether oai_dc is among what may be asked for instead."""
        return any(one.form == "oai_dc" for one in self.others)


def sets_of(feed: Feed) -> list[str]:
    """The sets that a feed asks for, [""] for all. Raises FeedFailed for an option that is none."""
    given = feed.options.get("set", "")
    sets = [given] if isinstance(given, str) else given
    if not isinstance(sets, list | tuple) or not sets or not all(isinstance(one, str) for one in sets):
        raise FeedFailed(Issue("oai-bad-option", "options.set", str(given)[:300]))
    return list(dict.fromkeys(sets))


def base_address(address: str) -> str:
    """The base URL of an address that a person may have copied together with a request."""
    plain, _, query = address.partition("#")[0].partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in _ARGUMENTS]
    return f"{plain}?{'&'.join(kept)}" if kept else plain


def open_repository(visit: Visit) -> tuple[Repository, list[FeedIssue]]:
    """Ask the repository what it is and which formats it has. Raises FeedFailed."""
    feed, notes = visit.feed, list[FeedIssue]()
    asked = str(feed.options.get("prefix") or "")
    form = feed.format or oai_formats.of_prefix(asked) or asked
    # A format of another package is never overruled by what a record looks like; ours are.
    fixed = bool(feed.format) and feed.format not in oai_formats.PREFERRED
    repository = Repository(base_address(feed.address), asked, form, "seconds", "no", fixed=fixed)
    root = _ask(visit, repository.url("Identify"))
    identify = child(root, "Identify")
    if identify is None:
        code, text = oai_pages.error_of(root) or ("", "no Identify in the answer")
        raise FeedFailed(oai_error(repository.url("Identify"), code, text))
    stamp = text_of(child(identify, "granularity")) or text_of(child(identify, "earliestDatestamp"))
    policy = text_of(child(identify, "deletedRecord"))
    repository = replace(
        repository,
        granularity="seconds" if "T" in stamp else "days",
        policy=cast(Policy, policy if policy in ("transient", "persistent") else "no"),
    )
    if asked:
        return repository, notes
    offered, note = _offered(visit, repository)
    notes.extend([note] if note else [])
    return repository.with_first(offered), notes


def _offered(visit: Visit, repository: Repository) -> tuple[list[oai_formats.Offered], FeedIssue | None]:
    """The repository's formats that we read, the richest first; at least one."""
    url, usual = repository.url("ListMetadataFormats"), oai_formats.Offered(visit.feed.format or "oai_dc")
    try:
        listing = child(_ask(visit, url), "ListMetadataFormats")
    except FeedFailed as failed:
        # Every repository must have oai_dc; whether this one has shows in its first page.
        return [usual], FeedIssue(Issue("oai-formats-unlisted", url, failed.issue.value))
    if listing is None:
        return [usual], FeedIssue(Issue("oai-formats-unlisted", url))
    offered = [
        oai_formats.Offered(text_of(child(one, "metadataPrefix")), text_of(child(one, "metadataNamespace")))
        for one in listing
        if child(one, "metadataPrefix") is not None
    ]
    found = oai_formats.candidates(offered, visit.feed.format)
    if found:
        return found, None
    readable = ", ".join([visit.feed.format] if visit.feed.format else oai_formats.PREFERRED)
    said = ", ".join(one.prefix for one in offered)[:300]
    raise FeedFailed(Issue("oai-no-format", url, said, (("readable", readable),)))


def _ask(visit: Visit, url: str) -> etree._Element:
    fetched = fetch(visit, url)
    if isinstance(fetched, NetError):
        raise FeedFailed(fetched.issue)
    try:
        return oai_pages.root_of(fetched.body, fetched.headers.get("content-type", ""))
    except BadXml as error:
        raise FeedFailed(bad_page(url, error)) from error


def fetch(visit: Visit, url: str) -> Fetched | NetError:
    """An answer; some repositories send their OAI errors with an HTTP error status, which is one too."""
    try:
        return visit.http.get(url, accept=ACCEPT)
    except NetError as error:
        if error.status is not None and b"OAI-PMH" in error.body and b"error" in error.body:
            return Fetched(error.status, url, {}, error.body)
        return error


def bad_page(url: str, error: BadXml) -> Issue:
    """The issue of a page that cannot be read."""
    return Issue(error.code, url[:300], error.why, (("line", str(error.line)),))


def oai_error(url: str, code: str, text: str) -> Issue:
    """The issue of an error that the repository itself reports."""
    return Issue("oai-error", url[:300], text[:300], (("error", code[:60] or "?"),))


def since_of(visit: Visit, repository: Repository, sets: list[str]) -> str:
    """The ``from`` of an incremental visit, "" for a full one: another prefix changes every record."""
    mark = visit.bookmark
    if not mark.get("date") or dict(mark) != bookmark(repository, sets, mark["date"]):
        return ""
    date = time_of(mark["date"])
    return stamp_of(date - OVERLAP[repository.granularity], repository.granularity) if date else ""


def bookmark(repository: Repository, sets: list[str], date: str) -> dict[str, str]:
    """What the next visit needs: when this one began by the repository's own clock, and what it asked for."""
    if time_of(date) is None:
        return {}
    return {"date": date, "address": repository.address, "prefix": repository.prefix, "sets": "\n".join(sets)}


def time_of(stamp: str) -> datetime | None:
    """A UTCdatetime of either granularity (OAI-PMH 2.0 §3.3), also with fractions or an offset."""
    try:
        time = datetime.fromisoformat(stamp.strip())
    except ValueError:
        return None
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        return None


def stamp_of(time: datetime, granularity: Granularity) -> str:
    """A time as the repository wants it."""
    return time.strftime("%Y-%m-%d" if granularity == "days" else "%Y-%m-%dT%H:%M:%SZ")
