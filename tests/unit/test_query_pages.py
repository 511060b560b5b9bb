"""An answer as the editor's page shows it: values as text, cut to what can be read, whole in the files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.web.query_pages import GRAPH, RESULTS, SHOWN, QueryPages, read

VALUE = st.fixed_dictionaries({"type": st.sampled_from(["uri", "literal"]), "value": st.text(max_size=20)})


@given(st.lists(st.fixed_dictionaries({}, optional={"a": VALUE, "b": VALUE}), max_size=SHOWN + 5))
def test_rows_are_those_of_the_results_in_the_order_of_the_query(rows: list[dict[str, dict[str, str]]]) -> None:
    found = read(json.dumps({"head": {"vars": ["b", "a"]}, "results": {"bindings": rows}}).encode(), RESULTS)
    assert found.columns == ("b", "a") and found.total == len(rows)
    assert [list(row) for row in found.rows] == [[row.get("b", {}), row.get("a", {})] for row in rows[:SHOWN]]


def test_yes_no_and_graphs() -> None:
    assert read(b'{"head":{},"boolean":false}', RESULTS).truth is False
    graph = read("".join(f"<a> <b> {n} .\n" for n in range(SHOWN + 1)).encode(), GRAPH)
    assert len(graph.lines) == SHOWN and graph.total == SHOWN + 1


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
        ("text/html", True),
        ("", False),
        ("*/*", False),
        ("application/sparql-results+json, text/html;q=0.5", False),
        ("text/csv", False),
    ],
)
def test_only_who_prefers_a_page_gets_one(accept: str, page: bool) -> None:
    assert QueryPages.wanted(None, accept) is page  # type: ignore[arg-type]
