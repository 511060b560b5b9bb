"""What users must be able to ask, with its answer on the demo: ``ontology/questions``.

The answers were worked out from the feeds (``examples/README.md``), not copied from what came out.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from support.demo import ROOT, Demo

from registry.pipeline.query import ask

QUESTIONS = sorted((ROOT / "ontology" / "questions").glob("*.rq"))


def asked(demo: Demo, query: str) -> list[list[str]]:
    """The rows of the answer, its header first."""
    out = io.BytesIO()
    ask(demo.settings, query, "csv", out)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8"), newline="")))


def expected(question: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(question.with_suffix(".csv").read_text("utf-8"), newline="")))


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
    answers = {file.stem for file in (ROOT / "ontology" / "questions").glob("*.csv")}
    assert len(QUESTIONS) >= 15
    assert answers == {file.stem for file in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda file: file.stem)
def test_a_question_is_asked_in_three_languages_and_travels(question: Path) -> None:
    query = question.read_text("utf-8")
    heads = [re.match(r"# (en|fr|es): (.+\?)$", line) for line in query.splitlines()[:3]]
    assert [head and head[1] for head in heads] == ["en", "fr", "es"]
    assert not re.search(r"SELECT\s+(DISTINCT\s+)?\*", query), "columns have names"
    assert re.search(r"\nORDER BY .+\n$", query), "an answer has an order"
    assert "localhost" not in query and "127.0.0.1" not in query, "a question holds on any deployment"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda file: file.stem)
def test_the_answer_is_the_one_that_the_feeds_give(demo: Demo, question: Path) -> None:
    wanted = expected(question)
    assert len(wanted) > 1, "an answer without a row shows nothing"
    assert asked(demo, question.read_text("utf-8")) == wanted


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda file: file.stem)
def test_no_solution_comes_twice_from_a_statement_that_stands_twice(demo: Demo, question: Path) -> None:
    prefixes, body = pattern(question.read_text("utf-8"))
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
