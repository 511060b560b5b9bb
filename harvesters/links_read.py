"""Markdown to the links that it lists: list items and table rows, with the headings that they stand under.

Read by markdown-it (CommonMark with tables, raw HTML off). Left out by name: anchors within the page (tables of
contents), pictures and badges, mail addresses, sections on the list itself (contributing, licence …).
Sources: CommonMark 0.31; GitHub Flavored Markdown (tables).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from harvesters.table_headings import field_of

MAX_ITEMS = 20_000
MAX_TEXT = 2000
COLUMNS = ("languages", "level")  # columns of a table that are no words of a description
MAX_TRIED = 50  # links of one item
MAX_BYTES = 5_000_000
_FRONT = re.compile(r"\A---[ \t]*\n(?s:.{0,20000}?)\n(?:---|\.\.\.)[ \t]*\n")
_BARE = re.compile(r"https?://[^\s<>\"'()\[\]{}|\\^`]{3,1500}")
_SHORTCODE = re.compile(r":[a-z0-9_+-]{2,40}:")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\ufeff\ud800-\udfff]")
_JOINT = " \t\n-–—:•·|,;."
# Words that say nothing of what they link to: the title stands beside them.
_GENERIC = frozenset(
    "here link links website site web page homepage home pdf html slides video code github repo repository source "
    "download docs documentation ici lien site-web dépôt aquí enlace sitio repositorio more url read access demo "
    "course material materials paper article book blog post view open".split()
) | {"click here", "read more", "web site", "en savoir plus", "más información", "source code", "cliquez ici"}
# Sections about the list itself.
_OWN = re.compile(
    r"(?:table of )?contents?|toc|contribut\w*(?: guide\w*)?|how to contribute|licen[cs]es?|code of conduct|"
    r"contributors?|acknowledg\w+|credits|maintainers?|authors?|star history|support|sponsors?|sommaire|"
    r"table des mati[eè]res|contribuer|remerciements|[ií]ndice|contenidos?|contribuir|licencia|agradecimientos|"
    r"related (?:awesome )?lists?|changelog|contact|contacto",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One listed link; ``path`` are the headings and list words above it, from the outside in."""

    title: str
    url: str
    description: str
    path: tuple[str, ...]
    line: int
    columns: tuple[tuple[str, str], ...] = ()  # (field of ``COLUMNS``, text), of a table that has such columns


@dataclass(slots=True)
class Listing:
    """All links of a page; ``left`` counts what was left out, by kind; ``whole`` False where it was too long."""

    items: list[Item] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    whole: bool = True


