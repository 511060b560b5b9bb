"""Checking a list before anybody publishes it: read it as a visit would, keep nothing, say what to mend."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from registry.ledger import FindingGroup, findings, log
from registry.messages import Message, fill
from registry.model import Academy, Expect, Feed, Finding, Run
from registry.net import Fetcher, NetError
from registry.pipeline.house import House, opened
from registry.pipeline.intake import Intake, visit
from registry.settings import Settings
from registry.terms import Literal, by_subject

SNIFF = 4096
EXAMPLES = 3
INCOMPLETE = "harvest-incomplete"
_TABLES = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")


class Unreadable(Exception):
    """What was to be checked cannot be read at all; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The result: how the visit went, what the public would see, what is to be mended."""

    what: str
    address: str
    protocol: str
    run: Run
    titles: tuple[str, ...]
    groups: tuple[FindingGroup, ...]
    messages: dict[str, Message]

    @property
    def violations(self) -> int:
        """How many findings keep something from being published."""
        return sum(group.count for group in self.groups if group.severity == "violation")

    @property
    def complete(self) -> bool:
        """Whether the list was read to its end."""
        return all(group.code != INCOMPLETE for group in self.groups)

    def as_json(self) -> dict[str, Any]:
        """For a machine: all groups with their examples and texts."""
        groups = []
        for group in self.groups:
            message = self.messages[group.code]
            examples = [{name: self.named(text) for name, text in _example(one).items()} for one in group.examples]
            issue = group.examples[0].issue
            texts = {lang: self.named(fill(text, issue)) for lang, text in message.text.items()}
            mend = {lang: self.named(fill(text, issue)) for lang, text in message.mend.items()}
            groups.append(
                {"code": group.code, "severity": group.severity, "count": group.count, "records": group.records,
                 "message": texts, "mend": mend, "examples": examples}
            )  # fmt: skip
        return {
            "readable": True, "what": self.what, "protocol": self.protocol, "counts": dict(self.run.counts),
            "titles": list(self.titles), "violations": self.violations, "complete": self.complete, "issues": groups,
        }  # fmt: skip

    def named(self, text: str) -> str:
        """A text with the name of what was checked where it holds the address that a file was read from."""
        return text.replace(self.address, self.what)


def _example(finding: Finding) -> dict[str, str]:
    return {"record": finding.record, "place": finding.issue.place, "value": finding.issue.value}


def guess(head: bytes, name: str) -> str:
    """The protocol of a list by its first bytes, then by its name; "" if nothing fits."""
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t")[:SNIFF].lower()
    if b"<oai-pmh" in text or "verb=" in name:
        return "oai_pmh"
    if head.startswith(b"PK") or Path(urlsplit(name).path).suffix.lower() in _TABLES:
        return "table"
    if b"<urlset" in text or b"<sitemapindex" in text or b"<html" in text or b"<!doctype html" in text:
        return "web_pages"
    if head.startswith(b"\x1f\x8b") and "sitemap" in name:
        return "web_pages"
    first = text.split(b"\n", 1)[0]
    parted = any(mark in first for mark in (b",", b";", b"\t"))
    return "table" if parted and not text.startswith((b"<", b"{", b"[")) else ""


After = Callable[[House, Feed], None]


def check_list(settings: Settings, what: str, protocol: str = "", after: After | None = None) -> Checked:
    """Read a file or an address as a visit would, in a ledger that is thrown away. Raises Unreadable.

    ``after`` may look at the ledger before it goes.
    """
    if re.match(r"https?://", what):
        return _check(settings, what, protocol or _guess_address(settings, what), what, after)
    file = Path(what)
    if not file.is_file():
        raise Unreadable(f"{what}: there is no such file, and it is no address (http:// or https://)")
    with file.open("rb") as handle:
        kind = protocol or guess(handle.read(SNIFF), file.name)
    with _serving(file) as address:
        try:
            return _check(settings, address, kind, what, after)
        except Unreadable as error:
            raise Unreadable(str(error).replace(address, what)) from error


def _guess_address(settings: Settings, address: str) -> str:
    try:
        with Fetcher(settings, _feed(address, "")) as http:
            return guess(http.get(address).body, address)
    except NetError as error:
        raise Unreadable(f"{address}: {_said(error.issue.code, error.issue, settings)}") from error


def _said(code: str, issue: Any, settings: Settings) -> str:
    from registry import messages

    message = messages.load().get(code)
    return f"{fill(message.text['en'], issue)} {fill(message.mend['en'], issue)}" if message else str(issue)


def _feed(address: str, protocol: str) -> Feed:
    parts = urlsplit(address)
    address = address.partition("?")[0] if protocol == "oai_pmh" else address
    # Who types an address may see it: the host is allowed even on a private network.
    hosts = tuple(host for host in (parts.netloc.rpartition("@")[2], parts.hostname) if host)
    return Feed("check", "check", protocol, address, expect=Expect(0, 1.0), allow_hosts=hosts)


def _check(settings: Settings, address: str, protocol: str, what: str, after: After | None = None) -> Checked:
    if not protocol:
        raise Unreadable(
            f"{what}: neither an OAI-PMH answer, nor web pages, nor a table; say which with --protocol, or save the"
            " list as CSV or XLSX"
        )
    feed = _feed(address, protocol)
    academy = Academy("check", {"en": what}, address, feeds=(feed,))
    with tempfile.TemporaryDirectory() as folder:
        apart = replace(settings, data=Path(folder), base="https://check.invalid", http_delay=0.0, workers=1)
        with opened(apart, {"check": academy}) as house:
            intake = Intake(house.connection, apart, house.iris, house.root, house.messages)
            run = visit(intake, academy, feed)
            groups = tuple(findings.groups(house.connection, ["check"]))
            if after is not None and run.counts.get("records"):
                after(house, feed)
            if not run.counts.get("records"):
                reason = _reason(groups, house) or run.message or "no entry was found in it."
                raise Unreadable(f"{what}: {reason}")
            return Checked(what, address, protocol, run, tuple(_titles(house)), groups, dict(house.messages))


def _reason(groups: tuple[FindingGroup, ...], house: House) -> str:
    """Why nothing could be read: the gravest findings."""
    gravest = next((s for s in ("violation", "warning") if any(group.severity == s for group in groups)), "info")
    said = []
    for group in groups:
        # That the end was not reached says nothing where another finding says why.
        if group.severity == gravest and (group.code != INCOMPLETE or len(groups) == 1):
            message, issue = house.messages[group.code], group.examples[0].issue
            said.append(f"{fill(message.text['en'], issue)} {fill(message.mend['en'], issue)}")
    return " ".join(said)


def _titles(house: House) -> Iterator[str]:
    for change in log.standing(house.connection):
        for described in by_subject(change.stated).values():
            for name in described.get("http://schema.org/name", [])[:1]:
                if isinstance(name, Literal) and "http://schema.org/provider" in described:
                    yield name.value


LANGUAGES = ("en", "fr", "es")
_Words = tuple[str, str, str, str, str, str, str, str]
_WORDS: dict[str, _Words] = {
    "en": ("entries read", "would be published", "held back", "The public will see", "to mend", "Mend", "in", "more"),
    "fr": ("fiches lues", "seraient publiées", "en attente", "Le public voit", "à corriger", "Remède", "dans", "plus"),
    "es": ("fichas leídas", "se publicarían", "retenidas", "El público verá", "por corregir", "Remedio", "en", "más"),
}
_BY_RULE = {"en": "by your own rules", "fr": "selon vos propres règles", "es": "por sus propias reglas"}
_MARKS = {"violation": "✗", "warning": "!", "info": "·"}


def report(checked: Checked, language: str) -> str:
    """The result for people, in one of ``LANGUAGES``."""
    read, published, held, sees, to_mend, mend, inside, more = _WORDS[language]
    counts = checked.run.counts
    lines = [
        f"{checked.what} ({checked.protocol}): {counts.get('records', 0)} {read},"
        f" {counts.get('published', 0)} {published}, {counts.get('held', 0)} {held}"
        + (f" ({counts['by_rule']} {_BY_RULE[language]})" if counts.get("by_rule") else "")
    ]
    if checked.titles:
        lines += ["", f"{sees}:", *(f"  {title}" for title in checked.titles[:10])]
        if len(checked.titles) > 10:
            lines.append(f"  … {len(checked.titles) - 10} {more}")
    if checked.groups:
        lines += ["", f"{to_mend.capitalize()}:"]
    for group in checked.groups:
        message, issue = checked.messages[group.code], group.examples[0].issue
        lines.append(f"{_MARKS[group.severity]} {group.count} × {fill(message.text[language], issue)}")
        for example in group.examples[:EXAMPLES]:
            place = " · ".join(part for part in (example.record, example.issue.place) if part)
            value = f" «{example.issue.value[:80]}»" if example.issue.value else ""
            if place or value:
                lines.append(f"    {inside} {place}{value}")
        lines.append(f"    {mend}: {fill(message.mend[language], issue)}")
    return checked.named("\n".join(lines))


_TOKEN = re.compile(rb"<(\w+:)?resumptionToken[^>]*?(/>|>.*?</(\w+:)?resumptionToken>)", re.S)
_OAI = (
    '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    "<responseDate>2026-01-01T00:00:00Z</responseDate><request>{address}</request>{body}</OAI-PMH>"
)
_IDENTIFY = (
    "<Identify><repositoryName>{name}</repositoryName><baseURL>{address}</baseURL><protocolVersion>2.0"
    "</protocolVersion><adminEmail>a@example.org</adminEmail><earliestDatestamp>1990-01-01T00:00:00Z"
    "</earliestDatestamp><deletedRecord>no</deletedRecord><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
)
_FORMATS = (
    "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix><schema>x</schema>"
    "<metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat>"
    "</ListMetadataFormats>"
)


@contextmanager
def _serving(file: Path) -> Iterator[str]:
    """One file on loopback, so that it is read by the same code as an address; a kept OAI-PMH answer of
    ListRecords is given as the only page of its list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            verb = parse_qs(urlsplit(self.path).query).get("verb", [""])[0]
            name = verb or "file"
            body = file.read_bytes()
            if name in ("Identify", "ListMetadataFormats"):
                inner = _IDENTIFY if name == "Identify" else _FORMATS
                body = _OAI.format(address=address, body=inner.format(name="file", address=address)).encode()
            elif name == "ListRecords":
                body = _TOKEN.sub(b"", body)
            elif urlsplit(self.path).path == "/robots.txt":
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/{quote(file.name)}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
