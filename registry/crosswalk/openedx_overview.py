"""The page "About" of an Open edX course: its sections, without what the template for new courses says.

Source: edx-platform, xmodule templates (about/overview); ``tables/openedx_defaults.tsv`` lists its sentences.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import lxml.etree
import lxml.html

from registry.crosswalk import clean

MAX_SECTIONS = 50
_SECTION = re.compile(r"<section\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Overview:
    """Texts of the page; ``template`` is the first sentence of the template that was left out, "" for none."""

    about: str
    requirements: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    template: str = ""


@cache
def _defaults() -> frozenset[tuple[str, str]]:
    rows = files(__package__).joinpath("tables", "openedx_defaults.tsv").read_text("utf-8").splitlines()
    return frozenset((row["kind"], clean.fold(row["text"])) for row in csv.DictReader(rows, delimiter="\t"))


def overview(text: str) -> Overview:
    """The parts of a description; any text without the template's sections is all about the course."""
    if not _SECTION.search(text):
        about, template = _plain(clean.text(text))
        return Overview(about, template=template)
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, encoding="utf-8")
    try:
        root = lxml.html.document_fromstring(f"<div>{text}</div>".encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return Overview("")
    requirements: list[str] = []
    staff: list[str] = []
    left: list[str] = []
    for section in list(root.iter("section"))[:MAX_SECTIONS]:
        kind = str(section.get("class", "")).lower()
        inner = clean.text(lxml.etree.tostring(section, encoding="unicode", with_tail=False))
        if "prerequisites" in kind or "requirements" in kind:
            requirements.append(inner)
        elif "course-staff" in kind:
            for heading in list(section.iter("h3"))[:100]:
                staff.append(clean.line("".join(str(one) for one in heading.itertext())))
        elif not ("faq" in kind or "responses" in kind):
            continue
        parent = section.getparent()
        if parent is not None:
            section.tail = None
            parent.remove(section)
    about, template = _plain(clean.text(lxml.etree.tostring(root, encoding="unicode")))
    wanted = []
    for one in requirements:
        plain, filler = _plain(one)
        wanted += [plain] if plain else []
        left += [filler] if filler else []
    names = tuple(name for name in staff if name and not re.fullmatch(r"Staff Member #?\d{1,3}", name, re.IGNORECASE))
    return Overview(about, tuple(wanted), names, template or next(iter(left), ""))


def _plain(text: str) -> tuple[str, str]:
    """A text without the lines of the template, and the first of them; its headings go silently."""
    kept: list[str] = []
    template = ""
    for line in text.split("\n"):
        folded = clean.fold(line)
        if ("heading", folded) in _defaults():
            continue
        if ("text", folded) in _defaults():
            template = template or line
        else:
            kept.append(line)
    return "\n".join(kept).strip(), template


def lines(text: str) -> Iterator[str]:
    """The items of an HTML list, the lines of any other text; the template's are left out."""
    plain, _ = _plain(clean.text(text))
    for line in plain.split("\n")[:100]:
        stripped = re.sub(r"^(?:[-*•·–]|\d{1,2}[.)])\s+", "", line.strip())
        if len(stripped) > 1:
            yield stripped
