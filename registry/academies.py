"""Academies are data: ``academies/<id>.toml`` describes an academy and its feeds, and adding one needs no Python.

``docs/academies.md`` documents every key. Nothing is guessed and nothing is passed over: an unknown key, a
value of the wrong kind, a feed id that stands twice is an error that names the file, the line and the mend.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from registry.model import Academy, Expect, Feed

MAX_BYTES = 1 << 20

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ROR = re.compile(r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}")
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+"
)
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_FEED_HEADER = re.compile(r"\s*\[\[\s*(?:feeds|\"feeds\"|'feeds')\s*\]\]")


class BadAcademy(Exception):
    """Academies that cannot be used. ``problems`` has one sentence for each thing to mend, with its place."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Wrong(Exception):
    """A value that cannot be used; the text says what it must be."""


@dataclass(slots=True)
class _Page:
    """One file while it is read: collects problems with their places."""

    name: str
    lines: list[str]
    protocols: Collection[str] | None
    problems: list[str] = field(default_factory=list)

    def report(self, feed: int | None, key: str, text: str) -> None:
        """One problem, at a key of the academy (``feed`` None) or of its feed number ``feed``, from 0."""
        line = self._line(feed, key)
        where = ": ".join(part for part in ("" if feed is None else f"feed {feed + 1}", key) if part)
        self.problems.append(f"{self.name}{f', line {line}' if line else ''}{f' ({where})' if where else ''}: {text}")

    def _line(self, feed: int | None, key: str) -> int:
        headers = [number for number, line in enumerate(self.lines) if _FEED_HEADER.match(line)]
        if feed is None:
            start, end = 0, headers[0] if headers else len(self.lines)
        elif feed < len(headers):
            start, end = headers[feed], (headers + [len(self.lines)])[feed + 1]
        else:
            return 0
        if not key:
            return 0 if feed is None else start + 1
        pattern = re.compile(rf"\s*(?:\[(?:[^\[\]]*\.)?)?[\"']?{re.escape(key)}[\"']?\s*(?:=|\.|\])")
        return next((n + 1 for n in range(start, end) if pattern.match(self.lines[n])), start + 1)


def _string(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"must be a text in quotes, not {_shown(value)}")
    return value.strip()


def _matching(pattern: re.Pattern[str], wanted: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _string(value)
        if not pattern.fullmatch(text):
            raise _Wrong(f"must be {wanted}, not {_shown(value)}")
        return text

    return check


def _address(value: object) -> str:
    text = _string(value)
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", text):
        raise _Wrong(f'must be a full address such as "https://www.example.org/courses.csv", not {_shown(value)}')
    if "@" in parts.netloc:
        raise _Wrong("holds a user name or password; this file is public, take it out")
    return text


def _feed_address(value: object) -> str:
    """As ``_address``; also a folder of this machine, which only ``LOCAL`` protocols read."""
    text = _string(value)
    if not text.startswith("file:"):
        return _address(value)
    if not re.fullmatch(r"file:///[^\s?#\x00-\x1f]+", text) or "/../" in f"{unquote(text)}/":
        raise _Wrong(f'must be the full path of a folder such as "file:///srv/lessons", not {_shown(value)}')
    return text


def _name(value: object) -> Mapping[str, str]:
    if isinstance(value, str):
        return {"en": _string(value)}
    if not isinstance(value, dict) or not value:
        raise _Wrong('must be a text, or texts by language such as { en = "…", fr = "…" }')
    for language in value:
        if not _LANGUAGE.fullmatch(language):
            raise _Wrong(f"has the language {_shown(language)}; use a code such as en, fr or pt-BR")
    return {language: _string(text) for language, text in value.items()}


def _contact(value: object) -> str:
    text = _string(value)
    if _EMAIL.fullmatch(text):
        return text
    try:
        return _address(value)
    except _Wrong as error:
        raise _Wrong(f"must be a mail address or the address of a contact page, not {_shown(value)}") from error


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"must be true or false, without quotes, not {_shown(value)}")
    return value


def _hosts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Wrong('must be a list such as ["moodle.example.org", "127.0.0.1:8001"]')
    hosts = []
    for entry in value:
        text = _string(entry)
        text = text.partition("://")[2].rstrip("/") if text.startswith(("http://", "https://")) else text
        if not _HOST.fullmatch(text):
            raise _Wrong(f"holds {_shown(entry)}; write host names only, with or without :port, without a path")
        hosts.append(text.lower())
    return tuple(hosts)


