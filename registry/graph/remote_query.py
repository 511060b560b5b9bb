"""One query of the public, asked of a remote store: through SPARQLWrapper, read to its end, written anew.

An answer that is cut off, or that cannot be read to its end, is none. The network is reached through a function
that gives connected sockets, so that a process which may open none can ask. Sources: SPARQL 1.1 Protocol 2.1.4
(dataset), SPARQL 1.1 Query Results JSON Format; ``typed-literal`` is what older engines write for ``literal``.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import IO, Any, cast

import pyoxigraph as ox
from SPARQLWrapper import POST, SELECT, URLENCODED, SPARQLWrapper

from registry.graph.guard import Refused
from registry.graph.remote import JSON, NTRIPLES, TRUNCATED, Remote
from registry.graph.remote_rewrite import NOTHING, columns_of, rewritten
from registry.graph.remote_terms import Term
from registry.graph.streamed import as_file
from registry.graph.target import REFUSED
from registry.graph.worker import GRAPHS, RESULTS, Request
from registry.iris import PREFIXES

PART = 64 * 1024
ASK_VARIABLE = "__ASK_RETVAL"
"""Virtuoso answers ASK as a table with this column."""
CUT = "The store behind this address did not give a whole answer. Ask for less, with LIMIT or by parts."
AWAY = "The store behind this address does not answer."
_ENGINE_NODE = (b'"type": "bnode", "value": "nodeID://', b'"type": "bnode", "value": "')


def _opener(
    connect: Callable[[float], socket.socket], context: ssl.SSLContext | None
) -> urllib.request.OpenerDirector:
    """What opens requests over sockets that ``connect`` gives, whatever their address says."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = connect(cast(float, self.timeout))

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            assert context is not None
            self.sock = context.wrap_socket(connect(cast(float, self.timeout)), server_hostname=self.host)

    class Handler(urllib.request.AbstractHTTPHandler):
        def http_open(self, request: urllib.request.Request) -> Any:
            return self.do_open(Plain, request)

        def https_open(self, request: urllib.request.Request) -> Any:
            return self.do_open(Secure, request)

        http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    # Nothing else: no proxies, no other schemes, and a store that sends elsewhere is not asked there.
    opener = urllib.request.OpenerDirector()
    for handler in (Handler(), urllib.request.HTTPErrorProcessor(), urllib.request.HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    return opener


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper with our own way out, and without its search for the form of a query, which is known."""

    def __init__(self, address: str, opener: urllib.request.OpenerDirector) -> None:
        self._opener = opener
        super().__init__(address)

    def _parseQueryType(self, query: str) -> str:
        return str(SELECT)

    def _query(self) -> tuple[Any, str]:
        request = self._createRequest()
        return self._opener.open(request, timeout=self.timeout), self.returnFormat


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one store. ``hidden`` are graphs that are left out by name where the engine can be told so."""

    remote: Remote
    connect: Callable[[float], socket.socket]
    hidden: Sequence[str] = ()
    context: ssl.SSLContext | None = None
    _opener: list[urllib.request.OpenerDirector] = field(default_factory=list)

    def open(self, query: str, graphs: Sequence[tuple[str, str]], accept: str, seconds: float) -> Any:
        """The answer's headers and body. Raises Refused."""
        if not self._opener:
            self._opener.append(_opener(self.connect, self.context))
        wrapper = _Wrapper(self.remote.query, self._opener[0])
        wrapper.setMethod(POST)
        wrapper.setRequestMethod(URLENCODED)
        wrapper.setOnlyConneg(True)
        wrapper.setTimeout(int(seconds) + 1)
        wrapper.addCustomHttpHeader("Accept", accept)
        for name, value in graphs:
            wrapper.addParameter(name, value)
        wrapper.setQuery(query)
        try:
            response = wrapper.query().response
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (400, 404, 406, 422):
                raise Refused("syntax", REFUSED) from None
            if error.code in (408, 429, 503, 504):
                raise Refused("unavailable", AWAY) from None
            raise Refused("internal", REFUSED) from None
        except TimeoutError:
            raise Refused("deadline", AWAY) from None
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            raise Refused("unavailable", AWAY) from None
        if any(response.headers.get(name) for name in TRUNCATED):
            response.close()
            raise Refused("internal", CUT)
        if _media_type(response.headers) != accept:
            response.close()
            raise Refused("internal", REFUSED)
        return response


def _media_type(headers: Message) -> str:
    return headers.get_content_type()


class _Body(io.RawIOBase):
    """The body of an answer, that must come whole; Virtuoso's names of blank nodes are made plain on the way."""

    def __init__(self, response: Any) -> None:
        self._response, self._held, self._last = response, b"", b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        """As many bytes as there are, or fit."""
        view = memoryview(target).cast("B")
        if not self._held:
            self._held = self._next()
        count = min(len(view), len(self._held))
        view[:count], self._held = self._held[:count], self._held[count:]
        return count

    def _next(self) -> bytes:
        try:
            # By lines: Virtuoso's tables have one to a row, others one in all, in parts.
            data = cast(bytes, self._response.readline(PART))
        except TimeoutError:
            raise Refused("deadline", AWAY) from None
        except (http.client.HTTPException, OSError):
            raise Refused("internal", CUT) from None
        if stripped := data.rstrip():
            self._last = stripped[-1:]
        if not data and self._response.length:
            raise Refused("internal", CUT)
        return data.replace(*_ENGINE_NODE)

    def end(self, mark: bytes) -> None:
        """Read what is left, which must be nothing but blanks, after that mark. Raises Refused."""
        while data := self._next():
            if data.strip():
                raise Refused("internal", CUT)
        if self._last not in (mark, b""):
            raise Refused("internal", CUT)


def _binding(term: Term) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    assert isinstance(term, ox.Literal)
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    return {"type": "literal", "value": term.value, "datatype": term.datatype.value}


def _table(found: ox.QuerySolutions, decode: Callable[[Term], Term]) -> Iterator[bytes]:
    """Rows as they were meant, as SPARQL's JSON: what a serialiser of the library can read again."""
    names = [variable.value for variable in found.variables]
    yield b'{"head":{"vars":' + json.dumps(names).encode() + b'},"results":{"bindings":['
    comma = ""
    for row in found:
        bound = {
            name: _binding(decode(term)) for name in names if (term := cast("Term | None", row[name])) is not None
        }
        yield (comma + json.dumps(bound)).encode()
        comma = ","
    yield b"]}}"


def _read_results(data: IO[bytes]) -> ox.QuerySolutions | ox.QueryBoolean:
    return ox.parse_query_results(data, ox.QueryResultsFormat.JSON)


def _boolean(value: bool) -> ox.QueryBoolean:
    text = b'{"head":{},"boolean":true}' if value else b'{"head":{},"boolean":false}'
    return cast(ox.QueryBoolean, _read_results(io.BytesIO(text)))


def _graphs_of(asker: Asker, request: Request) -> list[tuple[str, str]]:
    """The dataset, said so that every engine takes it for the same: what is empty is named as nothing."""
    if request.default_graphs is None:
        return [] if request.dataset else list(asker.remote.dialect.union)
    rules = asker.remote.dialect.rules(asker.remote.iris)

    def public(names: Sequence[str]) -> list[str]:
        return [NOTHING if name.startswith(rules.hidden) else name for name in names] or [NOTHING]

    return [("default-graph-uri", name) for name in public(request.default_graphs)] + [
        ("named-graph-uri", name) for name in public(request.named_graphs or ())
    ]


def answer(asker: Asker, request: Request, output: Any) -> None:
    """Ask a store and write its answer to a binary file object.

    The media type must fit the form, as for ``worker.evaluate``. Raises what that raises; a failure of the store is
    Refused, in our own words.
    """
    dialect = asker.remote.dialect
    columns = columns_of(request.query, request.variables, request.base)
    text = rewritten(request.query, request.star, request.base or "", dialect.rules(asker.remote.iris), columns)
    query = dialect.prologue(asker.hidden) + text
    is_table = request.media_type in RESULTS
    graphs = _graphs_of(asker, request)
    response = asker.open(query, graphs, JSON if is_table else NTRIPLES, request.seconds)
    if not is_table and response.length is None and not response.chunked:
        response.close()
        raise Refused("internal", CUT)  # N-Triples have no end of their own
    raw = _Body(response)
    body = io.BufferedReader(raw, PART)
    try:
        if is_table:
            _write_table(_read_results(body), request, output, dialect.decode)
            raw.end(b"}")
            return
        triples = (
            ox.Triple(quad.subject, quad.predicate, dialect.decode(quad.object))
            for quad in ox.parse(body, ox.RdfFormat.N_TRIPLES)
        )
        named = request.media_type != "application/n-triples"
        ox.serialize(triples, output, GRAPHS[request.media_type], prefixes=PREFIXES if named else None)
        raw.end(b".")
    except (SyntaxError, ValueError):
        raise Refused("internal", CUT) from None
    finally:
        response.close()


def _write_table(
    found: ox.QuerySolutions | ox.QueryBoolean, request: Request, output: Any, decode: Callable[[Term], Term]
) -> None:
    format = RESULTS[request.media_type]
    if isinstance(found, ox.QuerySolutions) and [v.value for v in found.variables] == [ASK_VARIABLE]:
        rows = [cast(ox.Literal, row[0]).value for row in found]
        found = _boolean(any(value not in ("0", "false") for value in rows))
    if isinstance(found, ox.QueryBoolean):
        found.serialize(output, format)
        return
    again = as_file(_table(found, decode), PART)
    cast(ox.QuerySolutions, _read_results(again)).serialize(output, format)
