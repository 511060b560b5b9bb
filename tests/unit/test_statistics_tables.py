"""Tables for dashboards: each equal to its own SPARQL text on the release's graph, however it came about."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from support import family_release as family
from support import small_release as small

from registry import vocabulary
from registry.graph import describe
from registry.graph.store import EmbeddedStore
from registry.graph.vocabulary import load_vocabulary
from registry.graph.works import WorkDelta
from registry.ledger.measurements import Measurement
from registry.model import Change, Match, Work
from registry.search.document import item, resource_id
from registry.statistics import tables
from registry.statistics.axes import Axes
from registry.statistics.build import Before, Measured, build
from registry.statistics.facts import Withdrawn
from registry.statistics.tables import NoSuchTable, read
from registry.terms import XSD, Iri, Literal, to_ntriples
from registry.web.stored import StoredQuery, load_queries

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = {
    name: query
    for name, query in load_queries(ROOT / "ontology/questions", small.BASE + "/").items()
    if query.figure is not None
}
SCHEMES = ("csa", "gsbpm", "gwg", "level", "licence", "match-status", "quality-metric", "resource-type")
LICENCES = {
    small.SPDX + "MIT": True,
    small.SPDX + "CC-BY-ND-4.0": False,
    small.concept("licence", "proprietary"): False,
}
KEYS = [(feed, f"k{number}") for feed in ("north-oai", "south-web", "south-list", "island-git") for number in range(4)]
INTEGER, DECIMAL, DOUBLE = (XSD + name for name in ("integer", "decimal", "double"))


@dataclass(frozen=True)
class Words:
    """Some of the lists: as graphs, and as axes."""

    graphs: dict[Iri, str]
    axes: Axes


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    folder = tmp_path_factory.mktemp("ontology")
    for name in ("ma", *SCHEMES):
        shutil.copy(ROOT / "ontology" / f"{name}.ttl", folder)
    schemes = vocabulary.of_role(vocabulary.schemes(folder, small.BASE), "subject")
    graphs = load_vocabulary(folder, ROOT / "shapes" / "none", small.IRIS)
    return Words(graphs, Axes(schemes, vocabulary.labels(folder, small.BASE)))


@dataclass
class State:
    """A whole registry at one time."""

    records: dict[str, Change] = field(default_factory=dict)
    gone: dict[str, Change] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    measured: list[tuple[str, Measurement]] = field(default_factory=list)


def record(chance: random.Random, feed: str, key: str, first: str) -> Change:
    concept = small.concept
    about = [
        concept("csa", "1"),
        concept("csa", "1.3"),
        concept("csa", "2.6"),
        concept("gsbpm", "sp-5.4"),
        concept("gwg", "1"),
        Literal("a word"),
    ]
    licences = [*map(Iri, LICENCES), Iri(small.SPDX + "Beerware"), Literal("free")]
    extra = [("about", one) for one in chance.sample(about, chance.choice([0, 0, 1, 1, 2, 3]))]
    extra += [("license", one) for one in chance.sample(licences, chance.choice([0, 1, 1, 2]))]
    extra += [("educationalLevel", concept("level", "basic"))] * chance.randrange(2)
    extra += [("isPartOf", small.IRIS.resource("north-oai", "k0"))] * chance.randrange(2)
    graph = small.record(
        feed,
        key,
        {chance.choice("en fr".split()): chance.choice(["Git", "Émigrés", "Sampling"])},
        languages=chance.choice([(), ("en",), ("en",), ("fr-CA", "EN"), ("es", "fr")]),
        extra=tuple(extra),
    )
    resource = small.IRIS.resource(feed, key)
    inferred = [(resource, Iri("http://schema.org/about"), concept("csa", "3"))] * (chance.random() < 0.2)
    made = small.change(1, feed, key, graph)
    return replace(made, inferred=to_ntriples(inferred), first=first)


def changed(old: State, step: int, chance: random.Random) -> State:
    """What a time brings: records come, change, go and come back, people decide, works are put together anew."""
    new = replace(old, records=dict(old.records), gone=dict(old.gone), matches=dict(old.matches))
    time = f"2026-{step + 3:02d}-02T10:00:00Z"
    for feed, key in chance.sample(KEYS, 4 if step else len(KEYS) - 2):
        before = new.records.get(key_of := str(small.IRIS.record(feed, key))) or new.gone.get(key_of)
        if key_of in new.records and chance.random() < 0.4:
            del new.records[key_of]
            new.gone[key_of] = Change(
                1, time, "tombstone", key_of, "source", feed, key, first=before.first if before else time
            )
        else:
            new.gone.pop(key_of, None)
            new.records[key_of] = record(chance, feed, key, before.first if before else time)
    here = sorted(small.IRIS.resource(one.feed, one.key) for one in new.records.values())
    new.matches = {name: one for name, one in new.matches.items() if {one.left, one.right} <= set(here)}
    for _ in range(3 if step else 25):
        left, right = sorted(chance.sample(here, 2))
        relation = chance.choice(["translation", "version", "derivative", "part", "copy", "overlap", "different"])
        directed = relation in ("translation", "version", "derivative", "part")
        source = chance.choice([left, right, ""]) if directed else ""
        status = chance.choice(["candidate", "accepted", "candidate", "rejected", "discussed"])
        new.matches[small.IRIS.match(left, right)] = Match(
            left, right, relation, chance.choice([0.6, 0.85]), status, "R", "CompositeMatching", (), source=source
        )  # type: ignore[arg-type]
    groups: dict[str, list[str]] = {}
    for iri in here:
        groups.setdefault(chance.choice("abcd") if chance.random() < 0.5 else "", []).append(iri)
    whole = {name: members for name, members in groups.items() if name and len(members) > 1}
    new.works = {name: Work(name, "work", tuple(members)) for name, members in whole.items()}
    new.measured = [
        (
            "northland",
            Measurement(
                "north-oai", f"{small.BASE}/id/run/north-oai/{month}", metric, share, f"2026-{month}-09T00:00:00Z"
            ),
        )
        for month in ("01", "02")[:step]
        for metric, share in (("completeness", chance.random()), ("freshness-days", chance.choice([0.0, 812.5])))
    ]
    return new


def graph_of(state: State, folder: Path, words: Words) -> ox.Store:
    store = EmbeddedStore(folder, small.IRIS, "r", small.FEEDS)
    store.bulk(
        [*state.records.values(), *state.gone.values()],
        state.matches.values(),
        WorkDelta(list(state.works.values()), complete=True),
    )
    store.replace(
        {
            **words.graphs,
            **describe.academies(family.ACADEMIES, small.IRIS, small.KNOWN),
            **describe.licences(LICENCES, small.IRIS),
            **describe.quality(state.measured, small.IRIS),
        }
    )
    return store.store


def figures_of(state: State, target: Path, words: Words, before: tuple[State, Path] | None = None) -> Path:
    """The figures from nothing, or carried forward from a state and its figures."""
    old = before[0] if before else State()
    earlier = None
    if before is not None:
        earlier = Before(
            before[1],
            [resource_id(one.feed, one.key) for name, one in old.records.items() if name not in state.records],
            [name.rsplit("/", 1)[-1] for name in old.matches if name not in state.matches],
            [name for name in old.works if name not in state.works],
        )

    def new(now: dict[str, Any], then: dict[str, Any]) -> list[Any]:
        return [one for name, one in now.items() if then.get(name) != one]

    build(
        target,
        resources=[item(one, words.axes.labels, small.FEEDS[one.feed]) for one in new(state.records, old.records)],
        matches=new(state.matches, old.matches),
        works=new(state.works, old.works),
        withdrawn=[
            Withdrawn(resource_id(one.feed, one.key), small.FEEDS[one.feed], one.first, one.time)
            for one in new(state.gone, old.gone)
        ],
        quality=[Measured(of, one.feed, one.metric, one.time, one.value) for of, one in state.measured],
        academies=family.ACADEMIES, known=small.KNOWN, runs=[], sequence=1, iris=small.IRIS, axes=words.axes,
        licences=LICENCES, before=earlier,
    )  # fmt: skip
    return target


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


@pytest.fixture(scope="module", params=range(2))
def history(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, words: Words
) -> Iterator[list[tuple[ox.Store, Path, Path]]]:
    """The graph, the figures carried forward and those made from nothing, time after time."""
    chance, state, made = random.Random(request.param), State(), list[tuple[ox.Store, Path, Path]]()
    folder = tmp_path_factory.mktemp("history")
    for step in range(4):
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
    assert [row for row in read(figures, "reused-works")[1] if row[2] >= 2] == read(
        figures, "reused-works", {"least": 2}
    )[1]  # type: ignore[operator]


def test_all_that_groups_declares_its_table() -> None:
    known = tables.tables()
    assert set(QUESTIONS) == set(known)
    for name, query in QUESTIONS.items():
        assert query.figure == name and tuple(column.name for column in query.columns) == known[name].columns
        assert {one.name for one in query.parameters} == set(known[name].parameters)
        decimals = {column.name for column in query.columns if column.datatype == "decimal"}
        assert known[name].decimals == decimals - {"confidence"}


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
    _, rows = read(figures_of(state, tmp_path / "one", words), "coverage", {"scheme": "csa", "academy": "northland"})
    cells = {(row[1], row[3]): (row[5], row[7], row[8], row[11], row[12]) for row in rows}
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
