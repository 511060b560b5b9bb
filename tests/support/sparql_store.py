"""A SPARQL endpoint without network over a small store, with the limits and habits of real ones, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

from harvesters.base import Visit
from harvesters.sparql import harvest
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord
from registry.net import Fetched, Fetcher, NetError

ENDPOINT = "http://data.office.example/sparql"
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix schema: <http://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix : <http://office.example/id/> .
"""


def store(turtle: str, graph: str = "") -> ox.Store:
    """A store with some Turtle, in its default graph or a named one."""
    made = ox.Store()
    made.load(
        (PREFIXES + turtle).encode(), ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(graph) if graph else ox.DefaultGraph()
    )
    return made


def courses(count: int, more: str = "") -> str:
    """Turtle of some courses with a provider and a nameless offer each."""
    return more + "".join(
        f':c{n:04} a schema:Course ; schema:name "Course {n}"@en ; schema:provider :office ;'
        f' schema:offers [ a schema:Offer ; schema:price "{n}" ] .\n'
        for n in range(count)
    )


@dataclass
class Store:
    """What answers for an endpoint. ``rule`` may answer, or fail, before the store does.

    ``max_rows``: rows of a SELECT and solutions of a CONSTRUCT, as Virtuoso cuts them; ``ways``: what it takes.
    """

    data: ox.Store
    max_rows: int = 0
    ways: tuple[str, ...] = ("get", "form", "query")
    rule: Callable[[str, int], Fetched | None] | None = None
    statements: tuple[ox.RdfFormat, str] = (ox.RdfFormat.N_TRIPLES, "application/n-triples")
    rows: tuple[ox.QueryResultsFormat, str] = (ox.QueryResultsFormat.JSON, "application/sparql-results+json")
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    limit: int = 4 << 20

    def get(self, url: str, **sent: Any) -> Fetched:
        return self._answer("get", parse_qs(urlsplit(url).query)["query"][0], url, sent)

    def post(self, url: str, body: bytes, *, content_type: str, **sent: Any) -> Fetched:
        way = "form" if content_type == "application/x-www-form-urlencoded" else "query"
        assert way == "form" or content_type == "application/sparql-query"
        query = parse_qs(body.decode())["query"][0] if way == "form" else body.decode()
        return self._answer(way, query, url, sent)

    def _answer(self, way: str, query: str, url: str, sent: Mapping[str, Any]) -> Fetched:
        self.asked.append((way, query))
        self.headers.append(sent.get("headers") or {})
        if way not in self.ways:
            raise failure(405)
        given = self.rule(query, len(self.asked)) if self.rule else None
        if given is not None:
            return given
        result = self.data.query(query)
        if isinstance(result, ox.QueryTriples):
            triples = [triple for number, triple in enumerate(result) if not self.max_rows or number < self.max_rows]
            body = ox.serialize(triples, format=self.statements[0])
            return answer(body or b"", self.statements[1], url)
        assert isinstance(result, ox.QuerySolutions)
        rows = list(result)
        cut = bool(self.max_rows) and len(rows) > self.max_rows
        names = [variable.value for variable in result.variables]
        body = _rows(names, rows[: self.max_rows] if cut else rows, self.rows[0])
        return answer(body, self.rows[1], url, **({"x-sparql-maxrows": str(self.max_rows)} if cut else {}))


def _rows(names: list[str], rows: Iterable[Any], format: ox.QueryResultsFormat) -> bytes:
    values = " ".join(
        "(" + " ".join("UNDEF" if row[name] is None else str(row[name]) for name in names) + ")" for row in rows
    )
    again = ox.Store().query(
        f"SELECT {' '.join('?' + name for name in names)} {{ VALUES ({' '.join('?' + n for n in names)}) {{ {values} }} }}"
    )
    return again.serialize(format=format) or b""  # type: ignore[union-attr]


def answer(body: bytes, media_type: str, url: str = ENDPOINT, **headers: str) -> Fetched:
    """An answer with status 200."""
    return Fetched(200, url, {"content-type": media_type, **headers}, body)


def failure(status: int, text: str = "", code: str = "net-status") -> NetError:
    """An answer with another status, or none at all."""
    return NetError(Issue(code, ENDPOINT, str(status)), status or None, text.encode())


def visit(
    http: Store, *, bookmark: Mapping[str, str] | None = None, before: list[HarvestEvent] | None = None,
    token: str = "", **options: Any,
) -> list[HarvestEvent]:  # fmt: skip
    """The events of one visit; ``before`` are those of the visit before it."""
    digests = {one.digest for one in before or [] if isinstance(one, Document)}
    feed = Feed("f", "eso", "sparql", ENDPOINT, options=options)
    made = Visit(feed, cast(Fetcher, http), bookmark or {}, seen=digests.__contains__, token=token)
    return list(harvest(made))


def keys(events: list[HarvestEvent]) -> list[str]:
    """The keys of all records, shortened, with a mark where one is broken."""
    records = [one for one in events if isinstance(one, RawRecord)]
    return [one.key.rpartition("/")[2] + ("!" if one.broken else "") for one in records]


def payloads(events: list[HarvestEvent]) -> dict[str, str]:
    """{key, shortened: payload}."""
    return {
        one.key.rpartition("/")[2]: one.payload.decode()
        for one in events
        if isinstance(one, RawRecord) and one.payload
    }


def codes(events: list[HarvestEvent]) -> list[str]:
    """The codes of the issues of the feed."""
    return [one.issue.code for one in events if isinstance(one, FeedIssue)]


def done(events: list[HarvestEvent]) -> Done:
    """How the visit ended."""
    assert isinstance(events[-1], Done) and sum(isinstance(one, Done) for one in events) == 1
    return events[-1]
