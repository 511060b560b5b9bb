"""A stored query with a column of each datatype, as a file of its own."""

from __future__ import annotations

from pathlib import Path

from registry.web.stored import DATATYPES, StoredQuery, read_query

BASE = "http://localhost:8000/"
PREFIXES = """@prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <http://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def three(text: str) -> str:
    """A text in three languages."""
    return f'"{text}"@en, "{text} (fr)"@fr, "{text} (es)"@es'


def file(
    name: str,
    columns: dict[str, str],
    parameters: dict[str, str],
    *,
    more: str = "sh:optional true",
    form: str = "select",
    text: str = "",
) -> str:
    """A file's text: {name: datatype} of columns and parameters; ``text`` is a query, by default one that selects
    them all of anything."""
    listed = " ".join(
        f'[ csvw:name "{one}" ; csvw:datatype xsd:{kind} ; csvw:title {three(one.title())} ]'
        for one, kind in columns.items()
    )
    given = ", ".join(
        f"[ sh:path <q/{name}#{one}> ; sh:order {place} ; sh:datatype xsd:{kind} ; {more} ;"
        f" sh:name {three(one.title())} ; sh:description {three('About ' + one)} ]"
        for place, (one, kind) in enumerate(parameters.items())
    )
    names = " ".join(f"?{one}" for one in dict.fromkeys([*columns, *parameters]))
    body = " . ".join(f"?thing <urn:{one}> ?{one}" for one in dict.fromkeys([*columns, *parameters]))
    return (
        f"{PREFIXES}<q/{name}> a sh:SPARQLExecutable ; rdfs:label {three('What is there?')} ;"
        f' rdfs:comment {three("All of it.")} ; schema:keywords "supply" ; schema:target <sparql> ;'
        + (f" sh:parameter {given} ;" if given else "")
        + (f" csvw:tableSchema [ csvw:column ( {listed} ) ] ;" if listed else "")
        + f' sh:{form} """{text or f"SELECT {names} WHERE {{ {body} }} ORDER BY ?{next(iter(columns))}"}""" .\n'
    )


def query(folder: Path, text: str, name: str) -> StoredQuery:
    """The query of a file with this text."""
    made = folder / f"{name}.ttl"
    made.write_text(text, "utf-8")
    return read_query(made, BASE)


def of_each(folder: Path) -> StoredQuery:
    """A query ``each`` with a column and a parameter of every datatype, named after it in small letters."""
    kinds = {kind.lower(): kind for kind in DATATYPES}
    return query(folder, file("each", kinds, kinds), "each")
