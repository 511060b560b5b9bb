from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from support import family_release as family
from support import full_entry as full
from support import small_release as small

from registry.model import Change
from registry.search import index as search
from registry.search.filters import SPANS, minutes, moment, spans, terms
from registry.search.reader import Reader, ResourceQuery
from registry.settings import Settings
from registry.statistics import build as figures_build
from registry.statistics import reader as figures
from registry.web.app import create_app
from registry.web.views import KEYS

FULL = "north-oai/full"


def _changes() -> list[Change]:
    return [*small.changes(), full.entry(6)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    small.build(data, all_changes=_changes(), all_matches=small.matches())
    return data


@pytest.fixture(scope="module")
def reader(data: Path) -> Reader:
    return Reader(data / "search")


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(data=data), messages=small.MESSAGES, base=small.BASE)) as found:
        yield found


@pytest.mark.parametrize(
    "query",
    [
        "author=https://orcid.org/0000-0002-1825-0097", "author=ada%20OBERG&author=none&code=TS 101", "author=group of authors",
        "publisher=bureau nord", "publisher=http://localhost:8000/id/agent/northland&code=ts 101",
        "contributor=Tom Tell", "contributor=Ada Öberg", "teaches=decompose a series",
        "teaches=http://data.europa.eu/esco/skill/1", "requires=algebra", "status=work-status/active", "status=active",
        "event_status=EventCancelled&country=FRA", "country=fra", "place=saint-etienne", "format=application/pdf", "format=application",
        "identifier=10.1234/ABC", "identifier=https://doi.org/10.1234/abc", "identifier=ts-1",
        "identifier=https://other.example/ts", "identifier=http://localhost:8000/id/resource/north-oai/full",
        "code=TS 101", "currency=eur", "part_of=https://north.example/programme", "has_part=https://north.example/ts/1",
        "based_on=http://localhost:8000/id/resource/south-web/git-intro", "based_on=An old book",
        "translation_of=https://elsewhere.example/ts", "version_of=https://north.example/ts-old",
        "has=encoding", "has=numberOfCredits&lacks=corrections", "published_from=2024&published_to=2024",
        "start_from=2026-05-04&start_to=2026-05-04&code=TS 101", "start_from=2027", "minutes_from=1560&minutes_to=1560",
        "added_to=2026-02-28", "language=pt-br", "language=pt",
    ],
)  # fmt: skip
def test_every_filter_finds_the_entry_that_it_is_of(client: TestClient, query: str) -> None:
    found = client.get(f"/api/resources?{query}")
    assert found.status_code == 200, found.text
    assert [item["id"] for item in found.json()["items"]] == [FULL]


@pytest.mark.parametrize(
    "query",
    ["author=Ada", "country=DEU", "format=video", "start_from=2026-05-05&start_to=2026-12-31&code=TS 101",
     "minutes_from=1561", "lacks=encoding&code=TS 101", "published_from=2025&code=TS 101", "keyword=TS"],
)  # fmt: skip
def test_and_not_another(client: TestClient, query: str) -> None:
    assert client.get(f"/api/resources?{query}").json()["total"] == 0


def test_some_keys_of_resources(client: TestClient) -> None:
    found = client.get("/api/resources?fields=name,inLanguage&fields=id&code=TS 101").json()["items"]
    assert found == [{"name": {"en": "Time series", "und": "ZR"}, "inLanguage": ["en", "pt-BR"], "id": FULL}]
    assert client.get(f"/api/resources/{FULL}?fields=page").json() == {"page": f"http://testserver/resource/{FULL}"}
    alike = client.get("/api/resources/north-oai/git-1?fields=alike,matches").json()
    assert len(alike["alike"]) == alike["matches"] == 2 and set(alike) == {"alike", "matches"}
    answer = client.get("/api/resources?fields=id,colour")
    assert answer.status_code == 400 and "colour" in answer.json()["detail"]


def test_the_keys_that_may_be_asked_for_are_those_that_resources_have(client: TestClient) -> None:
    for item in client.get("/api/resources").json()["items"]:
        assert set(item) == set(KEYS)


def test_every_value_of_an_entry_finds_it(reader: Reader) -> None:
    checked = 0
    for document in reader.all():
        for found_by in terms(document):
            name, _, value = found_by.partition("=")
            page = reader.search(ResourceQuery(filters={name: (value,)}, limit=100))
            assert document["id"] in {item["id"] for item in page.items}, found_by
            checked += 1
    assert checked > 200


