"""Tables for dashboards: each equal to its own SPARQL text on the release's graph, however it came about."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from support import small_release as small
from support.figure_states import State, Words, changed, figures_of, graph_of, words_in

from registry.model import Change
from registry.statistics import axes, tables
from registry.statistics.reader import MatchQuery, matches, open_figures
from registry.statistics.tables import NoSuchTable, read
from registry.terms import XSD
from registry.web.stored import StoredQuery, load_queries

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = {
    name: query
    for name, query in load_queries(ROOT / "ontology/questions", small.BASE + "/").items()
    if query.figure is not None
}
INTEGER, DECIMAL, DOUBLE = (XSD + name for name in ("integer", "decimal", "double"))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    return words_in(tmp_path_factory.mktemp("ontology"))


def value(term: object) -> tables.Value:
    if term is None:
        return None
    assert isinstance(term, ox.Literal | ox.NamedNode)
    kind = term.datatype.value if isinstance(term, ox.Literal) else ""
    return {INTEGER: int, DECIMAL: Decimal, DOUBLE: float}.get(kind, str)(term.value)


def asked(store: ox.Store, query: StoredQuery) -> list[tuple[tables.Value, ...]]:
    found = store.query(query.text, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(value(row[column.name]) for column in query.columns) for row in found]


def asked_of(store: ox.Store, name: str, address: str) -> list[tuple[tables.Value, ...]]:
    """The answer of a text about one address."""
    query = QUESTIONS[name]
    bound = {ox.Variable("address"): ox.NamedNode(address)}
    found = store.query(query.text, use_default_graph_as_union=True, substitutions=bound)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(value(row[column.name]) for column in query.columns) for row in found]


@pytest.fixture(scope="module", params=range(2))
def history(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, words: Words
) -> Iterator[list[tuple[ox.Store, Path, Path]]]:
    """The graph, the figures carried forward and those made from nothing, time after time."""
    chance, state, made = random.Random(request.param), State(), list[tuple[ox.Store, Path, Path]]()
    folder = tmp_path_factory.mktemp("history")
    for step in range(6):
        old, state = state, changed(state, step, chance)
        anew = figures_of(state, folder / f"anew-{step}", words)
        before = (old, made[-1][1]) if made else None
        carried = figures_of(state, folder / f"carried-{step}", words, before)
        made.append((graph_of(state, folder / f"graph-{step}", words), carried, anew))
    yield made


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_table_is_equal_to_its_text(history: list[tuple[ox.Store, Path, Path]], name: str) -> None:
    query, rows = QUESTIONS[name], 0
    for store, carried, anew in history:
        wanted = asked(store, query)
        columns, found = read(carried, query.figure or "")
        assert columns == tuple(column.name for column in query.columns)
        assert found == wanted
        assert read(anew, query.figure or "") == (columns, found)
        rows += len(wanted)
    assert rows > 1


def test_what_is_chosen_is_a_part_of_the_whole(history: list[tuple[ox.Store, Path, Path]]) -> None:
    _, figures, _ = history[-1]
    for name, query in QUESTIONS.items():
        columns, rows = read(figures, name)
        for parameter in query.parameters:
            if parameter.name not in columns:
                continue
            place = columns.index(parameter.name)
            for chosen in {row[place] for row in rows} | {"none such"}:
                if chosen is not None:
                    assert read(figures, name, {parameter.name: chosen})[1] == [r for r in rows if r[place] == chosen]
    store, _, _ = history[-1]
    for moment in (
        datetime(2026, 4, 2, 10, tzinfo=UTC),
        datetime(2026, 5, 1, tzinfo=UTC),
        datetime(2030, 1, 1, tzinfo=UTC),
    ):
        text = QUESTIONS["new-or-changed"].text.replace(
            "?since, true", f'"{moment.isoformat()}"^^<{XSD}dateTime>, true'
        )
        found = store.query(text.replace("?title ?since", "?title"), use_default_graph_as_union=True)
        wanted = [tuple(value(row[name]) for name in ("academy", "id", "title")) for row in found]  # type: ignore[union-attr]
        assert read(figures, "new-or-changed", {"since": moment})[1] == wanted
        assert wanted or moment.year == 2030
    told = [
        asked_of(store, "same-course", address) for address in ("https://one.example/git", "https://none.example/")
    ]
    assert told[0] and not told[1]
    assert read(figures, "same-course", {"address": "https://one.example/git"})[1] == told[0]
    assert read(figures, "same-course", {"address": "https://none.example/"})[1] == []
    assert [row for row in read(figures, "reused-works")[1] if row[2] >= 2] == read(
        figures, "reused-works", {"least": 2}
    )[1]  # type: ignore[operator]


def test_all_that_groups_declares_its_table() -> None:
    known = tables.tables()
    assert set(QUESTIONS) == set(known)
    for name, query in QUESTIONS.items():
        assert query.figure == name and tuple(column.name for column in query.columns) == known[name].columns
        assert {one.name for one in query.parameters} <= set(known[name].parameters)
        decimals = {column.name for column in query.columns if column.datatype == "decimal"}
        assert known[name].decimals == decimals


def test_axes_are_what_the_resources_and_pairs_say(history: list[tuple[ox.Store, Path, Path]]) -> None:
    placed = 0
    for _, carried, anew in history:
        with open_figures(carried) as connection, open_figures(anew) as other:
            about: dict[str, dict[str, int]] = {}
            for iri, concept, stated in connection.execute("SELECT iri, concept, stated FROM covers").fetchall():
                about.setdefault(iri, {})[concept] = stated
            academy = dict(connection.execute("SELECT iri, academy FROM resource").fetchall())
            pairs = connection.execute(
                "SELECT left_iri, right_iri FROM match WHERE within = 0 AND status NOT IN ('rejected', 'discussed')"
                " AND relation <> 'different'"
            ).fetchall()
            for axis in axes.axes(connection):
                told = axes.coverage(connection, axis["id"], "southland")
                assert told is not None and told == axes.coverage(other, axis["id"], "southland")
                own = {iri: [one for one in about.get(iri, ()) if f"/{axis['id']}/" in one] for iri in academy}
                known = [iri for iri in academy if own[iri]]
                assert (axis["known"], axis["resources"]) == (len(known), len(academy))
                assert axis["stated"] == sum(any(about[iri][one] for one in own[iri]) for iri in known)
                here = [iri for iri in known if academy[iri] == "southland"]
                assert told["here_known"] == len(here)
                assert told["pairs_not_known"] == sum(not (own[left] and own[right]) for left, right in pairs)
                for step in told["items"]:
                    with_it = [iri for iri in known if step["id"] in own[iri]]
                    both = [pair for pair in pairs if {*pair} <= {*with_it}]
                    assert step["resources"] == len(with_it) and step["here"] == len({*with_it} & {*here})
                    assert step["stated"] == sum(about[iri][step["id"]] for iri in with_it)
                    assert step["academies"] == len({academy[iri] for iri in with_it})
                    assert step["pairs"] == len(both)
                    placed += len(both)
    assert placed


def test_what_is_gone_is_no_more_among_what_came_later(history: list[tuple[ox.Store, Path, Path]]) -> None:
    for _, *made in history:
        told = []
        for figures in made:
            with open_figures(figures) as connection:
                told.append([tuple(row) for row in connection.execute("SELECT * FROM renewed ORDER BY id")])
                lost = "SELECT count(*) FROM renewed WHERE id NOT IN (SELECT id FROM resource)"
                assert connection.execute(lost).fetchone()[0] == 0
        assert told[0] == told[1]
    assert told[0]


def test_pairs_are_counted_as_they_are(history: list[tuple[ox.Store, Path, Path]]) -> None:
    """What is kept up by relation and state says how many there are."""
    chosen = [((), ()), ((), ("rejected",)), (("copy", "overlap"), ()), (("copy",), ("accepted", "discussed"))]
    for _, carried, _ in history:
        with open_figures(carried) as connection:
            for relations, statuses in chosen:
                found, total, _ = matches(connection, MatchQuery(relations=relations, statuses=statuses, limit=1000))
                assert len(found) == total and (total or carried != history[-1][1])


def test_what_is_no_table_is_told(history: list[tuple[ox.Store, Path, Path]]) -> None:
    for name, given in (("none", {}), ("../figures", {}), ("overlap", {"least": 1})):
        with pytest.raises(NoSuchTable):
            read(history[0][1], name, given)


def test_none_found_is_not_not_known(words: Words, tmp_path: Path) -> None:
    """Five courses of northland: four in English say what they are about, of those in French only one in four does."""

    def course(number: int, language: str, about: bool) -> Change:
        given = (("about", small.concept("csa", "1.3")),) if about else ()
        graph = small.record(
            "north-oai", str(number), {"en": "x"}, languages=(language,) * bool(language), extra=given
        )
        return small.change(1, "north-oai", str(number), graph)

    told = [("en", True), ("en", True), ("en", False), ("en", True), ("fr", True), ("fr", False), ("fr", False)]
    state = State({str(n): course(n, *one) for n, one in enumerate(told)})
    figures = figures_of(state, tmp_path / "one", words)
    _, rows = read(figures, "coverage", {"scheme": "csa", "academy": "northland"})
    cells = {(row[1], row[3]): (row[5], row[7], row[8], row[11], row[12]) for row in rows}
    _, steps = read(figures, "coverage-by-term", {"scheme": "gsbpm"})
    terms = [str(row[1]) for row in steps]
    assert terms[:3] == ["ph-1", "sp-1.1", "sp-1.2"] and terms[-1] == "oa-quality", "what runs through all comes last"
    assert cells["1.3", "en"] == (3, 1, 0, Decimal("0.75"), "found")
    assert cells["1.3", "fr"] == (1, 2, 0, Decimal("0.3333"), "found")
    assert cells["2.6", "en"] == (0, 1, 0, Decimal("0.75"), "none found")
    assert cells["2.6", "fr"] == (0, 2, 0, Decimal("0.3333"), "not enough described")
    # Three that state no language may be in English as well: of six, three are known to be and say their subject.
    silent = {str(n): course(n, "", n == 20) for n in (20, 21)}
    _, rows = read(figures_of(State(state.records | silent), tmp_path / "two", words), "coverage", {"scheme": "csa"})
    cells = {(row[1], row[3], row[4]): row[5:] for row in rows}  # type: ignore[misc]
    assert cells["1.3", "en", "northland"] == (3, 0, 1, 1, 1, 4, Decimal("0.5"), "found")
    assert cells["2.6", "en", "northland"][-1] == "none found"
    # Of an academy without anything here nothing is known: it and the two that are not here at all are counted.
    assert cells["2.6", "en", "island"] == (0, 0, 0, 0, 0, 4, None, "not enough described")
