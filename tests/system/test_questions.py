"""What users must be able to ask, with its answer on the demo: ``ontology/questions``.

The answers were worked out from the feeds (``examples/README.md``), not copied from what came out.
"""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import Variable
from rdflib.plugins.sparql import prepareQuery
from support.demo import ROOT, Demo

from registry import release
from registry.graph.worker import Request, evaluate
from registry.web.stored import StoredQuery, load_queries
from registry.web.stored_values import read_values

FOLDER = ROOT / "ontology" / "questions"
# Of an answer that is long, or moves with the days, a part stands in its file.
CHOSEN = {"coverage": [("academy", "unece"), ("language", "en")], "quality-history": [("measure", "completeness")]}
QUESTIONS = list(load_queries(FOLDER, "http://localhost:8000/").values())

BY_NAME = {question.name: question for question in QUESTIONS}


def named(question: StoredQuery) -> str:
    return question.name


@lru_cache(maxsize=1)
def opened(graph: Path) -> ox.Store:
    """The graph of the demo's release."""
    return ox.Store.read_only(str(graph))


def asked(demo: Demo, query: str, bindings: tuple[tuple[str, str, str], ...] = ()) -> list[list[str]]:
    """The rows of the answer, its header first, evaluated as a query worker does."""
    current = release.current(demo.data)
    assert current is not None
    out = io.BytesIO()
    evaluate(opened(current.graph), Request(query, "text/csv", bindings=bindings), out)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8"), newline="")))


def expected(question: StoredQuery) -> list[list[str]]:
    return list(csv.reader(io.StringIO((FOLDER / f"{question.name}.csv").read_text("utf-8"), newline="")))


def dateless(row: list[str]) -> list[str]:
    """A row without the month in which the demo was made, and without the id that a course got then."""
    plain = ["(month)" if re.fullmatch(r"20\d\d-\d\d", cell) else cell for cell in row]
    return [re.sub(r"/id/work/w[0-9a-z]+$", "/id/work/(id)", cell) for cell in plain]


def pattern(query: str) -> tuple[str, str]:
    """(prefixes, the body of the outermost WHERE)."""
    plain = "\n".join(line for line in query.splitlines() if not line.startswith("#"))
    start = plain.index("{", plain.index("WHERE"))
    depth = 0
    for place, mark in enumerate(plain[start:], start):
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth == 0:
            return plain[: plain.index("SELECT")], plain[start : place + 1]
    raise AssertionError("the pattern does not end")


def test_there_are_questions_and_each_has_its_answer() -> None:
    assert len(QUESTIONS) >= 15 and not list(FOLDER.glob("*.rq"))
    assert {file.stem for file in FOLDER.glob("*.csv")} == {question.name for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_a_question_is_asked_in_three_languages_and_travels(question: StoredQuery) -> None:
    assert all(text.endswith("?") for text in question.title.values())
    assert not re.search(r"SELECT\s+(DISTINCT\s+)?\*", question.text), "columns have names"
    assert re.search(r"\nORDER BY .+\n$", question.text), "an answer has an order"
    assert "localhost" not in question.text and "127.0.0.1" not in question.text, "it holds on any deployment"


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_a_text_selects_its_columns_in_order_then_other_parameters(question: StoredQuery) -> None:
    selected = [str(name) for name in prepareQuery(question.text).algebra.PV]
    columns = [column.name for column in question.columns]
    others = [parameter.name for parameter in question.parameters if parameter.name not in columns]
    assert selected == columns + others


def certain(node: Any) -> set[str]:
    """The variables that have a value in every solution of a pattern (SPARQL 1.1 algebra, as rdflib has it)."""
    kind = node.name
    if kind == "BGP":
        return {str(term) for triple in node.triples for term in triple if isinstance(term, Variable)}
    if kind == "Join":
        return certain(node.p1) | certain(node.p2)
    if kind == "Union":
        return certain(node.p1) & certain(node.p2)
    if kind in ("LeftJoin", "Minus"):
        return certain(node.p1)
    if kind == "Extend":
        found = certain(node.p)
        free = isinstance(node.expr, Variable) and str(node.expr) not in found
        return found if free else found | {str(node.var)}
    if kind == "values":
        return {str(name) for name in node.res[0]}
    if kind == "Project":
        return certain(node.p) & {str(name) for name in node.PV}
    if kind == "AggregateJoin":
        found = certain(node.p)
        keys = {str(one.res): str(one.vars) for one in node.A if one.name == "Aggregate_Sample"}
        return {str(one.res) for one in node.A} - {key for key, name in keys.items() if name not in found}
    return certain(node.p)


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.figure is None], ids=named)
def test_what_a_parameter_narrows_has_a_value_in_every_row(question: StoredQuery) -> None:
    """A term bound to what OPTIONAL leaves free would join with it, and keep rows that do not have the value."""
    columns = {column.name for column in question.columns}
    narrowed = {parameter.name for parameter in question.parameters} & columns
    assert narrowed <= certain(prepareQuery(question.text).algebra)


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_the_answer_is_the_one_that_the_feeds_give(demo: Demo, question: StoredQuery) -> None:
    wanted = expected(question)
    assert len(wanted) > 1, "an answer without a row shows nothing"
    rows = asked(demo, question.text, read_values(question, CHOSEN.get(question.name, [])).bindings)
    assert [dateless(row[: len(question.columns)]) for row in rows] == wanted


def test_the_command_line_asks_a_file_with_its_defaults(demo: Demo) -> None:
    done = demo.run("query", "--format", "csv", "@ontology/questions/same-course.ttl")
    assert done.returncode == 0, done.stderr
    heading, *rows = csv.reader(io.StringIO(done.stdout, newline=""))
    assert heading == ["relation", "academy", "title", "status", "address", "by"]
    assert {row[5] for row in rows} == {"carpentries"} and len(rows) == len(expected(BY_NAME["same-course"])) - 1
    assert demo.run("query", "@docs/absent.ttl").returncode == 2


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_no_solution_comes_twice_from_a_statement_that_stands_twice(demo: Demo, question: StoredQuery) -> None:
    prefixes, body = pattern(question.text)
    (_, all_), (_, once) = (
        asked(demo, f"{prefixes} SELECT (COUNT(*) AS ?n) WHERE {inner}")
        for inner in (body, f"{{ SELECT DISTINCT * WHERE {body} }}")
    )
    assert int(all_[0]) == int(once[0]) > 0


def test_no_statement_stands_in_two_graphs(demo: Demo) -> None:
    twice = (
        "SELECT ?s ?p ?o (COUNT(?g) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?s ?p ?o HAVING (COUNT(?g) > 1)"
    )
    assert asked(demo, twice)[1:] == []
    counts = [
        asked(demo, f"SELECT (COUNT(*) AS ?n) WHERE {inner}")[1]
        for inner in ("{ ?s ?p ?o }", "{ GRAPH ?g { ?s ?p ?o } }", "{ SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }")
    ]
    assert counts[0] == counts[1] == counts[2]
