"""Answers of an OAI-PMH repository whose records are files, for the sample feeds.

A repository is ``feeds/<academy>/oai.toml`` (what Identify says, sets, page size) and one file for each
record, ``edition-*/oai/*.xml``, which holds the whole ``<record>`` as text and goes out as it is, so that a
record may be broken. Source: OAI-PMH 2.0, all six verbs and all error codes.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

OAI_DC = (
    "<metadataFormat><metadataPrefix>oai_dc</metadataPrefix>"
    "<schema>http://www.openarchives.org/OAI/2.0/oai_dc.xsd</schema>"
    "<metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat>"
)
DATE = {
    "YYYY-MM-DD": re.compile(r"\d{4}-\d\d-\d\d"),
    "YYYY-MM-DDThh:mm:ssZ": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
}
ARGUMENTS = {  # verb: (required, optional)
    "Identify": (set(), set()),
    "ListMetadataFormats": (set(), {"identifier"}),
    "ListSets": (set(), {"resumptionToken"}),
    "GetRecord": ({"identifier", "metadataPrefix"}, set()),
    "ListRecords": ({"metadataPrefix"}, {"from", "until", "set"}),
    "ListIdentifiers": ({"metadataPrefix"}, {"from", "until", "set"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One record file: its text, and what its header says."""

    text: str
    identifier: str
    datestamp: str
    sets: tuple[str, ...]

    @property
    def header(self) -> str:
        """The header alone."""
        return self.text[self.text.index("<header") : self.text.index("</header>") + len("</header>")]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on the day of an edition. ``now`` is its clock, in UTC."""

    settings: Mapping[str, Any]
    records: tuple[Record, ...]
    now: str


class OaiError(Exception):
    """An error of the protocol: code and text."""


def repository(settings: str, records: Sequence[str], now: str) -> Repository:
    """A repository of its oai.toml and the texts of its record files; records go by datestamp."""
    read = [
        Record(
            text.strip(),
            re.search(r"<identifier>([^<]+)</identifier>", text)[1],  # type: ignore[index]
            re.search(r"<datestamp>([^<]+)</datestamp>", text)[1],  # type: ignore[index]
            tuple(re.findall(r"<setSpec>([^<]+)</setSpec>", text)),
        )
        for text in records
    ]
    return Repository(
        tomllib.loads(settings), tuple(sorted(read, key=lambda one: (one.datestamp, one.identifier))), now
    )


def answer(repository: Repository, base: str, arguments: Sequence[tuple[str, str]]) -> str:
    """The whole answer to a request, errors included; ``base`` is the repository's own address."""
    names = [name for name, _ in arguments]
    given = dict(arguments)
    echoed = "".join(f" {name}={quoteattr(value)}" for name, value in given.items())
    try:
        body = _answer(repository, base, given, len(names) != len(set(names)))
    except OaiError as error:
        code, text = error.args
        body = f'<error code="{code}">{escape(text)}</error>'
        echoed = "" if code in ("badVerb", "badArgument") else echoed
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
        f"<responseDate>{repository.now}</responseDate>\n<request{echoed}>{escape(base)}</request>\n{body}\n</OAI-PMH>\n"
    )


def _answer(repository: Repository, base: str, given: dict[str, str], repeated: bool) -> str:
    verb = given.pop("verb", "")
    if verb not in ARGUMENTS:
        raise OaiError("badVerb", f"There is no verb {verb!r}.")
    required, optional = ARGUMENTS[verb]
    token = given.get("resumptionToken")
    listing = verb in ("ListRecords", "ListIdentifiers")
    if repeated or (token is not None and listing and len(given) > 1):
        raise OaiError("badArgument", "An argument stands twice, or beside a resumptionToken.")
    if not (token is not None and listing) and (required - set(given) or set(given) - required - optional):
        raise OaiError("badArgument", f"{verb} needs {sorted(required)} and may have {sorted(optional)}.")
    if verb == "Identify":
        return _identify(repository, base)
    if verb == "ListSets":
        return _sets(repository, token)
    if verb == "ListMetadataFormats":
        if "identifier" in given:
            _find(repository, given["identifier"])
        return f"<ListMetadataFormats>{OAI_DC}</ListMetadataFormats>"
    if verb == "GetRecord":
        found = _find(repository, given["identifier"])
        _check_prefix(given)
        return f"<GetRecord>\n{found.text}\n</GetRecord>"
    return _list(repository, verb, given, token)