def test_what_has_and_what_lacks_a_key_part_all(reader: Reader) -> None:
    every = {document["id"]: document for document in reader.all()}
    for key in KEYS:
        has = {item["id"] for item in reader.search(ResourceQuery(filters={"has": (key,)}, limit=100)).items}
        lacks = {item["id"] for item in reader.search(ResourceQuery(lacks=(key,), limit=100)).items}
        assert has | lacks == set(every) and not has & lacks
        if key in next(iter(every.values())) and key != "linkOnly":
            assert has == {name for name, document in every.items() if document[key] not in (None, "", [], {})}, key


_DAYS = st.dates().map(str) | st.sampled_from(["2023", "2024", "2025-04", "2026-05-04", "2026-03-01"])


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from([name for name in SPANS if name != "minutes"]), least=_DAYS, most=st.none() | _DAYS)
def test_a_span_finds_what_lies_in_it(reader: Reader, name: str, least: str, most: str | None) -> None:
    low, high = moment(least), None if most is None else moment(most, end=True)
    found = {item["id"] for item in reader.search(ResourceQuery(spans={name: (low, high)}, limit=100)).items}
    expected = {
        document["id"]
        for document in reader.all()
        if any(kind == name and low <= n and (high is None or n <= high) for kind, n in spans(document))  # type: ignore[operator]
    }
    assert found == expected


@pytest.mark.parametrize(
    ("given_", "number", "end"),
    [("2024", 20240000000000, 20249999999999), ("2024-02", 20240200000000, 20240299999999),
     ("2024-02-03", 20240203000000, 20240203999999), ("2024-02-03T04:05:06.7+02:00", 20240203040506, 20240203040506),
     ("2024-02-03T04:05", 20240203040500, 20240203040599), ("yesterday", None, None), ("", None, None)],
)  # fmt: skip
def test_moments(given_: str, number: int | None, end: int | None) -> None:
    assert (moment(given_), moment(given_, end=True)) == (number, end)


@pytest.mark.parametrize(
    ("given_", "number"),
    [("PT6H", 360), ("P1DT2H", 1560), ("P2W", 20160), ("PT90S", 2), ("P1Y", 525600), ("P", None), ("PT", None), ("6 h", None)],
)  # fmt: skip
def test_minutes(given_: str, number: int | None) -> None:
    assert minutes(given_) == number


def test_sessions_are_sorted_by_their_first_day(client: TestClient) -> None:
    found = client.get("/api/resources?sort=start&fields=id,hasCourseInstance").json()["items"]
    firsts = [min((run["startDate"] for run in item["hasCourseInstance"]), default="none") for item in found]
    assert firsts == sorted(firsts) and len([one for one in firsts if one != "none"]) == 2


@pytest.mark.parametrize("sort", ["title", "modified", "added", "changed", "start"])
def test_an_order_turned_round_is_the_other_way_round(client: TestClient, sort: str) -> None:
    up, down = (
        [item["id"] for item in client.get(f"/api/resources?sort={sort}&order={order}").json()["items"]]
        for order in ("asc", "desc")
    )
    assert up == down[::-1] and len(up) == 6
    assert client.get(f"/api/resources?q=git&sort=relevance&order={sort}").status_code == 400


def test_the_members_of_a_work(tmp_path: Path) -> None:
    family.build(tmp_path)
    with TestClient(create_app(Settings(data=tmp_path), messages=small.MESSAGES, base=small.BASE)) as client:
        work = client.get("/api/works").json()["items"][0]
        whole = client.get(f"/api/works/{work['id']}").json()
        members = {member["id"] for form in whole["forms"] for member in form["members"]}
        found = client.get(f"/api/resources?work={work['id']}&limit=200").json()
        assert {item["id"] for item in found["items"]} == members and found["total"] == work["members"]
        assert client.get("/api/resources?work=none").json()["total"] == 0


_CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "go", "change"]), st.integers(0, 23), st.integers(0, 5)), max_size=8
)


@settings(max_examples=6, deadline=None)
@given(
    sort=st.sampled_from(["title", "modified", "added", "changed", "start"]), falling=st.booleans(),
    between=st.lists(_CHANGES, min_size=1, max_size=4),
)  # fmt: skip
def test_a_walk_neither_skips_nor_repeats_what_does_not_change(
    tmp_path_factory: pytest.TempPathFactory, sort: str, falling: bool, between: list[list[tuple[str, int, int]]]
) -> None:
    folder = tmp_path_factory.mktemp("walk")
    index = search.open_index(folder)
    state = {n: _entry(n, n % 6) for n in range(18)}
    search.apply(index, state.values(), small.LABELS, small.FEEDS, 1, "a")
    query = ResourceQuery(sort=sort, limit=5, descending=falling)  # type: ignore[arg-type]
    seen: list[str] = []
    touched: set[int] = set(range(18, 24))
    for turn, changes in enumerate([*between, *[[]] * 8], 2):
        page = Reader(folder).search(query)
        seen += [item["id"] for item in page.items]
        if page.cursor is None:
            break
        query = replace(query, cursor=page.cursor)
        applied = [_entry(n, value, gone=what == "go") for what, n, value in changes]
        touched |= {n for _, n, _ in changes}
        search.apply(index, applied, small.LABELS, small.FEEDS, turn, "a")
    assert page.cursor is None
    for n in set(range(18)) - touched:
        assert seen.count(f"north-oai/k{n}") == 1


