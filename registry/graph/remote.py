"""A SPARQL 1.1 server that holds a mirror of the public graph: its dialect, and how it is written and read whole.

Only the safe subset is spoken: forms by POST, one media type per kind of answer, updates of bounded size.
Queries of the public are asked by ``remote_query``, in a worker. What an engine says is never passed on.
Sources: SPARQL 1.1 Protocol 2.1 and 2.2, SPARQL 1.1 Update 3.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import httpx
import pyoxigraph as ox

from registry.graph.remote_rewrite import Rules
from registry.graph.remote_terms import ALWAYS_KEPT, Term, give_back, keep, unchanged
from registry.graph.streamed import as_file
from registry.iris import Iris
from registry.settings import BadSettings, Settings, check_store

JSON = "application/sparql-results+json"
NTRIPLES = "application/n-triples"
UPDATE_SECONDS = 900.0
SIDE = 120
PART_TRIPLES, PART_GRAPHS = 20_000, 200
CONNECT_SECONDS = 5.0
TRUNCATED = ("x-sparql-maxrows", "x-sql-state")
"""Headers by which Virtuoso says that an answer is not all of it."""


class StoreFailed(Exception):
    """The store did not answer, or not as it should; the message is ours and holds nothing that it said."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an engine needs that others do not.

    ``query_path``, ``update_path``: put at the end of its address; ``digest``: how it wants a password;
    ``batch``: triples in one update; ``union``: the parameter by which its default graph is all graphs;
    ``kept``: datatypes that stand in another form; ``own``: beginnings of its own functions;
    ``inner``: beginnings of graphs that are its own; ``declares``: it can be told which graphs to leave out;
    ``empty_graphs``: it keeps graphs that hold nothing; ``one_by_one``: what is deleted is deleted graph by graph
    (Virtuoso 7 forgets texts with a language where DELETE DATA names several graphs); ``limit``: a query for its
    limit of rows; ``gathers``: it holds a whole answer before it sends the first byte; ``at_once``:
    how many updates it does at once.
    """

    name: str
    query_path: str = ""
    update_path: str = ""
    digest: bool = False
    batch: int = 1000
    union: tuple[tuple[str, str], ...] = ()
    encode: Callable[[Term], Term] = unchanged
    decode: Callable[[Term], Term] = unchanged
    kept: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    declares: bool = False
    empty_graphs: bool = False
    one_by_one: bool = False
    limit: str = ""
    gathers: bool = False
    at_once: int = 1

    def rules(self, iris: Iris) -> Rules:
        """What a query of the public must be changed in."""
        return Rules(self.kept, self.own, hidden_prefix(iris), self.declares)

    def prologue(self, hidden: Iterable[str]) -> str:
        """What stands before a query so that graphs which are not public are left out."""
        if not self.declares:
            return ""
        left_out = (f"DEFINE input:{kind}-graph-exclude <{g}> " for g in hidden for kind in ("default", "named"))
        return 'DEFINE sql:describe-mode "CBD" ' + "".join(left_out)


def dialects() -> Mapping[str, Dialect]:
    """All dialects by the name that the setting STORE_KIND has for them."""
    found = (
        Dialect("plain"),
        Dialect(
            "oxigraph", "/query", "/update", batch=5000, union=(("union-default-graph", "true"),), empty_graphs=True
        ),
        Dialect(
            "virtuoso", "/sparql", "/sparql-auth", digest=True, encode=keep, decode=give_back, kept=ALWAYS_KEPT,
            own=("bif:", "sql:", "http://www.openlinksw.com/schemas/"),
            inner=(
                "http://www.openlinksw.com/schemas/", "http://www.w3.org/ns/ldp#", "http://localuriqaserver/",
                "http://www.w3.org/2002/07/owl#", "urn:activitystreams-owl:map", "urn:core:services:sparql",
                "virtrdf-label", "facets", "b3sifp", "b3s", "dbprdf-label",
            ),
            declares=True, one_by_one=True, gathers=True, at_once=2,
            limit="SELECT (<bif:cfg_item_value>(<bif:virtuoso_ini_path>(), 'SPARQL', 'ResultSetMaxRows') AS ?n) {}",
        ),
    )  # fmt: skip
    return {dialect.name: dialect for dialect in found}


def hidden_prefix(iris: Iris) -> str:
    """How the names of graphs begin that are not public: the mirror's marker."""
    return iris.graph("projection")


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a store is and how it is spoken to; ``user`` and ``password`` are for writing only and never shown."""

    dialect: Dialect
    query: str
    update: str
    iris: Iris
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def of_settings(settings: Settings, iris: Iris) -> Remote | None:
    """The store that the settings name, or None. Raises ValueError where they cannot be meant."""
    if not settings.store:
        return None
    try:
        check_store(settings)
    except BadSettings as error:
        raise ValueError(str(error)) from None
    dialect = dialects()[settings.store_kind]
    address = settings.store.rstrip("/")
    update = settings.store_update or address + dialect.update_path
    return Remote(dialect, address + dialect.query_path, update, iris, settings.store_user, settings.store_password)


@dataclass(frozen=True, slots=True)
class Marker:
    """How far a mirror has come, kept in the store itself.

    ``epoch`` and ``number`` are of the journal: all rows up to that number are in. While ``copying`` the whole
    graph is being written, and ``number`` counts the graphs that are in. ``hidden``: the engine's own graphs.
    """

    epoch: str
    number: int
    sequence: int
    copying: bool = False
    target: str = ""
    hidden: tuple[str, ...] = ()

    def text(self) -> str:
        """As one literal."""
        return json.dumps([self.epoch, self.number, self.sequence, self.copying, self.target, list(self.hidden)])

    @staticmethod
    def read(text: str) -> Marker:
        """From the literal."""
        try:
            epoch, number, sequence, copying, target, hidden = json.loads(text)
            return Marker(str(epoch), int(number), int(sequence), bool(copying), str(target), tuple(hidden))
        except (ValueError, TypeError):
            raise StoreFailed("the store holds a marker that this version did not write") from None


def data_block(triples: Mapping[str, Sequence[str]], *, copies: bool) -> str:
    """Triples by graph as the body of INSERT DATA or DELETE DATA; with ``copies`` also in the default graph.

    Source: SPARQL 1.1 Update 3.1.1, QuadData.
    """
    parts = []
    for graph, rows in triples.items():
        parts.append(f"GRAPH <{graph}> {{\n{''.join(rows)}}}\n")
        if copies:
            parts.append("".join(rows))
    return "{\n" + "".join(parts) + "}"


class Store:
    """A connection for the publisher: updates, the marker, and all that the store holds.

    Errors of every method: StoreFailed.
    """

    def __init__(self, remote: Remote) -> None:
        self.remote, self.dialect = remote, remote.dialect
        auth: httpx.Auth | None = None
        if remote.user:
            kind = httpx.DigestAuth if remote.dialect.digest else httpx.BasicAuth
            auth = kind(remote.user, remote.password)
        limits = httpx.Timeout(UPDATE_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(timeout=limits, auth=auth, trust_env=False, follow_redirects=False)
        self._marker_graph = f"{hidden_prefix(remote.iris)}/mirror"
        self._copies: bool | None = None

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    @property
    def marker_graph(self) -> str:
        """The graph of the marker; it is never public."""
        return self._marker_graph

    def update(self, *operations: str) -> None:
        """Some operations in one request."""
        text = " ;\n".join(operation for operation in operations if operation)
        if not text:
            return
        try:
            answer = self._client.post(self.remote.update, data={"update": text}, headers={"Accept": "*/*"})
        except httpx.HTTPError as error:
            raise StoreFailed(f"the store could not be written ({type(error).__name__})") from None
        if answer.status_code not in (200, 201, 204):
            raise StoreFailed(f"the store refused an update with status {answer.status_code}")

    @contextmanager
    def _asked(self, query: str, more: Sequence[tuple[str, str]] = ()) -> Iterator[httpx.Response]:
        form = {"query": query, **dict(more)}
        try:
            with self._client.stream("POST", self.remote.query, data=form, headers={"Accept": JSON}) as answer:
                if answer.status_code != 200:
                    raise StoreFailed(f"the store refused a query with status {answer.status_code}")
                if any(name in answer.headers for name in TRUNCATED):
                    raise StoreFailed("the store cuts its answers off: raise its limit of rows")
                yield answer
        except httpx.HTTPError as error:
            raise StoreFailed(f"the store could not be read ({type(error).__name__})") from None

    def rows(self, query: str, more: Sequence[tuple[str, str]] = ()) -> Iterator[tuple[Term | None, ...]]:
        """The rows of a SELECT of ours, as they come."""
        with self._asked(query, more) as answer:
            body = as_file(answer.iter_bytes())
            try:
                found = ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
                if not isinstance(found, ox.QuerySolutions):
                    raise StoreFailed("the store gave no rows")
                for row in found:
                    yield tuple(term if term is None else self.dialect.decode(term) for term in row)
            except (SyntaxError, ValueError):
                raise StoreFailed("the store's answer broke off, or is none") from None

    def server(self) -> str:
        """How the server names itself, "" if it does not. Raises StoreFailed when it does not answer."""
        with self._asked("SELECT (1 AS ?x) {}") as answer:
            return str(answer.headers.get("server", ""))[:100]

    def marker(self) -> Marker | None:
        """How far the mirror has come; None where there is none."""
        if self.dialect.empty_graphs:
            start = f"{self._marker_graph}/"
            query = f'SELECT ?g {{ GRAPH ?g {{}} FILTER(STRSTARTS(STR(?g), "{start}")) }}'
            names = [cast(ox.NamedNode, row[0]).value for row in self.rows(query)]
            texts = [bytes.fromhex(name.removeprefix(start)).decode() for name in names]
        else:
            query = f"SELECT ?o {{ GRAPH <{self._marker_graph}> {{ <{self._marker_graph}> ?p ?o }} }}"
            texts = [cast(ox.Literal, row[0]).value for row in self.rows(query)]
        if len(texts) > 1:
            raise StoreFailed("the store holds several markers")
        return Marker.read(texts[0]) if texts else None

    def marking(self, marker: Marker, before: Marker | None) -> list[str]:
        """The operations that put a marker in the place of the one before it.

        Where an engine keeps empty graphs, the marker is the name of one: no pattern meets it.
        """
        if self.dialect.empty_graphs:
            gone = [f"DROP SILENT GRAPH <{self._empty(before)}>"] if before and before != marker else []
            return [*gone, f"CREATE SILENT GRAPH <{self._empty(marker)}>"]
        node, text = self._marker_graph, ox.Literal(marker.text())
        gone = [f"CLEAR SILENT GRAPH <{node}>"] if before else []
        return [*gone, f"INSERT DATA {{ GRAPH <{node}> {{ <{node}> <{node}/state> {text} }} }}"]

    def _empty(self, marker: Marker) -> str:
        return f"{self._marker_graph}/{marker.text().encode().hex()}"

    def copies(self) -> bool:
        """Whether what is written must also be put into the default graph, so that patterns without GRAPH find it.

        Engines differ: the default graph is all graphs, or apart. The marker, once it stands, tells.
        """
        if self._copies is None:
            if self.dialect.union or self.dialect.declares:
                self._copies = False
            else:
                asked = f"SELECT (COUNT(*) AS ?n) {{ <{self._marker_graph}> ?p ?o }}"
                self._copies = cast(ox.Literal, next(iter(self.rows(asked)))[0]).value == "0"
        return self._copies

    def refuse_limits(self) -> None:
        """Raise StoreFailed if the store cuts long answers off, as some do without a word.

        An engine that can be asked for its limit is asked; of others a long answer is asked.
        """
        if self.dialect.limit:
            limits = [
                term.value for row in self.rows(self.dialect.limit) for term in row if isinstance(term, ox.Literal)
            ]
            cut = any(limit != "0" for limit in limits)
        else:
            sides = " ".join(str(number) for number in range(SIDE))
            asked = f"SELECT ?a ?b {{ VALUES ?a {{ {sides} }} VALUES ?b {{ {sides} }} }}"
            cut = sum(1 for _ in self.rows(asked)) != SIDE * SIDE
        if cut:
            raise StoreFailed("the store cuts long answers off: take its limit out (of Virtuoso: ResultSetMaxRows)")

    def graphs(self) -> Iterator[str]:
        """The names of all graphs that hold something."""
        # Virtuoso takes a minute for DISTINCT where it takes a moment to count.
        yield from (graph for graph, _ in self.sizes())

    def sizes(self) -> Iterator[tuple[str, int]]:
        """All graphs that hold something, and how many triples each."""
        for g, n in self.rows("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"):
            yield cast(ox.NamedNode, g).value, int(cast(ox.Literal, n).value)

    def inner(self, graph: str) -> bool:
        """Whether a graph is the engine's own."""
        return graph.startswith(self.dialect.inner) if self.dialect.inner else False

    def quads(self, hidden: Iterable[str] = ()) -> Iterator[ox.Quad]:
        """All that the store holds in graphs, but the marker and what is hidden, as it was meant.

        An engine that gathers an answer before it sends it is asked by parts.
        """
        skipped = {*hidden, self._marker_graph}
        whole = "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }"
        for query in self._parts(skipped) if self.dialect.gathers else [whole]:
            for g, s, p, o in self.rows(query):
                if cast(ox.NamedNode, g).value not in skipped:
                    yield ox.Quad(s, p, o, g)  # type: ignore[arg-type]

    def _parts(self, skipped: set[str]) -> Iterator[str]:
        names: list[str] = []
        count = 0
        for graph, size in [*self.sizes(), ("", PART_TRIPLES)]:
            if names and (count + size > PART_TRIPLES or len(names) >= PART_GRAPHS):
                yield f"SELECT ?g ?s ?p ?o {{ VALUES ?g {{ {' '.join(names)} }} GRAPH ?g {{ ?s ?p ?o }} }}"
                names, count = [], 0
            if graph and graph not in skipped:
                names.append(f"<{graph}>")
                count += size

    def count(self, hidden: Iterable[str] = ()) -> int:
        """How many triples the store holds in graphs, but the marker's and hidden ones."""
        skipped = {*hidden, self._marker_graph}
        return sum(size for graph, size in self.sizes() if graph not in skipped)

    def default_triples(self) -> Iterator[ox.Quad]:
        """All that stands in the default graph, where it is one of its own."""
        for s, p, o in self.rows("SELECT ?s ?p ?o { ?s ?p ?o }"):
            yield ox.Quad(s, p, o)  # type: ignore[arg-type]

    def deleting(self, triples: Mapping[str, Sequence[str]]) -> list[str]:
        """The operations by which triples go from their graphs."""
        parts = [{name: rows} for name, rows in triples.items()] if self.dialect.one_by_one else [triples]
        return [f"DELETE DATA {data_block(part, copies=self.copies())}" for part in parts if part]

    def inserting(self, triples: Mapping[str, Sequence[str]]) -> list[str]:
        """The operations by which triples come into their graphs."""
        return [f"INSERT DATA {data_block(triples, copies=self.copies())}"] if triples else []

    def line(self, quad: ox.Quad) -> str:
        """The triple of a quad as a line of N-Triples, as this engine can hold it."""
        return f"{quad.subject} {quad.predicate} {self.dialect.encode(quad.object)} .\n"
