"""The W3C's SPARQL 1.1 suites for queries and results, through the public endpoint on the embedded store.

Every test goes over HTTP to query workers on a store of the suite's data. What the engine itself gets wrong is
listed with its reason in ``w3c_known.tsv``; a listed test that passes, here or in the engine, fails the suite, so
that the list cannot grow stale. Not here: updates (refused, see test_sparql_protocol_suite.py) and entailment
regimes (none is claimed).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from registry.settings import Settings
from tests.support import w3c
from tests.support.sparql_server import serving

COUNTS = {
    "aggregates": 47, "bind": 10, "bindings": 11, "cast": 6, "construct": 7, "exists": 6, "functions": 75,
    "grouping": 6, "negation": 12, "project-expression": 7, "property-path": 33, "subquery": 14,
}  # fmt: skip
Told = Callable[[str, object], None]


def known() -> dict[str, str]:
    with Path(__file__).with_name("w3c_known.tsv").open(encoding="utf-8", newline="") as file:
        return {row["test"]: row["reason"] for row in csv.DictReader(file, delimiter="\t")}


@pytest.fixture(scope="module")
def endpoint(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The endpoint on one store that holds the data of all tests, each file as a graph of its own."""
    folder = tmp_path_factory.mktemp("w3c") / "graph"
    store = ox.Store(str(folder))
    every = [test for name in (*COUNTS, "csv-tsv-res", "json-res") for test in w3c.tests(shared, name)]
    w3c.load(shared, store, sorted({address for test in every for address in (*test.data, *test.named)}))
    store.flush()
    del store
    settings = Settings(query_workers=2, query_deadline=10)
    with serving(folder, settings) as made, httpx.Client(base_url=made.url, trust_env=False, timeout=20) as client:
        yield client


def ask(endpoint: httpx.Client, test: w3c.Test, accept: str) -> httpx.Response:
    return endpoint.get("", params={"query": test.text, **test.dataset}, headers={"Accept": accept})


def passes(endpoint: httpx.Client, test: w3c.Test) -> str:
    """ "" when every format that loses nothing gives what the test expects, else what is wrong."""
    if test.kind == "NegativeSyntaxTest11":
        status = ask(endpoint, test, "*/*").status_code
        return "" if status == 400 else f"status {status} for what is no query"
    assert test.kind == "QueryEvaluationTest" and test.result is not None, test
    probe = ask(endpoint, test, "*/*")
    if probe.status_code != 200:
        return f"status {probe.status_code}: {probe.text[:200]}"
    graph = probe.headers["content-type"].startswith("text/turtle")
    wanted = w3c.expected(test.result, "graph" if graph else "rows")
    # Tab-separated values have no form for an answer of yes or no.
    kinds = w3c.GRAPHS if graph else {"json", "xml"} if isinstance(wanted, bool) else w3c.RESULTS
    for kind in kinds:
        media_type = (w3c.GRAPHS if graph else w3c.RESULTS)[kind][0]
        answer = ask(endpoint, test, media_type)
        if answer.status_code != 200 or not answer.headers["content-type"].startswith(media_type):
            return f"{kind}: status {answer.status_code}, {answer.headers['content-type']}"
        if w3c.parsed(kind, answer.content) != wanted:
            return f"{kind}: another answer"
    return ""


def native_passes(shared: Path, test: w3c.Test) -> bool:
    """Whether the engine itself, in this process, gives what the test expects."""
    if test.result is None:
        with pytest.raises(SyntaxError):
            w3c.native(shared, test)
        return True
    answer = w3c.native(shared, test)
    return answer == w3c.expected(test.result, "graph" if isinstance(answer, frozenset) else "rows")


