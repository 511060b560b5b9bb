"""The report for a terminal: short lines, the gravest first."""

from __future__ import annotations

from registry.messages import fill
from registry.report.model import Card, Cause, Change, Example, Report
from registry.report.score import render as score
from registry.report.texts import best, colon, place, proposed, whys, word

EXAMPLES = 3
TITLES = 10
MARKS = {"violation": "✗", "warning": "!", "info": "·"}


def render(report: Report, language: str, *, standing: bool = False) -> str:
    """The report in one of ``messages.LANGUAGES``; ``standing``: its entries are public already."""
    counts = report.counts
    public = word("are-published" if standing else "published", language)
    lines = [
        f"{report.what} ({', '.join(report.protocols)}): {counts['records']} {word('read', language)},"
        f" {counts['published']} {public}, {counts['held']} {word('held', language)}"
        + (f" ({counts['by_rule']} {word('by-rule', language)})" if counts["by_rule"] else "")
    ]
    lines += [best(text, language) for text in report.found]
    if report.score:
        lines += [
            "",
            f"{word('score', language)}{colon(language)}",
            *(f"  {line}" for line in score(report.score, language)),
        ]
    if report.cards:
        lines += [
            "",
            f"{word('sees', language)}{colon(language)}",
            *(f"  {_card(card, language)}" for card in report.cards[:TITLES]),
        ]
        more = counts["published"] - min(len(report.cards), TITLES)
        if more > 0:
            lines.append(f"  … {more} {word('more', language)}")
    if report.causes:
        lines += ["", f"{word('to-mend', language).capitalize()}{colon(language)}"]
    for cause in report.causes:
        lines += _cause(cause, language)
    return "\n".join(lines)


def _card(card: Card, language: str) -> str:
    parts = [best(card.title, language) or card.entry]
    details = [", ".join(card.languages), *(best(text, language) for text in (*card.levels, *card.licences))]
    return " · ".join(part for part in (*parts, *details) if part)


def _cause(cause: Cause, language: str) -> list[str]:
    # A text whose values differ from entry to entry is told for the first one, and all of them stand below.
    issue = cause.examples[0].issue
    lines = [f"{MARKS[cause.severity]} {cause.count} × {fill(cause.message.text[language], issue)}"]
    for example in cause.examples[:EXAMPLES]:
        told = _example(example, language)
        if told:
            lines.append(f"    {word('in', language)} {told}")
    lines.append(f"    {word('mend', language)}{colon(language)} {fill(cause.message.mend.get(language, ''), issue)}")
    lines.append(f"    {word('why', language)}{colon(language)} {whys()[cause.field].why[language]}")
    return lines


def _example(example: Example, language: str) -> str:
    where = " · ".join(part for part in (example.entry, place(example.issue.place, language)) if part)
    value = f" «{example.issue.value[:80]}»" if example.issue.value else ""
    change = changed(example.change, language)
    return f"{where}{value}{f'  ({change})' if change else ''}" if where or value else ""


def changed(change: Change | None, language: str) -> str:
    """A change in words: what to write instead, and how sure that is; "" where there is none."""
    if change is None:
        return ""
    after = f" {word('or', language)} ".join(proposed(change, language))
    if change.example:
        return f"{word('for-example', language)} {after}"
    return f"→ {after}" if change.sure else f"→ {word('perhaps', language)} {after}"
