"""The forms that a report comes in, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from registry.report import data, html, markdown, plain
from registry.report.model import Report

FORMS = ("text", "markdown", "html", "json")


def rendered(
    report: Report, form: str, language: str, *, standing: bool = False, extra: Mapping[str, Any] | None = None
) -> str:
    """The report in a form of ``FORMS``; ``standing``: its entries are public already; ``extra`` is for JSON only."""
    if form == "json":
        return json.dumps({**data.as_json(report), **(extra or {})}, ensure_ascii=False, indent=2)
    if form == "html":
        return html.render(report, language, standing=standing)
    render = markdown.render if form == "markdown" else plain.render
    return render(report, language, standing=standing)
