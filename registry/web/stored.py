"""Stored queries: questions with declared parameters and columns, one Turtle file each in ``ontology/questions``.

A file holds one ``sh:SPARQLExecutable``; its name is the query's name. What it must say is told in
``docs/questions.md``. Source: SHACL (W3C REC 2017) section 5 for the text and its parameters, CSV on the Web
(W3C REC 2015) for the columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from registry.graph import turtle
from registry.graph.guard import Refused, scan
from registry.iris import DCTERMS, MA, RDF, RDF_TYPE, RDFS, SCHEMA, SH
from registry.messages import LANGUAGES
from registry.terms import XSD, Described, Iri, Term
from registry.terms import Literal as Text

Datatype = Literal["string", "integer", "decimal", "boolean", "date", "dateTime", "anyURI"]
Texts = Mapping[str, str]
CSVW = "http://www.w3.org/ns/csvw#"
FORMS = {"select": "SELECT", "ask": "ASK", "construct": "CONSTRUCT"}
DATATYPES: tuple[Datatype, ...] = ("string", "integer", "decimal", "boolean", "date", "dateTime", "anyURI")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
FIELD = re.compile(r"[a-z][a-z0-9_]*")
LONGEST = 60_000
RESERVED = frozenset({"excel", "lang", "format"})


class BadQueryFile(ValueError):
    """A file of a stored query cannot be used; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer: its name in every format, its heading and what it means by language."""

    name: str
    datatype: Datatype
    title: Texts
    description: Texts


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a caller may choose: the variable of this name is bound to a term of this datatype.

    ``choices`` are all values there are (none: any of the datatype), ``default`` what holds when it is not given
    (None: the variable stays free); lexical forms. ``required``: it must be given.
    """

    name: str
    datatype: Datatype
    title: Texts
    description: Texts
    choices: tuple[str, ...] = ()
    default: str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """One stored query. ``title`` is the question, ``description`` what is counted and how, by language;
    ``form`` SELECT, ASK or CONSTRUCT; ``figure`` the projection that answers instead of the text."""

    name: str
    title: Texts
    description: Texts
    keywords: tuple[str, ...]
    form: str
    text: str
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()
    figure: str | None = None


class _Node:
    """The values of one node of a file."""

    def __init__(self, described: Described, iri: str) -> None:
        self._described, self._values = described, described.get(iri, {})

    def all(self, predicate: str) -> list[Term]:
        return self._values.get(predicate, [])

    def one(self, predicate: str) -> Term | None:
        found = self.all(predicate)
        if len(found) > 1:
            raise BadQueryFile(f"more than one {predicate}")
        return found[0] if found else None

    def plain(self, predicate: str) -> str | None:
        found = self.one(predicate)
        return found.value if isinstance(found, Text) else found

    def texts(self, predicate: str, *, required: bool = True) -> dict[str, str]:
        """One text in each language, or none at all where it is not required."""
        found = self.all(predicate)
        texts = {value.language: value.value.strip() for value in found if isinstance(value, Text)}
        if not found and not required:
            return {}
        if set(texts) != set(LANGUAGES) or len(found) != len(texts) or not all(texts.values()):
            raise BadQueryFile(f"{predicate} must be there once in each of {', '.join(LANGUAGES)}")
        return {language: texts[language] for language in LANGUAGES}

    def nodes(self, predicate: str) -> list[_Node]:
        return [_Node(self._described, value) for value in self.all(predicate) if isinstance(value, Iri)]

    def listed(self, predicate: str) -> list[Term]:
        """The members of an RDF list, empty where there is none."""
        place, members = self.one(predicate), list[Term]()
        while isinstance(place, Iri) and place != RDF + "nil":
            cell = _Node(self._described, place)
            first = cell.one(RDF + "first")
            if first is None:
                raise BadQueryFile(f"{predicate} must be a list")
            members.append(first)
            place = cell.one(RDF + "rest")
        return members


def _datatype(value: str | None, what: str) -> Datatype:
    for known in DATATYPES:
        if value == XSD + known:
            return known
    raise BadQueryFile(f"{what}: the datatype must be one of xsd:{', xsd:'.join(DATATYPES)}")


def _name(value: str, what: str) -> str:
    if not FIELD.fullmatch(value):
        raise BadQueryFile(f"{what} {value!r} must be written in a-z, 0-9 and _")
    return value


def _column(node: _Node) -> Column:
    name = _name(node.plain(CSVW + "name") or "", "the name of a column")
    return Column(
        name,
        _datatype(node.plain(CSVW + "datatype"), f"column {name}"),
        node.texts(CSVW + "title"),
        node.texts(DCTERMS + "description", required=False),
    )


