"""The report for programs: one JSON document with texts in three languages, and the findings as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from registry.messages import fill
from registry.report.model import Cause, Example, Report
from registry.report.plain import changed
from registry.report.texts import best, place, whys, word

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(report: Report) -> dict[str, Any]:
    """All of the report; ``titles`` are those of the cards, ``issues`` the causes."""
    return {
        "readable": True,
        "what": report.what,
        "protocol": ", ".join(report.protocols),
        "time": report.time,
        "counts": dict(report.counts),
        "titles": [best(card.title, "en") for card in report.cards],
        "cards": [asdict(card) for card in report.cards],
        "violations": report.violations,
        "complete": report.complete,
        "found": [dict(texts) for texts in report.found],
        "score": [asdict(one) for one in report.score],
        "issues": [_cause(cause) for cause in report.causes],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    issue, why = cause.examples[0].issue, whys()[cause.field]
    return {
        "code": cause.code,
        "severity": cause.severity,
        "field": cause.field,
        "count": cause.count,
        "records": cause.records,
        "message": {lang: fill(text, issue) for lang, text in cause.message.text.items()},
        "mend": {lang: fill(text, issue) for lang, text in cause.message.mend.items()},
        "why": dict(why.why),
        "examples": [_example(example) for example in cause.examples],
    }


def _example(example: Example) -> dict[str, Any]:
    change = example.change
    return {
        "record": example.entry,
        "where": example.where,
        "place": example.issue.place,
        "value": example.issue.value,
        "change": None if change is None else asdict(change),
    }


def safe_cell(value: object) -> str:
    """A value as a spreadsheet may show it: what it would take for a formula gets an apostrophe before it."""
    text = " ".join(str(value).split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(causes: Iterable[Cause], language: str) -> str:
    """A row for each example of each cause; with a byte order mark and semicolons, as every Excel opens it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [word(key, language) for key in ("entry", "place", "value", "to-mend-heading", "mend", "change", "why")]
    )
    for cause in causes:
        for example in cause.examples:
            issue = example.issue
            where = " · ".join(part for part in (example.where, place(issue.place, language)) if part)
            row = (
                example.entry or word("whole", language), where, issue.value,
                fill(cause.message.text[language], issue), fill(cause.message.mend.get(language, ""), issue),
                changed(example.change, language), whys()[cause.field].why[language],
            )  # fmt: skip
            writer.writerow([safe_cell(cell) for cell in row])
    return "\ufeff" + out.getvalue()
