"""The token scan before a query is parsed."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.graph.guard import Refused, Scan, glance, look_closely, scan

BODY = "{ ?s ?p ?o }"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://x.test/> { ?s ?p ?o } }",
        "SELECT * { service<http://x.test/>{ ?s ?p ?o } }",
        "SELECT * { SeRvIcE ?v { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://x.test/> { ?s ?p ?o } }",
        "SELECT * { SERVICESILENT <http://x.test/> { ?s ?p ?o } }",
        "PREFIX ex: <http://x.test/> SELECT * { SERVICEex:a { ?s ?p ?o } }",
        "PREFIX : <http://x.test/> SELECT * { SERVICE:a { ?s ?p ?o } }",
        "PREFIX : <http://x.test/> PREFIX service: <http://y.test/> SELECT * { service:a { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <http://x.test/> { ?s ?p ?o } } }",
        "SELECT * { { SELECT * { SERVICE <http://x.test/> { ?s ?p ?o } } } }",
        "SELECT * { OPTIONAL { SERVICE # a comment\n <http://x.test/> { ?s ?p ?o } } }",
        "SELECT * { ?s ?p trueSERVICE <http://x.test/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 1SERVICE <http://x.test/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 'x'SERVICE <http://x.test/> { ?s ?p ?o } }",
        "SELECT * { SER\\u0056ICE <http://x.test/> { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://x.test/> { ?s ?p ?o } }",
        "INSERT DATA { <http://a> <http://b> 1 }",
        "PREFIX ex: <http://x.test/>\nDELETE WHERE { ?s ?p ?o }",
        "load <http://x.test/>",
        "WITH <http://x.test/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "DROP ALL",
    ],
)
def test_what_is_forbidden_is_refused_in_any_spelling(query: str) -> None:
    with pytest.raises(Refused) as refused:
        scan(query)
    assert refused.value.reason == "forbidden"


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX service: <http://x.test/> SELECT * { ?s service:ok ?o }",
        "PREFIX ex: <http://x.test/> SELECT * { ?s ex:service ?o }",
        "SELECT * { ?service ?p ?o }",
        'SELECT * { ?s ?p "SERVICE <http://x.test/>" }',
        'SELECT * { ?s ?p """a "quote" SERVICE \\" x""" }',
        "SELECT * { ?s ?p 'it\\'s SERVICE' }",
        "SELECT * { ?s ?p ?o } # SERVICE <http://x.test/>",
        "SELECT * { ?s <http://x.test/SERVICE#SERVICE> ?o }",
        "# INSERT\nBASE <http://b.test/> PREFIX a: <x#> ASK { ?s a ?o . FILTER(?o < 5 && ?o > 3 || !(?o = 1)) }",
        "SELECT ?s { ?s ?p ?o FILTER(?o <?p) } ORDER BY DESC(?s) LIMIT 1",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p 1.5e3, .5, 'a'@en-GB, '2'^^<http://x.test/t>, _:b }",
        "DESCRIBE <http://x.test/a>",
    ],
)
def test_what_is_allowed_passes_and_the_engine_reads_it(query: str) -> None:
    assert scan(query).form in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
    ox.Store().query(query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{" * 20_000, "words and signs"),
        ("SELECT * " + "{" * 5000, "nested"),
        ("SELECT * { ?s ?p ?o FILTER" + "(" * 5000, "nested"),
        ("SELECT * {" + "OPTIONAL{" * 3000, "nested"),
        ("ASK { FILTER(" + "!" * 9000 + "true) }", "in a row"),
        ("ASK { FILTER(" + "+ " * 9000 + "1) }", "in a row"),
        ("ASK { ?s " + "/".join(["<a:b>"] * 1000) + " ?o }", "path"),
        ("ASK { FILTER(" + "||".join(["true"] * 3000) + ") }", "times"),
        ("ASK { " + "UNION".join(["{}"] * 3000) + " }", "times"),
        ("ASK { " + "?s ?p ?o . " * 5000 + "}", "words and signs"),
        ("ASK {} #" + "x" * 70_000, "longer"),
    ],
)
def test_what_breaks_parsers_is_refused_before_them(query: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        scan(query)


HOSTILE = (
    '"' * 60_000,
    "'''" + "''\\" * 20_000,
    "<" * 60_000,
    "a:" + "%" * 60_000,
    "\\u0041" * 9_000,
    "#" * 60_000,
    "?" * 60_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:4])
def test_the_scan_is_quick_on_hostile_text(text: str) -> None:
    start = time.perf_counter()
    with suppress(Refused):
        scan("SELECT * { ?s ?p " + text)
    assert time.perf_counter() - start < 1


def test_form_dataset_star_and_variables_are_found() -> None:
    found = scan("SELECT DISTINCT * FROM <http://g.test/> { ?s $p ?o . ?o ?q ?s BIND(NOW() AS ?n) }")
    assert (found.form, found.dataset, found.volatile) == ("SELECT", True, True)
    assert found.variables == ("s", "p", "o", "q", "n")
    assert scan("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").star == -1
    assert scan(f"SELECT ?s {BODY}").volatile is False


@pytest.mark.parametrize("query", ["", "PREFIX ex:", "HELLO ?s", "SELECT * { ?s ?p ` }", "PREFIX"])
def test_what_is_no_query_is_told_so(query: str) -> None:
    with pytest.raises(Refused) as refused:
        scan(query)
    assert refused.value.reason == "syntax"


PIECES = [
    "SELECT ", "select", "ASK", "CONSTRUCT ", "DESCRIBE", "DISTINCT", "REDUCED", " ", "\n", "#c\n", "*", "?x", "$y", "(", ")",
    "{", "}", "[", "PREFIX ", "BASE ", "a:", ":", "<http://x.test/a>", "<>", "FROM", "FROM NAMED", "NOW()", "SERVICE",
    "serv\u0131ce", "\\u0053ERVICE", "INSERT", "DROP", "'SERVICE'", '"x', "|", "/", "!", "+", "COUNT(*)", "AS", "`", "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", "SELECT ?x ", "PREFIX a: <b:> ASK "]))
@example(["SELECT ", "?x"], "")
@example(["PREFIX ", "a:", "<>", "SELECT ", "DISTINCT", "?x"], "")
@example(["SELECT ", "#c\n", "*"], "")
def test_a_glance_never_says_more_than_a_close_look(pieces: list[str], start: str) -> None:
    query = start + "".join(pieces)
    glanced = glance(query)
    if glanced is None:
        return
    try:
        closely = look_closely(query)
    except Refused as refused:
        assert refused.reason == "syntax"  # the engine says so too, with the place
        with pytest.raises(SyntaxError):
            ox.Store().query(query)
    else:
        assert glanced == replace(closely, variables=())


@pytest.mark.parametrize("sign", ["{", "(", "[", "!", "+", "-", "/", "|", "^"])
def test_a_glance_leaves_to_the_scan_what_might_be_too_much(sign: str) -> None:
    assert glance("ASK {} #") is not None
    assert glance("ASK " + sign * 101) is None


def test_an_ordinary_question_needs_a_glance_only() -> None:
    query = "# en: what?\nPREFIX schema: <http://schema.org/>\nSELECT ?r (COUNT(*) AS ?n) { ?r a schema:Course } GROUP BY ?r"
    assert glance(query) == Scan("SELECT", False, False, -1, ())
