"""The report as one HTML page that stands alone, and the parts that the registry's own pages show."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from registry.messages import fill
from registry.report.markdown import details, numbers
from registry.report.model import Report
from registry.report.score import number, spark
from registry.report.texts import best, colon, place, proposed, whys, word

FOLDER = str(files(__package__))


def names() -> dict[str, Any]:
    """What the templates call."""
    return {
        "best": best, "word": word, "colon": colon, "place": place,
        "proposed": proposed, "whys": whys(), "fill": fill, "details": details,
        "numbers": numbers, "shown": number, "spark": spark, "standing": False,
    }  # fmt: skip


@cache
def style() -> str:
    """The page's style sheet."""
    return files(__package__).joinpath("page.css").read_text("utf-8")


def policy() -> str:
    """The Content-Security-Policy of the page: its own style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def render(report: Report, language: str, *, standing: bool = False) -> str:
    """The page in one of ``messages.LANGUAGES``; ``standing``: its entries are public already."""
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.globals |= names() | {"standing": standing}
    from markupsafe import Markup

    return environment.get_template("page.html").render(report=report, language=language, style=Markup(style()))
