"""What users must be able to ask, with its answer on the demo: ``ontology/questions``.

The answers were worked out from the feeds (``examples/README.md``), not copied from what came out.
"""

from __future__ import annotations

import csv
import io
import re

import pytest
from rdflib.plugins.sparql import prepareQuery
from support.demo import ROOT, Demo

from registry.pipeline.query import ask
from registry.web.stored import StoredQuery, load_queries
from registry.web.stored_values import read_values

FOLDER = ROOT / "ontology" / "questions"
# Of an answer that is long, or moves with the days, a part stands in its file.
CHOSEN = {"coverage": [("academy", "unece"), ("language", "en")], "quality-history": [("measure", "completeness")]}
QUESTIONS = list(load_queries(FOLDER, "http://localhost:8000/").values())


def named(question: StoredQuery) -> str:
    return question.name


def asked(demo: Demo, query: str, bindings: tuple[tuple[str, str, str], ...] = ()) -> list[list[str]]:
    """The rows of the answer, its header first."""
    out = io.BytesIO()
    ask(demo.settings, query, "csv", out, bindings)
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


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_the_answer_is_the_one_that_the_feeds_give(demo: Demo, question: StoredQuery) -> None:
    wanted = expected(question)
    assert len(wanted) > 1, "an answer without a row shows nothing"
    rows = asked(demo, question.text, read_values(question, CHOSEN.get(question.name, [])).bindings)
    assert [dateless(row[: len(question.columns)]) for row in rows] == wanted


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
