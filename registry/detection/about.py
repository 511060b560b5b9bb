"""What a list says of itself as a whole: its name, language and licence, where it states them.

Sources: OAI-PMH 2.0 §4.2 (Identify); RSS 2.0; RFC 4287; RFC 4946 (Atom licence); JSON Feed 1.1; RFC 7986 (NAME);
DCAT 3 (catalogue title).
"""

from __future__ import annotations

import html
import json
import re

HEAD = 60_000
_ELEMENT = r"<(?:[\w.-]{1,30}:)?%s(?:\s[^<>]{0,300})?>\s*(?:<!\[CDATA\[)?([^<\]]{1,300})"
_NAMES = {
    "oai_pmh": re.compile(_ELEMENT % "repositoryName"),
    "feed": re.compile(_ELEMENT % "title"),
}
_FEED_LANGUAGE = re.compile(_ELEMENT % "language" + r"|<feed\s[^<>]{0,500}?xml:lang\s*=\s*[\"']([\w-]{2,20})")
_FEED_LICENCE = re.compile(
    r"<(?:[\w.-]{1,30}:)?licen[cs]e(?:\s[^<>]{0,200}?rdf:resource=[\"']([^\"']{1,300})[\"'])?[^<>]{0,200}>([^<]{0,300})|"
    r"<link\s[^<>]{0,200}?rel=[\"']license[\"'][^<>]{0,200}?href=[\"']([^\"']{1,300})"
)
_ITEM = re.compile(r"<(?:item|entry)[\s>]")
_CALENDAR_NAME = re.compile(r"^(?:NAME|X-WR-CALNAME)(?:;[^:\r\n]{0,200})?:([^\r\n]{1,200})", re.MULTILINE)
_CATALOGUE = re.compile(r"a\s+dcat:Catalog\b[^.]{0,2000}?dc(?:t|terms):title\s+\"([^\"]{1,200})\"(?:@([\w-]{2,20}))?")


def of_list(body: bytes, content_type: str, protocol: str) -> dict[str, str]:
    """``name``, ``language``, ``licence`` of a list; only what it states."""
    text = body[:HEAD].decode("utf-8", "replace")
    said: dict[str, str] = {}
    if protocol == "feed" and text.lstrip("\ufeff \r\n").startswith("{"):
        said = _json_feed(body)
    elif protocol == "feed":
        item = _ITEM.search(text)
        said = _feed(text[: item.start()] if item else text)
    elif protocol in _NAMES and (found := _NAMES[protocol].search(text)):
        said = {"name": found[1]}
    elif protocol == "calendar" and (found := _CALENDAR_NAME.search(text)):
        said = {"name": re.sub(r"\\([,;\\])", r"\1", found[1])}
    elif protocol == "rdf" and (found := _CATALOGUE.search(text)):
        said = {"name": found[1], "language": found[2] or ""}
    tidy = {key: " ".join(html.unescape(value).split())[:200] for key, value in said.items()}
    return {key: value for key, value in tidy.items() if value}


def _feed(head: str) -> dict[str, str]:
    name, language, licence = _NAMES["feed"].search(head), _FEED_LANGUAGE.search(head), _FEED_LICENCE.search(head)
    return {
        "name": name[1] if name else "",
        "language": (language[1] or language[2] or "") if language else "",
        "licence": (licence[1] or licence[3] or licence[2] or "") if licence else "",
    }


def _json_feed(body: bytes) -> dict[str, str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    names = (("name", "title"), ("language", "language"))
    found = {ours: value.get(theirs) for ours, theirs in names} if isinstance(value, dict) else {}
    return {key: text for key, text in found.items() if isinstance(text, str)}