def _expect(value: object) -> Expect:
    table = _table(value)
    keys = ("grace_days", "grace_visits", "max_drop", "min_records")
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise _Wrong(f"has the unknown key {unknown[0]!r}; there are: {', '.join(keys)}")
    usual = Expect()
    least, drop = table.get("min_records", usual.min_records), table.get("max_drop", usual.max_drop)
    if type(least) is not int or least < 0:
        raise _Wrong(f"min_records must be a whole number from 0, not {_shown(least)}")
    if type(drop) not in (int, float) or not 0 <= drop <= 1:
        raise _Wrong(f"max_drop must be a share from 0 to 1 (0.2 is a fifth), not {_shown(drop)}")
    visits, days = table.get("grace_visits", usual.grace_visits), table.get("grace_days", usual.grace_days)
    if type(visits) is not int or not 1 <= visits <= 1000:
        raise _Wrong(f"grace_visits must be a whole number from 1, not {_shown(visits)}")
    if type(days) is not int or not 0 <= days <= 3650:
        raise _Wrong(f"grace_days must be a whole number of days from 0 to 3650, not {_shown(days)}")
    return Expect(least, float(drop), visits, days)


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("must be a table of keys and values")
    return value


def _texts(value: object) -> Mapping[str, str]:
    return {key: _string(text) for key, text in _table(value).items()}


def _values(value: object) -> Mapping[str, Mapping[str, str]]:
    table = _table(value)
    if not all(isinstance(entry, dict) for entry in table.values()):
        raise _Wrong('must hold one table for each field, such as [feeds.values.level] "Débutant" = "basic"')
    return {key: _texts(entry) for key, entry in table.items()}


LOCAL = frozenset({"git"})
PERMISSIONS = ("agreed", "published", "asked", "none")
STAY_BACK = ("categories", "access", "columns")


def _permission(value: object) -> str:
    text = _string(value)
    if text not in PERMISSIONS:
        raise _Wrong(f"must be one of {', '.join(PERMISSIONS)}, not {_shown(value)}")
    return text


def _publish(value: object) -> Mapping[str, tuple[str, ...]]:
    table = _table(value)
    unknown = sorted(set(table) - set(STAY_BACK))
    if unknown:
        raise _Wrong(f"has the unknown key {unknown[0]!r}; what stays back is named by: {', '.join(STAY_BACK)}")
    if not all(isinstance(words, list) for words in table.values()):
        raise _Wrong('must hold lists of what stays back, such as categories = ["Internal"]')
    return {key: tuple(_string(word) for word in words) for key, words in table.items()}


ACADEMY_KEYS: Mapping[str, Callable[[object], Any]] = {
    "name": _name,
    "homepage": _address,
    "country": _matching(_COUNTRY, 'the two capital letters of ISO 3166-1, such as "FR"'),
    "acronym": _string,
    "ror": _matching(_ROR, 'an address such as "https://ror.org/02feahw73"'),
    "contact": _contact,
    "show_score": _yes_or_no,
}
FEED_KEYS: Mapping[str, Callable[[object], Any]] = {
    "id": _matching(_ID, 'small letters, digits and hyphens, such as "insee-catalogue"'),
    "protocol": _string,
    "address": _feed_address,
    "format": _matching(re.compile(r"[A-Za-z0-9._-]+"), 'one word, such as "oai_dc"'),
    "language": _matching(_LANGUAGE, 'a code such as "en", "fr" or "pt-BR"'),
    "licence": _string,
    "allow_hosts": _hosts,
    "expect": _expect,
    "columns": _texts,
    "values": _values,
    "publish": _publish,
    "options": _table,
    "metadata_licence": _string,
    "permission": _permission,
}


