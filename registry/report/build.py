"""A report from what the ledger holds of some lists: their last visits, published entries and findings."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from registry.iris import Iris
from registry.ledger import findings, log, records
from registry.ledger.findings import FindingGroup
from registry.messages import LANGUAGES, Message
from registry.model import Change as Record
from registry.model import Finding, Issue, Run
from registry.report.cards import Labels, cards
from registry.report.model import Cause, Change, Example, Report, Series, Texts
from registry.report.texts import field_of

CARDS = 6
MOST = 20_000
INCOMPLETE = "harvest-incomplete"
Suggest = Callable[[Finding], Change | None]
"""What to write instead, for one finding."""
Quoted = Callable[[Issue], Issue]
"""A finding as its readers may see it."""


def build(
    connection: sqlite3.Connection,
    iris: Iris,
    what: str,
    runs: Mapping[str, Run],
    messages: Mapping[str, Message],
    labels: Labels,
    suggest: Suggest,
    *,
    protocols: Sequence[str] = (),
    address: str = "",
    rename: tuple[str, str] | None = None,
    found: Sequence[Texts] = (),
    score: Sequence[Series] = (),
    sample: int = CARDS,
    feeds: Sequence[str] | None = None,
    quoted: Quoted = lambda issue: issue,
) -> Report:
    """The report on ``feeds``: unless said, those that ``runs`` has the last visit of.

    ``what`` is what the report is about, in the words of who asked; ``rename`` (from, to) puts a name in the place
    of an address that tells people nothing; ``quoted`` (``report.public``) what others than the academy may read.
    """
    feeds = sorted(runs) if feeds is None else list(feeds)
    named = _renamer(rename)
    groups = findings.groups(connection, feeds) if feeds else []
    counts = {
        "records": sum(run.counts.get("records", 0) for run in runs.values()),
        "published": sum(log.standing_count(connection, feed) for feed in feeds),
        "held": sum(records.statuses(connection, feed).get("held", 0) for feed in feeds),
        "by_rule": sum(run.counts.get("by_rule", 0) for run in runs.values()),
        "missing": sum(run.counts.get("missing", 0) for run in runs.values()),
    }
    each = max(1, sample // max(1, len(feeds)))
    shown = [change for feed in feeds for change in log.sample(connection, feed, each)][:sample]
    return Report(
        what, address, tuple(protocols), max((run.ended or run.started for run in runs.values()), default=""),
        counts, cards(shown, labels),
        tuple(_cause(connection, iris, group, messages, suggest, named, quoted) for group in groups),
        all(group.code != INCOMPLETE for group in groups), tuple(found), tuple(score),
    )  # fmt: skip


Named = Callable[[str], str]


def _renamer(rename: tuple[str, str] | None) -> Named:
    if rename is None or not rename[0]:
        return lambda text: text
    old, new = rename
    # What a file names beside itself stands in its folder, not on the server that it was read from.
    beside, folder = (f"{one.rpartition('/')[0]}/" for one in (old, new))
    served = old.startswith("http://127.0.0.1:") and "://" not in new
    return lambda text: (
        text.replace(old, new).replace(beside, folder if "/" in new else "") if served else text.replace(old, new)
    )


def _issue(issue: Issue, named: Named) -> Issue:
    params = tuple((name, named(value)) for name, value in issue.params)
    return Issue(issue.code, named(issue.place), named(issue.value), params)


def told(messages: Mapping[str, Message], code: str) -> Message:
    """The texts of a code; a code that no table knows is shown as it is."""
    return messages.get(code) or Message(code, "warning", dict.fromkeys(LANGUAGES, code), {})


def _cause(
    connection: sqlite3.Connection,
    iris: Iris,
    group: FindingGroup,
    messages: Mapping[str, Message],
    suggest: Suggest,
    named: Named,
    quoted: Quoted,
) -> Cause:
    examples = []
    for finding in group.examples:
        issue = _issue(quoted(finding.issue), named)
        where = ""
        title: Texts = {}
        if finding.record:
            where = records.locator(connection, finding.feed, finding.record)
            title = _title(log.published(connection, iris.record(finding.feed, finding.record)))
        example = Example(named(finding.record), title, named(where), issue)
        examples.append(replace(example, change=suggest(replace(finding, issue=issue))))
    return Cause(
        group.code, group.severity, field_of(group.code), group.count, group.records, told(messages, group.code),
        common([example.issue for example in examples]), tuple(examples),
    )  # fmt: skip


def each(
    connection: sqlite3.Connection,
    feeds: Sequence[str],
    messages: Mapping[str, Message],
    suggest: Suggest,
    quoted: Quoted = lambda issue: issue,
) -> Iterator[Cause]:
    """All findings of some feeds, one by one in the order they were found; at most ``MOST``."""
    after: int | None = 0
    count = 0
    while after is not None and count < MOST:
        found, after = findings.listed(connection, feeds, limit=500, after=after)
        for finding in (replace(one, issue=quoted(one.issue)) for one in found[: MOST - count]):
            where = records.locator(connection, finding.feed, finding.record) if finding.record else ""
            example = Example(finding.record, {}, where, finding.issue, suggest(finding))
            code = finding.issue.code
            yield Cause(code, finding.severity, field_of(code), 1, 1, told(messages, code), finding.issue, (example,))
        count += len(found)


def _title(change: Record | None) -> Texts:
    shown = cards([change], lambda wanted: {}) if change is not None else ()
    return shown[0].title if shown else {}


def common(issues: Sequence[Issue]) -> Issue:
    """What some issues of one code have in common; "…" stands for the rest."""

    def one(values: set[str]) -> str:
        return values.pop() if len(values) == 1 else "…"

    names = sorted({name for issue in issues for name, _ in issue.params})
    params = tuple((name, one({dict(issue.params).get(name, "") for issue in issues})) for name in names)
    places, values = ({getattr(issue, name) for issue in issues} for name in ("place", "value"))
    return Issue(issues[0].code, one(places), one(values), params)
