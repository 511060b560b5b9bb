"""Values of parameters: checked by type, told by name, and bound as terms whatever they hold."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import stored

from registry.graph.worker import Request, evaluate
from registry.web.stored import StoredQuery
from registry.web.stored_texts import parameters, snippets
from registry.web.stored_values import MAX_TEXT, BadValues, read_values

FORGED = [
    '" } UNION { ?s ?p ?o } #', "> . ?s ?p ?o #", "line\nbreak", "back\\slash", "\\u0022 } #", "'''", '"""',
    "?string", "<urn:a>", "{}", "\x00", "UNDEF", "x@en", '1"^^<http://www.w3.org/2001/XMLSchema#integer>',
]  # fmt: skip


@pytest.fixture(scope="module")
def each(tmp_path_factory: pytest.TempPathFactory) -> StoredQuery:
    return stored.of_each(tmp_path_factory.mktemp("stored"))


def answered(query: StoredQuery, store: ox.Store, pairs: list[tuple[str, str]]) -> list[dict[str, dict[str, str]]]:
    """The solutions that a worker finds with these values."""
    out = io.BytesIO()
    evaluate(
        store, Request(query.text, "application/sparql-results+json", bindings=read_values(query, pairs).bindings), out
    )
    found: list[dict[str, dict[str, str]]] = json.loads(out.getvalue())["results"]["bindings"]
    return found


def test_values_are_typed(each: StoredQuery) -> None:
    texts = {
        "string": "a b", "integer": "007", "decimal": "0.50", "boolean": "false", "date": "2026-03-01",
        "datetime": "2026-03-01T12:00:00+02:00", "anyuri": "https://a.example/é?x=1#y",
    }  # fmt: skip
    found = read_values(each, list(texts.items()))
    assert found.values == {
        "string": "a b", "integer": 7, "decimal": Decimal("0.50"), "boolean": False, "date": date(2026, 3, 1),
        "datetime": datetime(2026, 3, 1, 10, tzinfo=UTC), "anyuri": "https://a.example/é?x=1#y",
    }  # fmt: skip
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert found.bindings == (
        ("string", "a b", f"{xsd}string"), ("integer", "7", f"{xsd}integer"), ("decimal", "0.50", f"{xsd}decimal"),
        ("boolean", "false", f"{xsd}boolean"), ("date", "2026-03-01", f"{xsd}date"),
        ("datetime", "2026-03-01T10:00:00Z", f"{xsd}dateTime"), ("anyuri", "https://a.example/é?x=1#y", ""),
    )  # fmt: skip
    assert found.given == tuple(texts.items())


def test_an_empty_text_is_one_not_given_and_a_day_is_its_first_moment(each: StoredQuery) -> None:
    assert read_values(each, [("string", "")]).bindings == ()
    assert read_values(each, [("datetime", "2026-03-01")]).bindings[0][1] == "2026-03-01T00:00:00Z"
    assert read_values(each, [("datetime", "2026-03-01T10:00:00.5Z")]).bindings[0][1] == "2026-03-01T10:00:00.500000Z"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("integer", "1.5"), ("integer", ""), ("anyuri", ""), ("integer", "1e3"), ("integer", "٣"), ("integer", "1" * 19), ("integer", " 1"),
        ("decimal", "1,5"), ("decimal", "NaN"), ("decimal", "INF"), ("decimal", ".5"), ("boolean", "TRUE"),
        ("boolean", "yes"), ("date", "2026-02-30"), ("date", "20260301"), ("date", "2026-3-1"), ("date", "0000-01-01"),
        ("datetime", "2026-03-01 12:00"), ("datetime", "2026-03-01T25:00:00Z"), ("datetime", "0001-01-01T00:00:00+14:00"),
        ("anyuri", "a b"), ("anyuri", "relative/path"), ("anyuri", "http://a.example/<x>"), ("anyuri", 'http://a/"'),
        ("anyuri", "https://a.example/" + "a" * 2000), ("string", "x" * (MAX_TEXT + 1)),
    ],
)  # fmt: skip
def test_another_type_is_refused_by_name(each: StoredQuery, name: str, text: str) -> None:
    with pytest.raises(BadValues) as found:
        read_values(each, [(name, text)])
    assert [error[0] for error in found.value.errors] == [name] and str(found.value).startswith(f"{name}: must ")


