"""What ``check`` writes beside its report: a proposal of headings and words, and the table with the cells to mend."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from harvesters.base import FeedFailed
from registry import messages, vocabulary
from registry.messages import fill
from registry.model import Feed
from registry.net import Fetcher, NetError
from registry.pipeline.annotate import annotated
from registry.pipeline.frameworks import headed
from registry.pipeline.house import ROOT, House
from registry.pipeline.propose import as_toml, propose
from registry.settings import Settings
from registry.workbook.annotate import TooLarge

BASE = "https://registry.invalid"  # labels are the same under any address


class NoTable(Exception):
    """What was to be written cannot be; the message says why."""


def _content(settings: Settings, what: str, feed: Feed) -> tuple[bytes, str]:
    """The bytes of a file or address, and their media type."""
    if not re.match(r"https?://", what):
        try:
            return Path(what).read_bytes(), ""
        except OSError as error:
            raise NoTable(f"{what}: {error.strerror}") from error
    try:
        with Fetcher(settings, feed) as http:
            fetched = http.get(what)
            return fetched.body, fetched.headers.get("content-type", "")
    except NetError as error:
        raise NoTable(f"{what}: {_said(error.issue.code)}") from error


def _said(code: str) -> str:
    message = messages.load().get(code)
    return message.text["en"] if message is not None else code


def _target(target: Path, what: str, endings: tuple[str, ...]) -> None:
    if target.suffix.lower() not in endings:
        raise NoTable(f"{target}: the name must end in {' or '.join(endings)}")
    if target.exists() and Path(what).exists() and target.samefile(what):
        raise NoTable(f"{target}: is the file that is checked; give another name")


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise NoTable(f"{target}: {error.strerror}") from error


def write_proposal(settings: Settings, what: str, target: Path, language: str) -> int:
    """Write the lines to paste into the academy's entry; how many there are. Raises NoTable."""
    _target(target, what, (".toml",))
    feed = Feed("check", "check", "table", what, language=None)
    body, media = _content(settings, what, feed)
    try:
        folders = [ROOT / "ontology", settings.schemes_folder]
        known = vocabulary.schemes(folders, BASE)
        proposal = propose(headed(feed, known), body, vocabulary.lookup(folders, BASE), media, known)
    except FeedFailed as error:
        message = messages.load()[error.issue.code]
        raise NoTable(f"{what}: {fill(message.text['en'], error.issue)}") from error
    _write(target, as_toml(proposal, language).encode("utf-8", "replace"))
    return proposal.count


def annotator(settings: Settings, what: str, target: Path, language: str) -> Callable[[House, Feed], None]:
    """What writes the table back with its cells to mend once a check is done. Raises NoTable, then and now."""
    _target(target, what, (".xlsx",))

    def after(house: House, feed: Feed) -> None:
        if feed.protocol != "table":
            raise NoTable(f"{what}: only a table can be given back with its cells to mend")
        body, _ = _content(settings, what, feed)
        known = vocabulary.schemes([house.root / "ontology", house.settings.schemes_folder], BASE)
        try:
            _write(target, annotated(headed(feed, known), body, house.connection, house.messages, language))
        except TooLarge as error:
            raise NoTable(f"{what}: the table is too large to be given back as a workbook") from error

    return after
