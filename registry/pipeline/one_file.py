"""One saved file on loopback, so that it is read by the same code as an address.

A harvester may ask several addresses (the verbs of OAI-PMH, further pages, functions of a web service): the file
answers for all of them, as the only page of its list. What leads to further pages is taken out of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.sax.saxutils import escape

from harvesters import xml_safe
from registry.detection.sniff_xml import OAI, root_of

MAX_POSTED = 1 << 20
_TOKEN = re.compile(rb"<(\w+:)?resumptionToken[^>]*?(/>|>.*?</(\w+:)?resumptionToken>)", re.S)
_GET_RECORD = re.compile(rb"(</?(?:\w{1,50}:)?)GetRecord\b")
_PROLOG = re.compile(
    r"\s*(?:<\?xml[^>]{0,500}\?>\s*)?(?:<!--.{0,5000}?-->\s*)*(?:<!DOCTYPE[^>\[]{0,500}>\s*)?", re.DOTALL
)
_FEED_NEXT = re.compile(rb"<(?:\w{1,50}:)?link\s[^<>]{0,500}\brel\s?=\s?[\"'](?:next|prev-archive)[\"'][^<>]{0,500}>")
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    "<responseDate>2026-01-01T00:00:00Z</responseDate><request>{address}</request>{body}</OAI-PMH>"
)
_IDENTIFY = (
    "<Identify><repositoryName>file</repositoryName><baseURL>{address}</baseURL><protocolVersion>2.0"
    "</protocolVersion><adminEmail>a@example.org</adminEmail><earliestDatestamp>1990-01-01T00:00:00Z"
    "</earliestDatestamp><deletedRecord>no</deletedRecord><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
)
_FORMATS = (
    "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix><schema>x</schema>"
    "<metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat>"
    "</ListMetadataFormats>"
)
_NEXT = ("next", "next_url", "nextPage", "@odata.nextLink", "hydra:view", "view")
_TOTALS = ("count", "total", "totalItems", "num_pages", "hydra:totalItems", "total_count")


@dataclass(frozen=True, slots=True)
class Question:
    """A request: path, query and posted form (each name's first value), and the body as posted."""

    path: str
    query: dict[str, str]
    form: dict[str, str]
    posted: bytes = b""


Answers = Callable[[Question], bytes | None]
"""What is answered; None: there is no such address (404)."""


def answers(protocol: str, body: bytes, address: str) -> Answers:
    """How a saved answer of a protocol answers requests."""
    if protocol == "oai_pmh":
        return _oai(body, address)
    if protocol == "moodle":
        return _moodle(body)
    if protocol == "openedx":
        return _openedx(only_page(body))
    if protocol in ("moochub", "amb", "zenodo"):
        body = only_page(body)
    elif protocol == "feed":
        body = _FEED_NEXT.sub(b"", only_page(body) if body.lstrip()[:1] == b"{" else body)
    return lambda question: body


def _oai(body: bytes, address: str) -> Answers:
    """The verbs of OAI-PMH over one answer, a list of records, or one description without any envelope."""
    listing = _TOKEN.sub(b"", _GET_RECORD.sub(rb"\1ListRecords", _enveloped(body, address)))

    def answer(question: Question) -> bytes:
        verb = question.query.get("verb", "")
        if verb in ("Identify", "ListMetadataFormats"):
            inner = _IDENTIFY if verb == "Identify" else _FORMATS
            return _ENVELOPE.format(address=escape(address), body=inner.format(address=escape(address))).encode()
        return listing

    return answer


def _enveloped(body: bytes, address: str) -> bytes:
    """What stands alone, in the envelope of an answer; an answer as it is."""
    try:
        text = body.decode(xml_safe.charset_of(body, ""))
    except (UnicodeDecodeError, LookupError):
        return body
    text = text.removeprefix("\ufeff")
    root = root_of(text)
    if root is None or root.name.upper() == "OAI-PMH":
        return body
    prolog = _PROLOG.match(text)
    inner = text[prolog.end() :] if prolog else text
    if root.namespace == OAI and root.name in ("ListRecords", "GetRecord"):
        listed = inner
    elif root.namespace == OAI and root.name == "record":
        listed = f"<ListRecords>{inner}</ListRecords>"
    else:
        name = escape(urlsplit(address).path.rpartition("/")[2])
        listed = (
            f"<ListRecords><record><header><identifier>{name}</identifier><datestamp>2026-01-01T00:00:00Z</datestamp>"
            f"</header><metadata>{inner}</metadata></record></ListRecords>"
        )
    return _ENVELOPE.replace("{address}", escape(address)).replace("{body}", listed).encode()


def only_page(body: bytes) -> bytes:
    """A JSON list without what leads to further pages or counts more than it holds; other bytes as they are."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(value, dict):
        return body
    for place in (value, value.get("links"), value.get("meta"), value.get("pagination"), value.get("_links")):
        if isinstance(place, dict):
            for name in (*_NEXT, *_TOTALS):
                place.pop(name, None)
    if isinstance(hits := value.get("hits"), dict) and isinstance(hits.get("hits"), list):
        hits["total"] = len(hits["hits"])
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _openedx(body: bytes) -> Answers:
    """The list for every list; for a course's own address the course, where the list has it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    results = value.get("results", value.get("courses")) if isinstance(value, dict) else value
    courses = [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []
    keyed = {str(one.get(name)): one for one in courses for name in ("course_id", "key", "id", "uuid")}

    def answer(question: Question) -> bytes | None:
        last = question.path.rstrip("/").rpartition("/")[2]
        for key, course in keyed.items():
            if key in (last, last.replace("%3A", ":").replace("%2B", "+")):
                return json.dumps(course).encode()
        return None if last.startswith("course-v1") else body

    return answer


def _moodle(body: bytes) -> Answers:
    """The functions of Moodle's web services over one saved answer; a saved page as the public list."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return lambda question: (
            body if question.path.endswith((".php", ".html", "/")) and not question.posted else None
        )
    if isinstance(value, list) and value and isinstance(value[0], dict) and "data" in value[0]:
        value = value[0]["data"]
    listed = value.get("courses", []) if isinstance(value, dict) else value
    failed = isinstance(value, dict) and "exception" in value
    categories = isinstance(listed, list) and any(isinstance(one, dict) and "coursecount" in one for one in listed)

    def function(name: str) -> Any:
        if failed:
            return value
        if name == "core_webservice_get_site_info":
            used = ("core_course_get_courses_by_field", "core_course_get_courses", "core_course_get_categories")
            return {"sitename": "file", "siteurl": "", "functions": [{"name": one} for one in used]}
        if name == "core_course_get_categories":
            return listed if categories else []
        courses = [] if categories else listed
        return (
            courses
            if name == "core_course_get_courses"
            else {"courses": courses, "warnings": [], "total": len(courses)}
        )

    def answer(question: Question) -> bytes | None:
        called = question.form.get("wsfunction") or question.query.get("wsfunction")
        if called:
            return json.dumps(function(called)).encode()
        if "service" in question.path and question.posted:
            try:
                calls = json.loads(question.posted)
            except ValueError:
                return None
            names = [str(one.get("methodname")) for one in calls if isinstance(one, dict)]
            return json.dumps([{"error": False, "data": function(name)} for name in names]).encode()
        return None

    return answer


@contextmanager
def serving(name: str, body: bytes, protocol: str) -> Iterator[str]:
    """The file's address while it is served."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            size = int(length) if length.isdecimal() else 0
            self._answer(self.rfile.read(min(size, MAX_POSTED)))

        def _answer(self, posted: bytes) -> None:
            parts = urlsplit(self.path)
            question = Question(parts.path, _first(parts.query), _first(posted.decode("utf-8", "replace")), posted)
            found = None if parts.path == "/robots.txt" else respond(question)
            if found is None:
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/{quote(name)}"
    respond = answers(protocol, body, address)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def _first(query: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(query, max_num_fields=500).items()}
    except ValueError:
        return {}