def load(
    folder: Path, *, protocols: Collection[str] | None = None, substitute: Mapping[str, str] | None = None
) -> dict[str, Academy]:
    """All academies of a folder, by id (the file's name), in the order of the ids.

    Files that begin with "_" are templates and are not read. ``protocols`` are the names that a feed may
    use (``harvesters.base.names()``); None allows any. ``substitute`` fills ``${name}`` in texts: the demo
    gives ``{"feeds": "http://127.0.0.1:8001"}``. Raises BadAcademy with everything that is to be mended.
    """
    if not folder.is_dir():
        raise BadAcademy((f"{folder}: there is no such folder; make it, or name another in the setting academies",))
    academies: dict[str, Academy] = {}
    problems: list[str] = []
    owners: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml"), key=lambda path: path.name):
        if path.name.startswith("_"):
            continue
        page, academy = _read(path, protocols, substitute or {})
        for number, feed in enumerate(academy.feeds if academy else ()):
            if feed.id in owners:
                page.report(number, "id", f"{feed.id!r} already names a feed of {owners[feed.id]}; choose another")
            owners.setdefault(feed.id, path.name)
        problems += page.problems
        if academy:
            academies[academy.id] = academy
    if problems:
        raise BadAcademy(tuple(problems))
    return dict(sorted(academies.items()))


def _read(
    path: Path, protocols: Collection[str] | None, substitute: Mapping[str, str]
) -> tuple[_Page, Academy | None]:
    page = _Page(str(path), [], protocols)
    try:
        if path.stat().st_size > MAX_BYTES:
            page.problems.append(f"{path}: is larger than {MAX_BYTES} bytes; that is no description of an academy")
            return page, None
        text = path.read_bytes().decode("utf-8-sig")
        page.lines = text.splitlines()
        content = tomllib.loads(text)
    except UnicodeDecodeError:
        page.problems.append(f"{path}: is not UTF-8; save it again with that encoding")
        return page, None
    except RecursionError:
        page.problems.append(f"{path}: is nested too deeply")
        return page, None
    except (OSError, tomllib.TOMLDecodeError) as error:
        page.problems.append(f"{path}: cannot be read as TOML: {error}; texts stand in quotes, see docs/academies.md")
        return page, None
    if not _ID.fullmatch(path.stem):
        page.problems.append(f"{path}: the file's name is the academy's id: small letters, digits and hyphens only")
    content = _filled(content, substitute)
    entries = content.pop("feeds", [])
    fields = _checked(page, None, content, ACADEMY_KEYS, ("name", "homepage"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        page.report(None, "feeds", "each feed starts with a line [[feeds]], with two brackets")
        entries = []
    feeds = [_feed(page, number, entry, path.stem) for number, entry in enumerate(entries)]
    if page.problems:
        return page, None
    return page, Academy(id=path.stem, **fields, feeds=tuple(feed for feed in feeds if feed is not None))


def _feed(page: _Page, number: int, entry: dict[str, Any], academy: str) -> Feed | None:
    before = len(page.problems)
    fields = _checked(page, number, entry, FEED_KEYS, ("id", "protocol", "address"))
    protocol = fields.get("protocol")
    if protocol is not None and page.protocols is not None and protocol not in page.protocols:
        page.report(
            number, "protocol", f"unknown protocol {protocol!r}; there are: {', '.join(sorted(page.protocols))}"
        )
    if str(fields.get("address", "")).startswith("file:") and protocol not in LOCAL:
        page.report(
            number, "address", f"only {', '.join(sorted(LOCAL))} reads folders of this machine, not {protocol}"
        )
    return Feed(academy=academy, **fields) if len(page.problems) == before else None


def _checked(
    page: _Page,
    feed: int | None,
    content: Mapping[str, Any],
    kinds: Mapping[str, Callable[[object], Any]],
    required: tuple[str, ...],
) -> dict[str, Any]:
    """The values by key; whatever is wrong is reported."""
    fields: dict[str, Any] = {}
    for key in required:
        if key not in content:
            page.report(feed, "", f'{key} is missing; add a line {key} = "…"')
    for key, value in content.items():
        if key not in kinds:
            page.report(
                feed, key, f"unknown key; there are: {', '.join(kinds)}{'' if feed is not None else ', feeds'}"
            )
            continue
        left = sorted(_placeholders(value))
        if left:
            page.report(feed, key, f"nothing is known to put in for ${{{left[0]}}}; write the value itself")
            continue
        try:
            fields[key] = kinds[key](value)
        except _Wrong as error:
            page.report(feed, key, str(error))
    return fields


def _filled(value: Any, substitute: Mapping[str, str]) -> Any:
    """The value with ${name} filled in, in every text (keys are left alone)."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: substitute.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {key: _filled(entry, substitute) for key, entry in value.items()}
    return [_filled(entry, substitute) for entry in value] if isinstance(value, list) else value


def _placeholders(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_PLACEHOLDER.findall(value))
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for entry in entries for name in _placeholders(entry)}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"