def test_all_faults_are_told_at_once(each: StoredQuery) -> None:
    with pytest.raises(BadValues) as found:
        read_values(each, [("colour", "red"), ("string", "a"), ("string", "b"), ("integer", "x")])
    assert [name for name, _ in found.value.errors] == ["colour", "string", "integer"]


def test_values_from_a_list_defaults_and_what_must_be_given(tmp_path: Path) -> None:
    choices = stored.query(
        tmp_path,
        stored.file("q", {"a": "string"}, {"a": "string"}, more='sh:in ( "x" "y" ) ; sh:defaultValue "y"'),
        "q",
    )
    assert read_values(choices, []).values == {"a": "y"} and read_values(choices, []).given == ()
    assert read_values(choices, [("a", "x")]).values == {"a": "x"}
    with pytest.raises(BadValues, match="a: must be one of x, y"):
        read_values(choices, [("a", "z")])
    needed = stored.query(tmp_path, stored.file("r", {"a": "string"}, {"a": "string"}, more="sh:minLength 1"), "r")
    with pytest.raises(BadValues, match="a: must be given"):
        read_values(needed, [])


def store_of(values: list[str]) -> ox.Store:
    store = ox.Store()
    kinds = ("integer", "decimal", "boolean", "date", "datetime", "anyuri")
    for place, value in enumerate(values):
        thing = ox.NamedNode(f"urn:thing:{place}")
        for kind in kinds:
            store.add(ox.Quad(thing, ox.NamedNode(f"urn:{kind}"), ox.Literal("1")))
        store.add(ox.Quad(thing, ox.NamedNode("urn:string"), ox.Literal(value)))
    return store


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_value_is_only_ever_itself(each: StoredQuery, forged: str) -> None:
    store = store_of(["plain", forged])
    assert [row["string"]["value"] for row in answered(each, store, [("string", forged)])] == [forged]
    assert answered(each, store_of(["plain"]), [("string", forged)]) == []


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_any_value_is_only_ever_itself(each: StoredQuery, text: str) -> None:
    store = store_of(["plain", text])
    assert {row["string"]["value"] for row in answered(each, store, [("string", text)])} == {text}


@given(
    st.text(max_size=30), st.sampled_from(["integer", "decimal", "boolean", "date", "datetime", "anyuri", "string"])
)
def test_whatever_is_given_is_a_term_or_refused(each: StoredQuery, text: str, name: str) -> None:
    try:
        found = read_values(each, [(name, text)])
    except BadValues as error:
        assert [one for one, _ in error.errors] == [name]
        return
    for _, value, datatype in found.bindings:
        made = ox.Literal(value, datatype=ox.NamedNode(datatype)) if datatype else ox.NamedNode(value)
        assert made.value == value


@pytest.mark.parametrize("forged", [*FORGED, "#(lf)", 'x"),#(', "a&b=c", "é"])
def test_texts_to_copy_hold_no_value_that_could_end_them(each: StoredQuery, forged: str) -> None:
    chosen = (("string", forged),)
    asked = parameters(chosen)
    assert asked.startswith("?string=") and not set(asked[8:]) - set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%-_.~"
    )
    texts = {one.name: one.code for one in snippets(each, "https://registry.example/q/each", chosen)}
    assert list(texts) == ["Excel", "Power BI", "R", "Python", "Grafana"]
    for name in ("Excel", "R", "Python", "Grafana"):
        assert f'https://registry.example/q/each.{"csv" if name == "R" else "json"}{asked}"' in texts[name]
    # In M a quotation mark is doubled and "#(" begins an escape.
    written = texts["Power BI"].split("Query = [string = ")[1].split("]])")[0]
    inner = written[1:-1]
    assert inner.replace('""', "").count('"') == 0 and inner.replace('""', '"').replace("#(#)(", "#(") == forged
    compile(texts["Python"], "copied", "exec")
    columns = json.loads(texts["Grafana"])["columns"]
    assert [(one["selector"], one["type"]) for one in columns] == [
        ("string", "string"), ("integer", "number"), ("decimal", "number"), ("boolean", "boolean"),
        ("date", "timestamp"), ("datetime", "timestamp"), ("anyuri", "string"),
    ]  # fmt: skip
