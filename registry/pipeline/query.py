"""Asking the current release from the command line, and writing its graph to a file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import BinaryIO

from registry import release
from registry.graph import export
from registry.graph.guard import Refused, scan
from registry.graph.pool import QueryFailed, query_release
from registry.iris import PREFIXES
from registry.settings import Settings
from registry.web.stored import read_query
from registry.web.stored_values import read_values

RESULTS = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
GRAPHS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
}


Bindings = tuple[tuple[str, str, str], ...]


class BadQuery(Exception):
    """The question cannot be asked or answered; the message says why."""


def _current(settings: Settings) -> release.Release:
    found = release.current(settings.data)
    if found is None:
        raise BadQuery(f"there is no release in {settings.data} yet; run meta-academy publish")
    return found


def stored(settings: Settings, file: Path) -> tuple[str, Bindings]:
    """The text of the stored query in a file, and the terms of those of its parameters that have a default.

    Raises BadQuery.
    """
    try:
        query = read_query(file, f"{settings.base_address.rstrip('/')}/")
        return query.text, read_values(query, []).bindings
    except ValueError as error:
        raise BadQuery(str(error)) from error


def ask(settings: Settings, query: str, form: str, out: BinaryIO, bindings: Bindings = ()) -> None:
    """Write the answer to a query; "table" is columns for people. ``bindings`` are terms for variables that it
    selects (``worker.Request``). Raises BadQuery."""
    current = _current(settings)
    try:
        kind = scan(query, max_bytes=settings.query_max_bytes).form
        graph = kind in ("CONSTRUCT", "DESCRIBE")
        offered = GRAPHS if graph else RESULTS
        wanted = {"table": "ttl" if graph else "json"}.get(form, form)
        if wanted not in offered:
            raise BadQuery(f"a {kind} query is answered as one of: {', '.join(('table', *offered))}")
        answer = io.BytesIO()
        query_release(current.graph, query, offered[wanted], answer, settings, bindings)
    except Refused as error:
        raise BadQuery(str(error)) from error
    except QueryFailed as error:
        raise BadQuery(str(error)) from error
    out.write(_table(answer.getvalue()) if form == "table" and not graph else answer.getvalue())
    out.flush()


def _table(answer: bytes) -> bytes:
    result = json.loads(answer)
    if "boolean" in result:
        return b"yes\n" if result["boolean"] else b"no\n"
    names = result["head"]["vars"]
    rows = [[row.get(name, {}).get("value", "") for name in names] for row in result["results"]["bindings"]]
    widths = [min(max(len(cell) for cell in column), 80) for column in zip(names, *rows, strict=True)]
    lines = [
        "  ".join(cell[:80].ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [names, *rows]
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return ("\n".join(line.rstrip() for line in lines) + f"\n{len(rows)} rows\n").encode()


def export_graph(settings: Settings, target: Path) -> int:
    """Write the current release's graph; how many statements. Raises BadQuery."""
    try:
        return export.export(_current(settings).graph, target, dict(PREFIXES))
    except ValueError as error:
        raise BadQuery(str(error)) from error
    except OSError as error:
        raise BadQuery(f"{target}: {error.strerror}") from error