def _entry(n: int, value: int, gone: bool = False) -> Change:
    extra = (("startDate", small.Literal(f"2026-0{value + 1}-01")),) if value % 2 else ()
    graph = small.record("north-oai", f"k{n}", {"en": f"Course {value}"}, modified=f"202{value}", extra=extra)
    change = replace(small.change(1, "north-oai", f"k{n}", graph), time=f"2026-01-0{value + 1}T00:00:00Z")
    return replace(change, kind="tombstone", stated="") if gone else change


def test_a_walk_by_relevance_stays_in_its_edition(tmp_path: Path) -> None:
    changes = [small.change(n, "north-oai", f"k{n}", small.record(
        "north-oai", f"k{n}", {"en": f"Statistics {'statistics ' * (n % 5)}{n}"})) for n in range(1, 31)]  # fmt: skip
    small.build(tmp_path, all_changes=changes)
    with TestClient(create_app(Settings(data=tmp_path), messages=small.MESSAGES, base=small.BASE)) as client:
        whole = [item["id"] for item in client.get("/api/resources?q=statistics&limit=200").json()["items"]]
        first = client.get("/api/resources?q=statistics&limit=10").json()
        (tmp_path / "search").rename(tmp_path / "old")
        small.build(tmp_path, number="9.0", all_changes=[replace(one, stated=one.stated.replace("tatistics", "urveys"))
                                                          for one in changes[:20]] + changes[20:])  # fmt: skip
        assert client.get("/api/resources?q=statistics").json()["total"] == 10
        second = client.get(first["next"])
        rest = client.get(second.json()["next"]).json()
        assert second.headers["etag"].startswith('"5.1-') and rest["next"] is None
        seen = [item["id"] for page in (first, second.json(), rest) for item in page["items"]]
        assert seen == whole
        again = client.get(first["next"], headers={"if-none-match": second.headers["etag"]})
        assert again.status_code == 304
        (tmp_path / "releases" / "5.1").rename(tmp_path / "gone")
        assert client.get(first["next"].replace("5.1~", "5.2~")).status_code == 400
        for number in ("..", "5.1/../9.0", "9", ""):
            assert client.get(first["next"].replace("5.1~", f"{number}~")).status_code == 400


def test_a_cursor_beyond_the_end_takes_no_memory(client: TestClient) -> None:
    first = client.get("/api/resources?q=git&limit=1").json()["next"]
    number, _, cursor = first.split("cursor=")[1].partition("~")
    digest, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps([digest, "999999999"]).encode()).decode().rstrip("=")
    answer = client.get(f"/api/resources?q=git&limit=1&cursor={number}~{forged}")
    assert answer.status_code == 400 and "beyond" in answer.json()["detail"]


def test_a_walk_through_pairs_survives_new_releases(reader: Reader, tmp_path: Path) -> None:
    chance = random.Random(5)
    pattern = next(reader.all())
    entries = [
        {**pattern, "id": f"north-oai/p{n}", "iri": str(small.IRIS.resource("north-oai", f"p{n}"))} for n in range(14)
    ]
    ends = [(a["iri"], b["iri"]) for n, a in enumerate(entries) for b in entries[n + 1 :]]
    pairs = {pair: round(chance.uniform(0.5, 1), 2) for pair in chance.sample(ends, 60)}
    kept = set(chance.sample(sorted(pairs), 35))
    seen: list[str] = []
    query = figures.MatchQuery(limit=8)
    for turn in range(30):
        folder = tmp_path / str(turn)
        figures_build.build(
            folder, resources=entries, academies=small.ACADEMIES, runs=[], sequence=turn, iris=small.IRIS,
            matches=[small._match(*pair, "copy", sure) for pair, sure in pairs.items()],
        )  # fmt: skip
        with figures.open_figures(folder) as connection:
            found, _, cursor = figures.matches(connection, query)
        seen += [row["id"] for row in found]
        if cursor is None:
            break
        query = replace(query, cursor=cursor)
        for pair in chance.sample(ends, 12):
            if pair not in kept and chance.random() < 0.5:
                pairs.pop(pair, None)
            elif pair not in kept:
                pairs[pair] = round(chance.uniform(0.5, 1), 2)
    assert cursor is None and turn >= 5
    for pair in kept:
        assert seen.count(small.IRIS.match(*pair).rsplit("/", 1)[-1]) == 1
