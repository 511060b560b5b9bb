"""Reading IEEE LOM as it is met: strings with languages, vocabulary values, identifiers, dates and vCards.

Spellings: IEEE 1484.12.3 (``string``, ``dateTime``, ``entity``), IMS Learning Resource Meta-Data 1.2
(``langstring``, ``datetime``, ``centity/vcard``, ``catalogentry``), HS-OER-LOM (``id`` and ``entry`` of a
vocabulary value). Sources: IEEE 1484.12.1 and .3; RFC 2426 and RFC 6350 (vCard).
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from registry.crosswalk.oai_tree import Node
from registry.crosswalk.oai_values import Mapper, Text

MAX_VCARD = 20_000
_CARD_NAME = (
    r"BEGIN|END|VERSION|KIND|N|FN|ORG|URL|EMAIL|TEL|ADR|TITLE|ROLE|NOTE|UID|REV|PHOTO|LOGO|NICKNAME|LANG|TZ|GEO|BDAY|"
    r"LABEL|SOURCE|PRODID|CATEGORIES|SORT-STRING|MAILER|KEY|CLASS|SOUND|PROFILE|NAME|AGENT|GENDER|ANNIVERSARY|IMPP|"
    r"RELATED|MEMBER|CALURI|FBURL|CALADRURI|XML|X-[A-Z0-9-]{1,40}"
)
# At the beginning of a line a name may be in small letters; in a card that lost its lines it is in capitals.
_PROPERTY = re.compile(
    rf"(?:^[ \t]*(?i:(?:item\d{{1,3}}\.)?({_CARD_NAME}))|(?<=\s)({_CARD_NAME}))((?:;[^:;\s]{{1,80}}){{0,8}}):",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Card:
    """What a vCard says of who it is. ``kind``: "Person", "Organization" or "" where nothing tells."""

    name: str
    kind: str
    organisations: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()


def strings(node: Node, mapper: Mapper) -> list[Text]:
    """The texts of a LangString: (text, language tag, place); also of an element that holds its text itself."""
    found: list[Text] = []
    for one in node.all("string", "langstring"):
        if text := one.words():
            found.append((text, mapper.tag(one), one.place))
    if not found and node.own:
        node.taken = not node.children
        found.append((node.own, mapper.tag(node), node.place))
    return found


def texts(node: Node | None, mapper: Mapper, *names: str) -> list[Text]:
    """The texts of all children of these names."""
    return [text for one in node.all(*names) for text in strings(one, mapper)] if node is not None else []


def word(node: Node | None, mapper: Mapper, *names: str) -> str:
    """The first of the texts, "" for none."""
    return next((text for text, _, _ in texts(node, mapper, *names)), "")


def vocabulary(node: Node, mapper: Mapper) -> list[str]:
    """What a vocabulary value says, the surest first: its IRI or value, then labels. The source says whose it is."""
    node.skip("source")
    found = [text for text, _, _ in texts(node, mapper, "id", "value", "entry", "label")]
    if not found and node.own and not node.children:
        node.taken = True
        found = [node.own]
    return list(dict.fromkeys(found))


def identifier(node: Node, mapper: Mapper) -> tuple[str, str]:
    """(catalogue, entry) of an identifier or catalogentry; the entry alone where it stands as text."""
    entry = word(node, mapper, "entry")
    catalog = word(node, mapper, "catalog")
    if not entry and node.own:
        node.taken = not node.children
        entry = node.own
    return catalog, " ".join(entry.split())


def date(node: Node | None, mapper: Mapper) -> tuple[str, str, str]:
    """(date or duration, its description, place) of an element with dateTime, datetime, duration, or text."""
    if node is None:
        return "", "", ""
    about = word(node, mapper, "description")
    for one in node.all("datetime", "duration", "date"):
        if text := one.words():
            return text, about, one.place
    node.taken = True
    return node.own, about, node.place


def entities(contribute: Node) -> Iterator[tuple[Card, str]]:
    """The cards of a contribution, with their places; what is no vCard is a name."""
    for entity in contribute.all("entity", "centity"):
        cards = entity.all("vcard") or [entity]
        for one in cards:
            text = one.words()
            for part in _cards(text):
                if card := vcard(part):
                    yield card, one.place


def _cards(text: str) -> list[str]:
    """Several cards in one element, each by itself."""
    text = text[:MAX_VCARD]
    parts = re.split(r"(?<=END:VCARD)", text, flags=re.IGNORECASE)
    return [part for part in parts if part.strip()][:20]


def vcard(text: str) -> Card | None:
    """A card from its text, whether folded, indented or on one line; None where it names nobody.

    Mail and postal addresses, telephone numbers and notes are not read.
    """
    if not re.search(r"BEGIN:\s*VCARD|^\s*(?:FN|N|ORG)[;:]", text, re.IGNORECASE):
        name = " ".join(text.split())
        return Card(name, "") if name else None
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(rows) > 1 and not all(row[:1].isspace() for row in rows[1:] if row.strip()):
        # Folded by its standard: a line that begins with a blank goes on. Else all are indented, or one line.
        text = re.sub(r"\n[ \t]", "", "\n".join(rows))
    found: dict[str, list[tuple[str, str]]] = {}
    marks = list(_PROPERTY.finditer(text))
    for at, mark in enumerate(marks):
        stop = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        value = _value(text[mark.end() : stop], mark[3] or "")
        if value:
            found.setdefault((mark[1] or mark[2]).upper(), []).append((value, (mark[3] or "").upper()))
    return _card(found)


def _value(raw: str, parameters: str) -> str:
    raw = raw.strip()
    if "QUOTED-PRINTABLE" in parameters.upper():
        charset = re.search(r"CHARSET=\"?([\w-]{1,20})", parameters, re.IGNORECASE)
        bytes_ = quopri.decodestring(raw.encode("utf-8", "replace"))
        try:
            raw = bytes_.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            raw = bytes_.decode("utf-8", "replace")
    return " ".join(raw.split())


def _pieces(value: str) -> list[str]:
    """The components of a structured value, their escapes undone."""
    parts = re.split(r"(?<!\\);", value)
    return [re.sub(r"\\([,;:\\])", r"\1", part).replace("\\n", " ").replace("\\N", " ").strip() for part in parts]


def _card(found: dict[str, list[tuple[str, str]]]) -> Card | None:
    full = next((" ".join(filter(None, _pieces(value))) for value, _ in found.get("FN", ())), "")
    parts = next((_pieces(value) for value, _ in found.get("N", ())), [])
    organisations = [first for value, _ in found.get("ORG", ()) if (first := next(filter(None, _pieces(value)), ""))]
    kind = next((value.lower() for value, _ in found.get("KIND", ())), "")
    family, given = (parts[0] if parts else ""), (parts[1] if len(parts) > 1 else "")
    name = full or " ".join(filter(None, (given, family))) or next(iter(organisations), "")
    person = kind == "individual" or (bool(family and given) and kind in ("", "individual"))
    if kind in ("org", "organization", "group") or (not person and (not full or full in organisations)):
        said = "Organization"
        name = name or next(iter(organisations), "")
        organisations = [one for one in organisations if one != name]
    else:
        said = "Person" if person or (organisations and name not in organisations) else ""
    links = [value for key in ("URL", "UID", "SOURCE", "X-ORCID", "X-WIKIDATA", "X-ROR", "X-GND-URL")
             for value, _ in found.get(key, ())]  # fmt: skip
    return Card(name, said, tuple(organisations), tuple(links)) if name else None