def _parameter(node: _Node, iri: str) -> tuple[int, Parameter]:
    path = node.plain(SH + "path") or ""
    if not path.startswith(iri + "#"):
        raise BadQueryFile(f"the sh:path of a parameter must be <{iri}#name>")
    name = _name(path[len(iri) + 1 :], "the name of a parameter")
    if name in RESERVED:
        raise BadQueryFile(f"no parameter may be called {name}")
    if (order := node.plain(SH + "order")) is None or not order.isdecimal():
        raise BadQueryFile(f"parameter {name}: sh:order must be a number")
    default = node.plain(SH + "defaultValue")
    choices = tuple(str(one.value if isinstance(one, Text) else one) for one in node.listed(SH + "in"))
    if default is not None and choices and default not in choices:
        raise BadQueryFile(f"parameter {name}: {default!r} is not one of its values")
    return int(order), Parameter(
        name,
        _datatype(node.plain(SH + "datatype"), f"parameter {name}"),
        node.texts(SH + "name"),
        node.texts(SH + "description"),
        choices,
        default,
        required=default is None and node.plain(SH + "optional") != "true",
    )


def _text(node: _Node) -> tuple[str, str]:
    found = [(form, text) for name, form in FORMS.items() if (text := node.plain(SH + name)) is not None]
    if len(found) != 1:
        raise BadQueryFile("it must have one of sh:select, sh:ask, sh:construct")
    form, text = found[0]
    try:
        actual = scan(text, LONGEST).form
    except Refused as error:
        raise BadQueryFile(f"sh:{form.lower()}: {error}") from error
    if actual != form:
        raise BadQueryFile(f"sh:{form.lower()} holds a {actual} query")
    return form, text.strip() + "\n"


def _query(name: str, described: Described, base: str) -> StoredQuery:
    iri = f"{base}q/{name}"
    if not NAME.fullmatch(name):
        raise BadQueryFile("its name must be written in a-z, 0-9 and -")
    if described.get(iri, {}).get(RDF_TYPE, []).count(Iri(SH + "SPARQLExecutable")) != 1:
        raise BadQueryFile(f"it must describe <q/{name}> as a sh:SPARQLExecutable")
    node = _Node(described, iri)
    if node.plain(SCHEMA + "target") != f"{base}sparql":
        raise BadQueryFile("its schema:target must be <sparql>")
    form, text = _text(node)
    schemas = node.nodes(CSVW + "tableSchema")
    listed = schemas[0].listed(CSVW + "column") if len(schemas) == 1 else []
    columns = tuple(_column(_Node(described, one)) for one in listed if isinstance(one, Iri))
    if (form != "CONSTRUCT") != bool(columns):
        raise BadQueryFile("a query that gives a table, and no other, must have csvw:tableSchema with its columns")
    if form == "ASK" and [column.datatype for column in columns] != ["boolean"]:
        raise BadQueryFile("a query that is answered by yes or no must have one column, an xsd:boolean")
    parameters = [one for _, one in sorted((_parameter(n, iri) for n in node.nodes(SH + "parameter")), key=_first)]
    for names in ([column.name for column in columns], [parameter.name for parameter in parameters]):
        if len(names) != len(set(names)):
            raise BadQueryFile(f"a name stands twice among {', '.join(names)}")
    keywords = sorted(value.value for value in node.all(SCHEMA + "keywords") if isinstance(value, Text))
    if not keywords:
        raise BadQueryFile("it must have schema:keywords")
    return StoredQuery(
        name,
        node.texts(RDFS + "label"),
        node.texts(RDFS + "comment"),
        tuple(keywords),
        form,
        text,
        columns,
        tuple(parameters),
        node.plain(MA + "figure"),
    )


def _first(pair: tuple[int, Parameter]) -> int:
    return pair[0]


def read_query(file: Path, base: str) -> StoredQuery:
    """The query of one file; ``base`` is the deployment's base address with a slash. Raises BadQueryFile."""
    try:
        return _query(file.stem, turtle.read(file, base), base)
    except BadQueryFile as error:
        raise BadQueryFile(f"{file}: {error}") from error
    except (ValueError, OSError) as error:
        raise BadQueryFile(str(error)) from error


def load_queries(folder: Path, base: str) -> dict[str, StoredQuery]:
    """All queries of a folder by name, in the order of the names. Raises BadQueryFile."""
    return {file.stem: read_query(file, base) for file in sorted(folder.glob("*.ttl"), key=lambda file: file.stem)}
