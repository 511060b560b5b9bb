"""What a request to ``/sparql`` asks for. Source: SPARQL 1.1 Protocol (W3C REC 2013) section 2.1."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive

from registry.graph.worker import GRAPHS, RESULTS
from registry.terms import is_iri
from registry.web.negotiate import choose

MAX_PARAMETERS = 1000
SHORT = 300
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
# Broader names that callers use for the same syntaxes; the answer carries the name that was asked for.
RESULT_TYPES = {name: name for name in RESULTS} | {
    "application/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
    "text/plain": "text/csv",
}
GRAPH_TYPES = {name: name for name in GRAPHS} | {
    "application/json": "application/ld+json",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
    "text/plain": "application/n-triples",
}
FORMATS = {
    "json": ("application/sparql-results+json", "application/ld+json"),
    "xml": ("application/sparql-results+xml", "application/rdf+xml"),
    "csv": ("text/csv", ""),
    "tsv": ("text/tab-separated-values", ""),
    **dict.fromkeys(("turtle", "ttl", "n3"), ("", "text/turtle")),
    **dict.fromkeys(("ntriples", "nt"), ("", "application/n-triples")),
    **dict.fromkeys(("rdf", "rdf+xml"), ("", "application/rdf+xml")),
    **dict.fromkeys(("jsonld", "json-ld", "json+ld"), ("", "application/ld+json")),
    "trig": ("", "application/trig"),
}


class Rejected(Exception):
    """A request that is answered with an error. ``counts``: it is the client's own, and goes to its budget."""

    def __init__(
        self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, *, counts: bool = True
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.headers, self.counts = status, title, dict(headers or {}), counts


class Left(Exception):
    """The client has gone before it had said what it wants."""


@dataclass(frozen=True, slots=True)
class Call:
    """A query with its dataset as the protocol has it, and the value of ``format`` ("": none)."""

    query: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str

    @property
    def parts(self) -> tuple[object, ...]:
        """All that the answer depends on besides its syntax."""
        return self.query, self.default_graphs, self.named_graphs


def parameters_of(encoded: bytes, where: str) -> list[tuple[str, str]]:
    """Names and values in order. Raises Rejected where they are not UTF-8 or too many."""
    try:
        return parse_qsl(
            encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError:
        raise Rejected(400, "Bad request", f"The {where} is not UTF-8.") from None
    except ValueError:
        raise Rejected(400, "Bad request", f"The {where} has more than {MAX_PARAMETERS} parameters.") from None


def _refuse_update() -> None:
    raise Rejected(403, "Not allowed at this address", "This address answers queries only; it changes nothing.")


def body_kind(content_type: str, content_encoding: str) -> str:
    """FORM or DIRECT. Raises Rejected for every other body (2.1.2, 2.1.3; any request coding is refused)."""
    if content_encoding not in ("", "identity"):
        raise Rejected(415, "Unknown kind of body", "Send the query uncompressed.")
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type() if content_type else ""
    if kind == "application/sparql-update":
        _refuse_update()
    if kind not in (FORM, DIRECT):
        raise Rejected(415, "Unknown kind of body", f"POST a query as {FORM} (query=…) or as {DIRECT}.")
    if str(header.get_param("charset", "utf-8")).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Rejected(415, "Unknown kind of body", "Send the query in UTF-8.")
    return kind


def body_parameters(kind: str, body: bytes) -> list[tuple[str, str]]:
    """What a POST says in its body."""
    if kind == FORM:
        return parameters_of(body, "body")
    try:
        return [("query", body.decode("utf-8"))]
    except UnicodeDecodeError:
        raise Rejected(400, "Bad request", "The body is not UTF-8.") from None


async def read_body(receive: Receive, longest: int, seconds: float) -> bytes:
    """The body of a request. Raises Rejected when it is too long or comes too slowly, Left when it breaks off."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise Left
                body += event.get("body", b"")
                if len(body) > longest:
                    raise Rejected(413, "The query is too long", f"A request may have {longest} bytes.")
                if not event.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise Rejected(408, "The query came too slowly", f"Send it within {seconds:g} seconds.") from None


def call_of(parameters: list[tuple[str, str]], max_bytes: int) -> Call:
    """What the parameters of address and body together ask for. Raises Rejected."""
    queries, formats, defaults, named = list[str](), list[str](), list[str](), list[str]()
    places = {"query": queries, "format": formats, "default-graph-uri": defaults, "named-graph-uri": named}
    for name, value in parameters:
        if name in places:
            places[name].append(value)
        elif name in ("update", "using-graph-uri", "using-named-graph-uri"):
            _refuse_update()
    if len(queries) != 1:
        raise Rejected(400, "Bad request", f"Give exactly one query; there are {len(queries)}.")
    if len(queries[0]) > max_bytes or len(queries[0].encode()) > max_bytes:
        raise Rejected(413, "The query is too long", f"A query may have {max_bytes} bytes.")
    for address in defaults + named:
        if not is_iri(address):
            raise Rejected(400, "Bad request", f"Not an absolute IRI: {address[:200]}")
    given = bool(defaults or named)
    return Call(
        queries[0],
        tuple(defaults) if given else None,
        tuple(named) if given else None,
        formats[0].lower() if formats else "",
    )


def media_type(form: str, accept: str, wanted: str) -> tuple[str, str]:
    """The name that the answer carries and the syntax it is in. Raises Rejected (406, or 400 for ``format``)."""
    return (_media_type if len(accept) + len(wanted) < SHORT else _media_type.__wrapped__)(form, accept, wanted)


@lru_cache(256)
def _media_type(form: str, accept: str, wanted: str) -> tuple[str, str]:
    bindings = form in ("SELECT", "ASK")
    types = RESULT_TYPES if bindings else GRAPH_TYPES
    if wanted:
        named = FORMATS.get(wanted, ("", ""))[0 if bindings else 1]
        if not named:
            known = ", ".join(name for name, pair in FORMATS.items() if pair[0 if bindings else 1])
            raise Rejected(400, "Bad request", f"format={wanted[:40]} does not fit {form}; there are: {known}.")
        return named, named
    chosen = choose(accept, list(types))
    if chosen is None:
        raise Rejected(406, "No such format", f"{form} can be answered as: {', '.join(types)}.")
    return chosen, types[chosen]


def header_of(scope: MutableMapping[str, Any], name: bytes) -> str:
    """A header of an ASGI scope, those that came several times joined by commas; "" for none."""
    found = [value for key, value in scope["headers"] if key == name]
    return (found[0] if len(found) == 1 else b", ".join(found)).decode("latin-1") if found else ""