def read(text: str, base: str) -> Listing:
    """The links of a Markdown text that stands at ``base``."""
    text = _CONTROLS.sub("", _FRONT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"), count=1))
    listing = Listing()
    if len(text) > MAX_BYTES:
        text, listing.whole = text[:MAX_BYTES], False
    tokens = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"]).parse(text)
    own_title = sum(1 for token in tokens if token.type == "heading_open" and token.tag == "h1") == 1
    headings: list[tuple[int, str]] = []
    above: list[str] = []  # for each open list item the words that it puts above the items in it
    fresh = False  # whether the next paragraph is the first of its list item
    row: list[Token] = []
    heads: list[str] = []  # the columns of the table: one of ``COLUMNS``, or ""
    level, skipped = 0, 0
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
            words = _words(tokens[at + 1])
            headings = [(one, said) for one, said in headings if one < level]
            headings.append((level, "" if level == 1 and own_title else words))
            if skipped and level <= skipped:
                skipped = 0
            if not skipped and _OWN.fullmatch(words.strip(_JOINT + "#*_ ")):
                skipped = level
        elif token.type == "list_item_open":
            above.append("")
            fresh = True
        elif token.type == "list_item_close":
            above.pop()
            fresh = False
        elif token.type == "table_open":
            heads = []
        elif token.type == "thead_close":
            heads = [_column(_words(cell)) for cell in row]
        elif token.type == "tr_open":
            row = []
        elif token.type == "inline" and tokens[at - 1].type in ("td_open", "th_open"):
            row.append(token)
        elif token.type == "tr_close" or (
            token.type == "inline" and fresh and tokens[at - 1].type == "paragraph_open"
        ):
            cells, columns = _parted(row, heads) if token.type == "tr_close" else ([token], ())
            fresh = False
            path = tuple(said for said in (*(words for _, words in headings), *above) if said)
            if skipped:
                listing.left["section"] += 1
                continue
            item = _item(cells, base, path, columns, listing.left)
            if item is None and token.type == "inline":
                above[-1] = _words(token)[:100] if len(_words(token)) <= 100 else ""
            elif item is not None:
                if len(listing.items) >= MAX_ITEMS:
                    listing.whole = False
                    return listing
                listing.items.append(item)
    return listing


def _column(heading: str) -> str:
    found = field_of(heading, {})
    return found[0] if found is not None and found[0] in COLUMNS else ""


def _parted(row: list[Token], heads: list[str]) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
    """The cells of a row that name and describe, and those of columns of their own; a cell with a link names."""
    cells: list[Token] = []
    columns: list[tuple[str, str]] = []
    for number, cell in enumerate(row):
        name = heads[number] if number < len(heads) else ""
        if not name or any(address for _, address in _parts(cell)):
            cells.append(cell)
        elif words := _words(cell)[:300]:
            columns.append((name, words))
    return cells, tuple(columns)


def _words(token: Token) -> str:
    """The text of an inline token, without pictures and marks."""
    return _tidy("".join(text for text, _ in _parts(token)))


def _tidy(text: str) -> str:
    return " ".join(_SHORTCODE.sub(" ", text).split())[:MAX_TEXT]


def _parts(token: Token) -> Iterator[tuple[str, str]]:
    """(text, address of the link that it stands in or "") of each piece; a linked picture has no text.

    What is struck out is no longer said.
    """
    address, struck = "", 0
    for child in token.children or ():
        struck += {"s_open": 1, "s_close": -1}.get(child.type, 0)
        if struck:
            continue
        if child.type == "link_open":
            address = str(child.attrs.get("href", ""))
            yield "", address
        elif child.type == "link_close":
            address = ""
        elif child.type in ("softbreak", "hardbreak"):
            yield " ", address
        elif child.type in ("text", "code_inline"):
            yield child.content, address


def _item(
    cells: list[Token], base: str, path: tuple[str, ...], columns: tuple[tuple[str, str], ...], left: Counter[str]
) -> Item | None:
    """The first usable link of a list item or row, with the words beside it."""
    target, linked = "", ""
    before: list[str] = []
    after: list[str] = []
    line, tried = (cells[0].map or [0])[0] + 1 if cells else 0, 0
    for number, cell in enumerate(cells):
        parts = list(_parts(cell))
        for at, (text, address) in enumerate(parts):
            if not target and address and not text and tried < MAX_TRIED:
                tried += 1
                words = "".join(said for said, other in parts[at + 1 : at + 20] if other == address)
                kind, found = _usable(address, words, base)
                if found:
                    target = found
                else:
                    left[kind] += 1
            elif target and not after and address and _resolved(address, base) == target:
                linked += text
            else:
                (after if target and linked else before).append(text)
        if number + 1 < len(cells):
            (after if target and linked else before).append(" — ")
    if not target:
        plain = _tidy("".join(before))
        found_bare = _BARE.search(plain)
        if found_bare is None:
            return None
        target = found_bare[0].rstrip(".,;:!?*_")
        before, after = [plain[: found_bare.start()]], [plain[found_bare.start() + len(target) :]]
    title, said = _tidy(linked), _tidy("".join(after)).strip(_JOINT)
    first = _tidy("".join(before)).strip(_JOINT + "(")
    if not title or title.casefold().strip(_JOINT) in _GENERIC or _BARE.match(title):
        beside, _, more = (first or said).partition(" — ") if len(cells) > 1 else (first or said, "", "")
        title, said = beside.strip(_JOINT), more or (said if first else "")
        first = ""
    description = said if len(said) > 2 else first
    return Item(title[:300], target, description.strip(_JOINT + ")"), path, line, columns)


def _resolved(address: str, base: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _usable(address: str, words: str, base: str) -> tuple[str, str]:
    """(kind of what is left out, "") or ("", absolute address)."""
    if address.startswith("#"):
        return "anchor", ""
    if not words.strip():
        return "picture", ""
    found = _resolved(address, base)
    try:
        scheme, host = urlsplit(found).scheme, urlsplit(found).hostname
    except ValueError:
        return "address", ""
    if scheme not in ("http", "https") or not host or "%" in host:
        return "address", ""
    if found.partition("#")[0] == base.partition("#")[0] and "#" in found:
        return "anchor", ""
    return "", found