@pytest.mark.parametrize("folder", COUNTS)
def test_query_evaluation(shared: Path, endpoint: httpx.Client, folder: str, record_property: Told) -> None:
    found = w3c.tests(shared, folder)
    wrong = {test.name: why for test in found if (why := passes(endpoint, test))}
    excused = {name for name in known() if name.startswith(f"{folder}/")}
    record_property("suite", {"name": f"SPARQL 1.1 {folder}", "passed": len(found) - len(wrong), "of": len(found)})
    assert set(wrong) == excused, {name: why for name, why in wrong.items() if name not in excused}
    assert {test.name for test in found if not native_passes(shared, test)} == excused
    assert len(found) == COUNTS[folder]


def test_what_is_excused_is_there() -> None:
    assert all(reason for reason in known().values())
    assert {name.partition("/")[0] for name in known()} <= {*COUNTS, "syntax-query"}


def test_query_syntax(shared: Path, endpoint: httpx.Client, record_property: Told) -> None:
    """What is SPARQL is evaluated, what is none is refused with 400."""
    found = w3c.tests(shared, "syntax-query")
    wrong = {}
    for test in found:
        answer = ask(endpoint, test, "*/*")
        if answer.status_code != {"PositiveSyntaxTest11": 200, "NegativeSyntaxTest11": 400}[test.kind]:
            wrong[test.name] = f"{answer.status_code} {answer.text[:200]}"
    record_property("suite", {"name": "SPARQL 1.1 syntax-query", "passed": len(found) - len(wrong), "of": len(found)})
    assert set(wrong) == {name for name in known() if name.startswith("syntax-query/")}, wrong
    assert len(found) == 94


@pytest.mark.parametrize(("folder", "count"), [("syntax-fed", 3), ("service", 7)])
def test_federated_queries_are_refused(
    shared: Path, endpoint: httpx.Client, folder: str, count: int, record_property: Told
) -> None:
    found = w3c.tests(shared, folder)
    answers = {test.name: ask(endpoint, test, "*/*") for test in found}
    refused = [name for name, answer in answers.items() if answer.status_code == 403]
    record_property("suite", {"name": f"SPARQL 1.1 {folder}: refused", "passed": len(refused), "of": len(found)})
    assert len(refused) == len(found) == count
    assert all("SERVICE" in answer.json()["detail"] for answer in answers.values())


def test_json_results(shared: Path, endpoint: httpx.Client, record_property: Told) -> None:
    """Down to the keys of the document, which an answer in another syntax could hide."""
    found = w3c.tests(shared, "json-res")
    wrong = []
    for test in found:
        answer = ask(endpoint, test, "application/sparql-results+json")
        assert test.result is not None
        if w3c.parsed("json", answer.content) != w3c.expected(test.result, "rows"):
            wrong.append(test.name)
        wanted = ["s", "p", "o"] if "results" in answer.json() else None
        assert answer.json()["head"].get("vars", [])[:3] == (wanted or [])
    record_property("suite", {"name": "SPARQL 1.1 json-res", "passed": len(found) - len(wrong), "of": len(found)})
    assert wrong == []
    assert len(found) == 4


def test_csv_and_tsv_results(shared: Path, endpoint: httpx.Client, record_property: Told) -> None:
    """Columns in the order of the query, rows as they are expected; numbers by value, as stores keep them."""
    found = w3c.tests(shared, "csv-tsv-res")
    wrong = []
    for test in found:
        assert test.result is not None
        kind = test.result.suffix[1:]
        answer = ask(endpoint, test, {"csv": "text/csv", "tsv": "text/tab-separated-values"}[kind])
        body, wanted = answer.content, test.result.read_bytes()
        if kind == "csv":
            same = w3c.table(body) == w3c.table(wanted)
        else:
            same = w3c.parsed("tsv", body) == w3c.parsed("tsv", wanted)
            same = same and body.partition(b"\n")[0] == wanted.partition(b"\n")[0]
        if not same:
            wrong.append(test.name)
    record_property("suite", {"name": "SPARQL 1.1 csv-tsv-res", "passed": len(found) - len(wrong), "of": len(found)})
    assert wrong == []
    assert len(found) == 6
