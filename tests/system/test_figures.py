"""Figures of the demo, made by the whole way of the data: each table says what its text says on the graph."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from support.demo import ROOT, Demo

from registry import release
from registry.statistics.tables import read, tables
from registry.terms import XSD
from registry.web.stored import load_queries

QUERIES = {
    query.figure: query
    for query in load_queries(ROOT / "ontology" / "questions", "http://localhost:8000/").values()
    if query.figure is not None
}
READ = {XSD + "integer": int, XSD + "decimal": Decimal, XSD + "double": float}


def cell(term: object) -> object:
    if term is None:
        return None
    assert isinstance(term, ox.Literal | ox.NamedNode)
    return READ.get(term.datatype.value, str)(term.value) if isinstance(term, ox.Literal) else term.value


def standing(data: Path) -> release.Release:
    found = release.current(data)
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(tables()))
def test_a_table_of_the_demo_says_what_its_text_says(demo: Demo, name: str) -> None:
    made, query = standing(demo.data), QUERIES[name]
    columns = [column.name for column in query.columns]
    given = {one.name: one.default for one in query.parameters if one.default is not None and one.name in columns}
    store = ox.Store.read_only(str(made.graph))
    chosen = {ox.Variable(key): ox.Literal(value) for key, value in given.items()}
    found = store.query(query.text, use_default_graph_as_union=True, substitutions=chosen)
    assert isinstance(found, ox.QuerySolutions)
    wanted = [tuple(cell(row[column]) for column in columns) for row in found]
    assert wanted and read(made.figures, name, given) == (tuple(columns), wanted)