def _identify(repository: Repository, base: str) -> str:
    said = repository.settings
    earliest = min((record.datestamp for record in repository.records), default=repository.now)
    return (
        f"<Identify><repositoryName>{escape(said['name'])}</repositoryName><baseURL>{escape(base)}</baseURL>"
        f"<protocolVersion>2.0</protocolVersion><adminEmail>{escape(said['email'])}</adminEmail>"
        f"<earliestDatestamp>{earliest}</earliestDatestamp><deletedRecord>{said['deleted']}</deletedRecord>"
        f"<granularity>{said['granularity']}</granularity></Identify>"
    )


def _sets(repository: Repository, token: str | None) -> str:
    if token is not None:
        raise OaiError("badResumptionToken", "Sets come on one page.")
    if not repository.settings.get("sets"):
        raise OaiError("noSetHierarchy", "There are no sets.")
    sets = "".join(
        f"<set><setSpec>{escape(spec)}</setSpec><setName>{escape(name)}</setName></set>"
        for spec, name in repository.settings["sets"].items()
    )
    return f"<ListSets>{sets}</ListSets>"


def _find(repository: Repository, identifier: str) -> Record:
    for record in repository.records:
        if record.identifier == identifier:
            return record
    raise OaiError("idDoesNotExist", f"There is no {identifier!r}.")


def _check_prefix(given: Mapping[str, str]) -> None:
    if given["metadataPrefix"] != "oai_dc":
        raise OaiError("cannotDisseminateFormat", f"There is no format {given['metadataPrefix']!r}; use oai_dc.")


def _list(repository: Repository, verb: str, given: dict[str, str], token: str | None) -> str:
    start = 0
    if token is not None:
        given, start = _read_token(repository, token)
    _check_prefix(given)
    pattern = DATE[repository.settings["granularity"]]
    since, until, wanted = given.get("from", ""), given.get("until", ""), given.get("set", "")
    days = DATE["YYYY-MM-DD"]
    if any(bound and not (pattern.fullmatch(bound) or days.fullmatch(bound)) for bound in (since, until)):
        raise OaiError("badArgument", f"Dates are written {repository.settings['granularity']} here.")
    if since and until and (len(since) != len(until) or since > until):
        raise OaiError("badArgument", "from is after until, or they differ in granularity.")
    if wanted and not repository.settings.get("sets"):
        raise OaiError("noSetHierarchy", "There are no sets.")
    found = [
        record
        for record in repository.records
        if (not since or record.datestamp[: len(since)] >= since)
        and (not until or record.datestamp[: len(until)] <= until)
        and (not wanted or wanted in record.sets)
    ]
    if not found:
        raise OaiError("noRecordsMatch", "No record matches.")
    size = int(repository.settings["page"])
    end = start + size
    shown = "\n".join(one.text if verb == "ListRecords" else one.header for one in found[start:end])
    tail = ""
    if end < len(found) or token is not None:
        following = _write_token(repository, given, end) if end < len(found) else ""
        tail = f'\n<resumptionToken completeListSize="{len(found)}" cursor="{start}">{following}</resumptionToken>'
    return f"<{verb}>\n{shown}{tail}\n</{verb}>"


def _write_token(repository: Repository, given: Mapping[str, str], position: int) -> str:
    """A token says where to go on; one of another edition is no longer known, as if it had expired."""
    content = json.dumps([repository.now, dict(given), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode()


def _read_token(repository: Repository, token: str) -> tuple[dict[str, str], int]:
    try:
        now, given, position = json.loads(base64.urlsafe_b64decode(token.encode("ascii", "replace")))
        known = now == repository.now and 0 < position < len(repository.records) and "metadataPrefix" in given
    except (ValueError, TypeError):
        known = False
    if not known:
        raise OaiError("badResumptionToken", "This resumptionToken is unknown or has expired.")
    return given, position
