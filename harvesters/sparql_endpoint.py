"""Asks a SPARQL endpoint in the way that it answers to, and reads what comes: rows or statements.

Short queries go by GET, long ones by POST (a form, else the query itself). Endpoints answer 200 with a web
page, with half of a result or with a message at its end: all that is ``Refused``. Sources: SPARQL 1.1
Protocol §2; SPARQL 1.1 Query Results JSON Format; SPARQL Query Results XML Format.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from harvesters import rdf_read, xml_safe
from harvesters.base import FeedFailed, Visit
from harvesters.rdf_graph import Blank, Graph, Object
from harvesters.rdf_turtle import literal
from registry.model import Issue
from registry.net import Fetched, NetError
from registry.terms import Iri

MAX_URL = 2_000  # characters of an address that every server takes
ROWS = "application/sparql-results+json, application/sparql-results+xml;q=0.8, application/json;q=0.5, */*;q=0.1"
STATEMENTS = (
    "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.7, application/ld+json;q=0.6, "
    "text/plain;q=0.3, */*;q=0.1"
)
# What only says that this way of asking, or this kind of answer, is not served.
_NO_WAY = {
    "get": {405, 413, 414, 431, 501},
    "form": {403, 404, 405, 411, 415, 501},
    "query": {403, 404, 405, 415, 501},
}
# Faults that asking for less does not mend.
_FINAL = {401, 402, 403, 404, 410}
_FINAL_CODES = {"net-dns", "net-refused", "net-private-address", "net-proxy", "net-proxy-host", "net-certificate",
                "net-tls", "net-bad-address", "net-redirects", "net-later"}  # fmt: skip
_RESULTS = "{http://www.w3.org/2005/sparql-results#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

Row = dict[str, dict[str, str]]


class Refused(Exception):
    """A query got no whole answer. ``final``: asking for less will not help either."""

    def __init__(self, issue: Issue, final: bool = False) -> None:
        super().__init__(f"{issue.code} {issue.value}")
        self.issue, self.final = issue, final


@dataclass(slots=True)
class Endpoint:
    """One endpoint during one visit: which ways it takes, and how much it gives, is learned as it is asked."""

    visit: Visit
    refused: set[str] = field(default_factory=set)
    asked: int = 0
    max_rows: int = 0
    any_kind: bool = False

    def rows(self, query: str) -> list[Row]:
        """The rows of a SELECT, each {variable: {"type", "value" …}}. Raises Refused."""
        fetched = self._ask(query, ROWS)
        if "x-sql-state" in fetched.headers:
            raise self._bad("sparql-half", fetched.headers["x-sql-state"])
        return self._rows(fetched)

    def statements(self, query: str) -> Graph:
        """The statements of a CONSTRUCT, in whatever syntax they come. Raises Refused."""
        fetched = self._ask(query, STATEMENTS)
        if "x-sql-state" in fetched.headers:
            raise self._bad("sparql-half", fetched.headers["x-sql-state"])
        kind, address = fetched.headers.get("content-type", ""), self.visit.feed.address
        if not fetched.body.strip():
            return Graph(address)
        body = fetched.body.lstrip()
        if "application/sparql-results" in kind or (body[:1] == b"{" and b'"bindings"' in body):
            return self._graph(self._rows(fetched))
        try:
            return rdf_read.read(fetched.body, kind, address, self.visit.http.limit)
        except FeedFailed as failed:
            if failed.issue.code == "rdf-web-page":
                raise self._bad("sparql-web-page", _shown(fetched.body)) from failed
            raise self._bad("sparql-unreadable", failed.issue.value or failed.issue.code) from failed

    def number(self, query: str) -> int | None:
        """The number that a counting query gives, None if it gives none. Raises Refused."""
        rows = self.rows(query)
        values = list(rows[0].values()) if len(rows) == 1 else []
        said = values[0].get("value", "") if len(values) == 1 else ""
        return int(said) if said.isascii() and said.isdigit() and len(said) < 12 else None

    # --- asking --------------------------------------------------------------------------------------------

    def _ask(self, query: str, accept: str) -> Fetched:
        """The answer, by the first way that the endpoint takes. Raises Refused."""
        while True:
            way = self._way(query)
            try:
                fetched = self._sent(way, query, "*/*" if self.any_kind else accept)
            except NetError as error:
                if error.status == 406 and not self.any_kind:
                    self.any_kind = True
                    continue
                closed = error.status in _NO_WAY[way] or (way != "get" and error.issue.code == "net-bad-redirect")
                if closed and len(self.refused) < 2 and (self.asked or error.status != 404):
                    self.refused.add(way)
                    continue
                raise self._failed(error) from error
            self.asked += 1
            most = fetched.headers.get("x-sparql-maxrows", "")
            self.max_rows = int(most) if most.isascii() and most.isdigit() and len(most) < 10 else self.max_rows
            return fetched

    def _way(self, query: str) -> str:
        long = len(self._address(query)) > MAX_URL
        ways = ("form", "query", "get") if long else ("get", "form", "query")
        return next(way for way in ways if way not in self.refused)

    def _address(self, query: str) -> str:
        address = self.visit.feed.address.partition("#")[0]
        return address + ("&" if "?" in address else "?") + urlencode({"query": query})

    def _sent(self, way: str, query: str, accept: str) -> Fetched:
        http, address, headers = self.visit.http, self.visit.feed.address, self._login()
        if way == "get":
            return http.get(self._address(query), accept=accept, headers=headers)
        if way == "form":
            body, kind = urlencode({"query": query}).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = query.encode(), "application/sparql-query"
        return http.post(address, body, content_type=kind, accept=accept, headers=headers)

    def _login(self) -> dict[str, str]:
        token = self.visit.token
        if not token:
            return {}
        basic = ":" in token
        return {"authorization": f"Basic {b64encode(token.encode()).decode()}" if basic else f"Bearer {token}"}

    def _failed(self, error: NetError) -> Refused:
        final = error.status in _FINAL or error.issue.code in _FINAL_CODES
        if error.status in (400, 422, 500) and error.body.strip():
            return self._bad("sparql-refused", _shown(error.body))
        return Refused(error.issue, final)

    def _bad(self, code: str, value: str) -> Refused:
        return Refused(Issue(code, self.visit.feed.address[:300], " ".join(value.split())[:300]))

    # --- reading -------------------------------------------------------------------------------------------

    def _rows(self, fetched: Fetched) -> list[Row]:
        body = fetched.body.lstrip(b"\xef\xbb\xbf \t\r\n")
        if body[:1] == b"{":
            try:
                return _json_rows(json.loads(body))
            except (ValueError, RecursionError) as error:
                raise self._bad("sparql-half", str(error)) from error
        if body[:1] == b"<" and b"<html" not in body[:2000].lower():
            try:
                return list(_xml_rows(body))
            except xml_safe.BadXml as error:
                raise self._bad("sparql-half", error.why) from error
        raise self._bad("sparql-web-page", _shown(body))

    def _graph(self, rows: list[Row]) -> Graph:
        """Statements that come as rows, which some endpoints make of a CONSTRUCT."""
        graph = Graph(self.visit.feed.address)
        names = (("s", "p", "o"), ("subject", "predicate", "object"), ("n", "p", "o"))
        for row in rows:
            found = next((keys for keys in names if all(key in row for key in keys)), None)
            terms = [_term(graph, row[key]) for key in found] if found else []
            if len(terms) == 3 and isinstance(terms[0], Iri | Blank) and isinstance(terms[1], Iri) and terms[2]:
                graph.add(terms[0], terms[1], terms[2])
            else:
                graph.lose(None, "", json.dumps(row)[:300])
        return graph


def _json_rows(data: Any) -> list[Row]:
    """Rows of the JSON format. Raises ValueError for other JSON."""
    results = data.get("results") if isinstance(data, dict) else None
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no results in it: " + json.dumps(data)[:200])
    return [
        {name: {key: str(part) for key, part in term.items()} for name, term in row.items() if isinstance(term, dict)}
        for row in rows
        if isinstance(row, dict)
    ]


def _xml_rows(body: bytes) -> Iterator[Row]:
    """Rows of the XML format. Raises BadXml."""
    root = xml_safe.parse(body)
    if root.find(f"{_RESULTS}results") is None:
        raise xml_safe.BadXml("sparql-half", f"no results in <{root.tag!s}>")
    for result in root.iterfind(f"{_RESULTS}results/{_RESULTS}result"):
        row: Row = {}
        for binding in result.iterfind(f"{_RESULTS}binding"):
            for value in binding.iterfind("*"):
                said = {"type": str(value.tag).removeprefix(_RESULTS), "value": value.text or ""}
                extra = {"datatype": value.get("datatype", ""), "xml:lang": value.get(_XML_LANG, "")}
                row[binding.get("name", "")] = said | {name: text for name, text in extra.items() if text}
        yield row


def _term(graph: Graph, said: dict[str, str]) -> Object | None:
    kind, value = said.get("type", ""), said.get("value", "")
    if kind in ("uri", "iri"):
        return graph.iri(value)
    if kind == "bnode":
        return Blank(value)
    return literal(value, said.get("datatype", ""), said.get("xml:lang", ""))


def _shown(body: bytes) -> str:
    """The beginning of a message, without markup."""
    text = body[:4000].decode("utf-8", "replace")
    out, inside = [], False
    for char in text:
        inside = char == "<" or (inside and char != ">")
        out.append(" " if inside or char == ">" else char)
    return " ".join("".join(out).split())[:300]
