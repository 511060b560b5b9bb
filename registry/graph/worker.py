"""One query worker: a forked process that evaluates queries on one release and can be killed at any moment.

It reads requests from a Unix socket and answers in frames: a letter, a length, bytes. ``R`` ready, ``D``
data, ``E`` end of a complete answer, ``X`` error (JSON: kind, message). An answer without ``E`` is not one.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyoxigraph as ox

from registry.graph import sandbox
from registry.graph.guard import Refused
from registry.iris import PREFIXES

FRAME = 64 * 1024
HEADER = struct.Struct("!cI")
ErrorKind = Literal["syntax", "forbidden", "too-big", "function", "internal", "deadline", "unavailable"]

RESULTS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPHS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/trig": ox.RdfFormat.TRIG,
}
_ENGINE_PLACE = re.compile(r"at (\d+):(\d+)")
_HINTS = {
    "Prefix not found": "This prefix is not declared (PREFIX name: <address>):",
    "IRI parsing failed": "This is not an IRI:",
    "variable that is unbound": "A variable is selected that is neither grouped nor aggregated:",
}
_UNKNOWN_FUNCTION = re.compile(r"custom function (<[^<>\s]{1,200}>) is not supported")


@dataclass(frozen=True, slots=True)
class Request:
    """A query for a worker. Both graph lists None: the query's own dataset, or all public graphs.
    ``base`` is what relative IRIs of the query are resolved against, ``bindings`` (variable, value, datatype;
    without datatype the value is an IRI) are terms for variables that the query selects (SEP-0007).
    ``dataset``, ``star`` and ``variables`` (where ``star`` is not -1) are of the scan of its text."""

    query: str
    media_type: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    seconds: float = 30.0
    base: str | None = None
    bindings: tuple[tuple[str, str, str], ...] = ()
    dataset: bool = False
    star: int = -1
    variables: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """As a frame."""
        told = (
            self.query, self.media_type, self.default_graphs, self.named_graphs, self.seconds, self.base,
            self.bindings, self.dataset, self.star, self.variables,
        )  # fmt: skip
        return frame(b"Q", json.dumps(told).encode())

    @classmethod
    def decode(cls, data: bytes) -> Request:
        """From the data of a frame."""
        return cls(*(_tuples(value) for value in json.loads(data)))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def frame(kind: bytes, data: bytes = b"") -> bytes:
    """A letter, a length, bytes."""
    return HEADER.pack(kind, len(data)) + data


def _receive(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """The next frame. Raises EOFError when the other side has gone."""
    kind, size = HEADER.unpack(_receive(connection, HEADER.size))
    return kind, _receive(connection, size)


class _Output:
    """Gathers what the engine writes into frames; a client that has gone ends the process with the write."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._held, self._size = connection, list[bytes](), 0

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        self._size += len(data)
        if self._size >= FRAME:
            self.send()
        return len(data)

    def flush(self) -> None:
        """The engine flushes at its end; we do it with the last frame."""

    def send(self, last: bytes = b"") -> None:
        data = b"".join(self._held)
        self._held, self._size = [], 0
        self._connection.sendall((frame(b"D", data) if data else b"") + last)


def _ordered(store: ox.Store, request: Request, options: dict[str, Any]) -> Any:
    """The results of a query; the columns of ``SELECT *`` in the order of first appearance.

    Engines sort them or not. Source: W3C test csv01; the query is asked again with its columns named.
    """
    if not request.dataset and request.default_graphs is None:
        options["use_default_graph_as_union"] = True
    results = store.query(request.query, **options)
    if request.star < 0 or not isinstance(results, ox.QuerySolutions):
        return results
    names = [variable.value for variable in results.variables]
    wanted = [name for name in request.variables if name in names]
    if wanted == names or set(wanted) != set(names):
        return results
    columns = " ".join(f"?{name}" for name in wanted)
    query = f"{request.query[: request.star]} {columns} {request.query[request.star + 1 :]}"
    return store.query(query, **options)


def _bound(value: str, datatype: str) -> ox.NamedNode | ox.Literal:
    return ox.Literal(value, datatype=ox.NamedNode(datatype)) if datatype else ox.NamedNode(value)


def evaluate(store: ox.Store, request: Request, output: Any) -> None:
    """Evaluate a query and write the answer to a binary file object.

    The media type must fit the form: one of RESULTS for SELECT and ASK, of GRAPHS for the others.
    """
    options: dict[str, Any] = {"base_iri": request.base}
    if request.default_graphs is not None:
        try:
            options["default_graph"] = [ox.NamedNode(name) for name in request.default_graphs]
            options["named_graphs"] = [ox.NamedNode(name) for name in request.named_graphs or ()]
        except ValueError:
            raise Refused("syntax", "The name of a graph is not an absolute IRI.") from None
    if request.bindings:
        options["substitutions"] = {ox.Variable(name): _bound(*term) for name, *term in request.bindings}
    results = _ordered(store, request, options)
    if not isinstance(results, ox.QueryTriples):
        results.serialize(output, RESULTS[request.media_type])
    elif request.media_type == "application/n-triples":
        results.serialize(output, GRAPHS[request.media_type])
    else:
        ox.serialize(results, output, GRAPHS[request.media_type], prefixes=PREFIXES)


def explain(error: Exception, query: str) -> tuple[ErrorKind, str]:
    """Our own words for an engine's error: never its dump, which may hold what a remote server said."""
    if isinstance(error, Refused):
        return error.reason, str(error)
    if isinstance(error, SyntaxError):
        if found := _ENGINE_PLACE.search(str(error)):
            line, column = int(found.group(1)), int(found.group(2))
            rows = query.split("\n")
            excerpt = rows[line - 1][max(0, column - 21) : column + 20].strip() if line <= len(rows) else ""
            hint = next((words for sign, words in _HINTS.items() if sign in str(error)), "Not SPARQL")
            return "syntax", f"{hint} at line {line}, column {column}: {excerpt!r}"
        return "syntax", "This is not a SPARQL 1.1 query: check variables, prefixes and groupings."
    if found := _UNKNOWN_FUNCTION.search(str(error)):
        return "function", f"The function {found.group(1)} is not known here."
    return "internal", "The query could not be evaluated."


def serve(connection: socket.socket, graph: Path, memory: int) -> None:
    """Answer queries until the other side closes. Runs in a forked process, never returns to its caller's work."""
    sandbox.die_with_parent()
    store = ox.Store.read_only(str(graph))
    answer_all(connection, lambda request, output: evaluate(store, request, output), memory)


def answer_all(connection: socket.socket, answer: Callable[[Request, Any], None], memory: int) -> None:
    """Shut this process in, say that it is ready, and answer until the other side closes."""
    sandboxed = sandbox.deny_network()
    sandbox.limit_memory(memory)
    connection.sendall(frame(b"R", json.dumps({"pid": os.getpid(), "sandboxed": sandboxed}).encode()))
    while True:
        _, data = receive(connection)
        request = Request.decode(data)
        sandbox.limit_cpu(request.seconds)
        output = _Output(connection)
        try:
            answer(request, output)
        except (Refused, SyntaxError, RuntimeError, ValueError, OSError, MemoryError) as error:
            kind, message = explain(error, request.query)
            connection.sendall(frame(b"X", json.dumps({"kind": kind, "message": message}).encode()))
        else:
            output.send(frame(b"E"))
