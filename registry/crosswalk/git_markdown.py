"""What a README or page says in its first lines: heading, first paragraph, statements with links; plain text.

Sources: CommonMark 0.31 (read by markdown-it-py); Pandoc's attributes and fenced divs; reStructuredText titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from registry.crosswalk import clean

MAX_SOURCE = 20_000
MAX_LINE = 4000
_ATTRIBUTES = re.compile(r"\{[#.:=][^{}\n]{0,200}\}|\{(?:width|height|alt|target|style)=[^{}\n]{0,200}\}")
_SHORTCODE = re.compile(r"\{\{[<%][^{}\n]{0,300}[>%]\}\}|\{%[^{}\n]{0,300}%\}|\{\{[^{}\n]{0,200}\}\}")
_FENCE = re.compile(r"^:{3,}[^\n]{0,200}$", re.MULTILINE)
_EMOJI = re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,40}:(?![\w:])")
_COMMENT = re.compile(r"<!--.{0,5000}?-->", re.DOTALL)
_RST_TITLE = re.compile(r"^([^\n]{2,200})\n([=\-~#*^\"'`]{3,})[ \t]*$", re.MULTILINE)
_RST_ROLE = re.compile(r"`([^`<\n]{1,300})\s*<([^>\n]{1,500})>`__?")
_SPAN = re.compile(r"(?<!!)\[([^\[\]\n]{1,300})\](?:\([^()\s]{0,500}\))?(?:\{[^{}\n]{0,100}\})?")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph or list item: its text and its links as (position in the text, address)."""

    text: str
    links: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The first heading of the first level, and the paragraphs in their order."""

    heading: str
    paragraphs: tuple[Paragraph, ...]
    lists: tuple[Paragraph, ...] = ()
    badges: tuple[str, ...] = ()
    pictured: bool = False  # a picture stands for a word of the heading


def plain(source: str) -> str:
    """A short text in Markdown as plain text on one line ("**[A](b)**" is "A")."""
    source = _SHORTCODE.sub(" ", source[:MAX_LINE])
    source = _SPAN.sub(r"\1", re.sub(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,500}\)", " ", source))
    source = _ATTRIBUTES.sub(" ", source)
    source = re.sub(r"(\*\*|__|`+)(?=\S)([^*_`\n]{1,500}?)(?<=\S)\1", r"\2", source)
    source = re.sub(r"(?<!\w)([*_])(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?!\w)", r"\2", source)
    return clean.line(_EMOJI.sub(" ", clean.line(source)))


def read(source: str, restructured: bool = False) -> Page:
    """The beginning of a text; what cannot be read as Markdown is a page of plain paragraphs."""
    source = source[:MAX_SOURCE]
    if restructured:
        source = _RST_TITLE.sub(r"# \1\n", _RST_ROLE.sub(r"[\1](\2)", source))
        source = re.sub(r"^\.\. [^\n]*(?:\n[ \t]+[^\n]*)*", "", source, flags=re.MULTILINE)
    source = _FENCE.sub("", _SHORTCODE.sub(" ", _COMMENT.sub(" ", source)))
    heading, paragraphs, lists, badges = "", list[Paragraph](), list[Paragraph](), list[str]()
    tokens = MarkdownIt("commonmark", {"maxNesting": 20}).parse(source)
    depth, pictured = 0, False
    for at, token in enumerate(tokens):
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.type == "html_block" and not heading:
            found = re.search(r"<h1[^>]{0,300}>(.{1,1000}?)</h1>", token.content[:5000], re.DOTALL | re.IGNORECASE)
            heading = clean.line(found[1]) if found else ""
        if token.type != "inline" or not at:
            continue
        paragraph = _inline(token, badges)
        before = tokens[at - 1]
        if before.type == "heading_open":
            if before.tag == "h1" and not heading:
                heading = paragraph.text
                pictured = any(part.type == "image" or "<img" in part.content for part in token.children or [])
            else:
                paragraphs.append(Paragraph(""))  # a section begins: what follows is not the introduction
        elif paragraph.text:
            (lists if depth else paragraphs).append(paragraph)
    return Page(heading, tuple(paragraphs), tuple(lists), tuple(badges), pictured)


def _inline(token: Token, badges: list[str]) -> Paragraph:
    """The words of an inline token; images are no words, but what a badge links to is kept."""
    text, links, target = "", list[tuple[int, str]](), ""
    for part in token.children or []:
        if part.type == "link_open":
            target = str(part.attrGet("href") or "")[:2000]
            links.append((len(text), target))
        elif part.type == "link_close":
            target = ""
        elif part.type == "image":
            if target:
                badges.append(target)
            badges.append(str(part.attrGet("src") or "")[:2000])
        elif part.type in ("text", "code_inline"):
            text += part.content
        elif (
            part.type in ("softbreak", "hardbreak")
            or part.type == "html_inline"
            and part.content.lower().startswith(("<br", "</p", "</div"))
        ):
            text += " "
    lead = len(text) - len(text.lstrip())
    words = _EMOJI.sub(" ", _ATTRIBUTES.sub(" ", text))
    return Paragraph(clean.line(words), tuple((max(0, at - lead), link) for at, link in links))


_SENTENCE = re.compile(r"(?<=[.!?。])\s+(?=[A-ZÀ-Þ¿¡\"“«(\[]|$)")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph."""
    return [part for part in _SENTENCE.split(text[:MAX_LINE]) if part.strip()]


def introduction(page: Page) -> Iterator[Paragraph]:
    """The paragraphs before the first section."""
    for paragraph in page.paragraphs:
        if not paragraph.text:
            return
        yield paragraph
