"""The text to copy that reads a stored query's answer: for Excel, Power BI, R, Python and Grafana.

Addresses are percent-encoded, so that they hold nothing that a language of these would take for its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from registry.web.stored import Column, StoredQuery

_POWER = {
    "string": "type text",
    "anyURI": "type text",
    "integer": "Int64.Type",
    "decimal": "type number",
    "boolean": "type logical",
    "date": "type date",
    "dateTime": "type datetimezone",
}
_R = {"integer": "numeric", "decimal": "numeric", "boolean": "logical", "date": "Date"}
_INFINITY = {
    "integer": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "timestamp",
    "dateTime": "timestamp",
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """One text to copy; ``name`` is that of the program."""

    name: str
    code: str


def parameters(pairs: tuple[tuple[str, str], ...]) -> str:
    """Chosen parameters as an address has them, "" without any; everything but letters and digits is encoded."""
    encoded = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
    return f"?{encoded}" if encoded else ""


def snippets(query: StoredQuery, address: str, chosen: tuple[tuple[str, str], ...]) -> list[Snippet]:
    """The texts for one query; ``address`` is its own without suffix, ``chosen`` (name, value) of its parameters."""
    asked = parameters(chosen)
    return [
        Snippet("Excel", _power_query(query, f"Web.Contents({_m(f'{address}.json{asked}')})")),
        Snippet("Power BI", _power_query(query, _relative(query, address, chosen))),
        Snippet("R", _r(query, f"{address}.csv{asked}")),
        Snippet("Python", _python(f"{address}.json{asked}")),
        Snippet("Grafana", _grafana(query, f"{address}.json{asked}")),
    ]


def _m(text: str) -> str:
    """A text in Power Query's language M."""
    return '"' + text.replace("#(", "#(#)(").replace('"', '""') + '"'


def _relative(query: StoredQuery, address: str, chosen: tuple[tuple[str, str], ...]) -> str:
    """An address in the one form that Power BI's service refreshes: a fixed base, the rest as options."""
    base = address.removesuffix(f"/q/{query.name}")
    asked = "".join(f", Query = [{', '.join(f'{name} = {_m(value)}' for name, value in chosen)}]" if chosen else "")
    return f"Web.Contents({_m(base)}, [RelativePath = {_m(f'q/{query.name}.json')}{asked}])"


def _power_query(query: StoredQuery, contents: str) -> str:
    names = ", ".join(_m(column.name) for column in query.columns)
    types = ",\n        ".join(f"{{{_m(column.name)}, {_POWER[column.datatype]}}}" for column in query.columns)
    return (
        "let\n"
        f"    Answer = Json.Document({contents}),\n"
        f"    Rows = Table.FromRecords(Answer, {{{names}}}, MissingField.UseNull),\n"
        f'    Typed = Table.TransformColumnTypes(Rows, {{\n        {types}\n    }}, "en-US")\n'
        "in\n"
        "    Typed\n"
    )


def _r(query: StoredQuery, address: str) -> str:
    kinds = ",\n  ".join(f"{column.name} = {json.dumps(_r_kind(column))}" for column in query.columns)
    return (
        f"address <- {json.dumps(address)}\n"
        f"kinds <- c(\n  {kinds}\n)\n"
        'data <- read.csv(address, encoding = "UTF-8", na.strings = "", colClasses = kinds)\n'
        "str(data)\n"
    )


def _r_kind(column: Column) -> str:
    return _R.get(column.datatype, "character")


def _python(address: str) -> str:
    return (
        "import json\n"
        "import urllib.request\n\n"
        f"with urllib.request.urlopen({json.dumps(address)}) as answer:\n"
        "    rows = json.load(answer)\n"
        "print(len(rows), rows[:3])\n"
    )


def _grafana(query: StoredQuery, address: str) -> str:
    columns = [
        {"selector": column.name, "text": column.name, "type": _INFINITY.get(column.datatype, "string")}
        for column in query.columns
    ]
    target = {
        "type": "json",
        "parser": "backend",
        "source": "url",
        "format": "table",
        "url": address,
        "url_options": {"method": "GET"},
        "root_selector": "",
        "columns": columns,
    }
    return json.dumps(target, indent=2) + "\n"
