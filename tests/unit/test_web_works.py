"""Works, answers and weights for programs and for people: one course in many forms, what is beside it, and why."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support import family_release as family
from support import pages
from support import small_release as small

from registry import vocabulary
from registry.messages import LANGUAGES
from registry.settings import Settings
from registry.web import explain
from registry.web.app import create_app
from registry.web.wording import Voice, load

ROOT = Path(__file__).resolve().parents[2]
HTML = pages.HTML


class _Pool(pages.Pool):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, query: str, media_type: str) -> bytes:
        self.asked.append(query)
        return await super().fetch(query, media_type)


@pytest.fixture(scope="module")
def pool() -> _Pool:
    return _Pool()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, pool: _Pool) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    family.build(data)
    app = create_app(Settings(data=data), pool=pool, messages=small.MESSAGES, base=small.BASE)
    with TestClient(app, follow_redirects=False) as found:
        yield found


def _key(side: dict[str, Any]) -> str:
    return str(side["id"]).split("/")[1]


def _pair(client: TestClient, one: str, other: str) -> dict[str, Any]:
    identifier = small.IRIS.match(family.iri(one), family.iri(other)).rpartition("/")[2]
    found: dict[str, Any] = client.get(f"/api/matches/{identifier}").json()
    return found


def test_the_list_of_works_and_its_filters(client: TestClient) -> None:
    found = client.get("/api/works").json()
    assert list(found) == ["items", "total", "next"] and [one["id"] for one in found["items"]] == ["w-git", "w-fork"]
    first = found["items"][0]
    assert first["iri"] == f"{small.BASE}/id/work/w-git" and first["page"] == "http://testserver/work/w-git"
    assert first["name"] == {"en": family.TITLE} and first["members"] == 8 and first["beside"]["derivative"] == 1
    assert (first["academies"], first["languages"]) == (["northland", "southland", "island"], ["en", "es", "fr", "ja"])
    for query, total in (("academy=southland", 1), ("language=ja-JP", 1), ("language=de", 0), ("academy=none", 0)):
        assert client.get(f"/api/works?{query}").json()["total"] == total, query
    page = client.get("/api/works?limit=1").json()
    second = client.get(page["next"].removeprefix("http://testserver")).json()
    assert [one["id"] for one in second["items"]] == ["w-fork"] and second["next"] is None
    assert client.get("/api/works?cursor=x").status_code == 400
    assert client.get("/api/works?colour=red").status_code == 400


def test_the_forms_of_a_work_are_told_apart(client: TestClient) -> None:
    found = client.get("/api/works/w-git").json()
    forms = [(form["role"], sorted(map(_key, form["members"])), form["date"]) for form in found["forms"]]
    assert forms == [
        ("original", ["git", "git-again", "git-near"], "2016-05-01"),
        ("edition", ["git-2"], "2021-03-01"),
        ("translation", ["git-es"], "2018-01-10"),
        ("translation", ["git-fr"], "2019-06-30"),
        ("translation", ["git-ja"], "2022-02-01"),
        ("date", ["git-may"], "2026-05-04"),
    ]
    assert found["forms"][0]["cluster"]["id"] == "c-git" and found["forms"][1]["cluster"] is None
    assert found["forms"][3]["languages"] == ["fr"] and found["not_listed"] == 0


def test_what_is_beside_a_work_stays_outside(client: TestClient) -> None:
    found = client.get("/api/works/w-git").json()
    inside = {_key(member) for form in found["forms"] for member in form["members"]}
    beside = {name: [_key(one["resource"]) for one in found[name]] for name in
              ("adapted", "adapted_from", "overlaps", "parts", "part_of")}  # fmt: skip
    assert beside == {"adapted": ["fork"], "adapted_from": [], "overlaps": ["own"], "parts": ["module"], "part_of": []}
    assert not inside & {"fork", "fork-2", "own", "module", "basic"}
    assert found["adapted"][0]["work"]["id"] == "w-fork" and found["adapted"][0]["direction"] is True
    fork = client.get("/api/works/w-fork").json()
    assert [_key(one["resource"]) for one in fork["adapted_from"]] == ["git"] and not fork["adapted"]
    assert len(found["matches"]) == 7 and found["matches"][0]["evidence"]


def test_what_is_listed_several_times_has_an_id_of_its_own(client: TestClient) -> None:
    found = client.get("/api/works/c-git").json()
    assert found["level"] == "cluster" and found["work"]["id"] == "w-git"
    assert [len(form["members"]) for form in found["forms"]] == [3]


def test_former_ids_lead_on_and_retired_ones_say_what_they_were(client: TestClient) -> None:
    for address in ("/api/works/w-older", "/id/work/w-older?format=ttl"):
        answer = client.get(address, headers={"accept": "*/*"})
        assert answer.status_code == 308, address
        assert answer.headers["location"] == "http://testserver" + address.replace("w-older", "w-git")
    gone = client.get("/api/works/w-gone")
    assert gone.status_code == 410
    left = gone.json()["work"]
    assert (left["id"], left["level"]) == ("w-gone", "work")
    assert [one["iri"] for one in left["members"]] == list(family.RETIRED[0].members)
    assert left["members"][0]["page"].startswith("http://testserver/resource/south-web/")
    assert client.get("/id/work/w-gone", headers={"accept": "text/turtle"}).status_code == 410
    for address in ("/api/works/never", "/id/work/never"):
        assert client.get(address).status_code == 404


def test_the_identifier_of_a_work_answers_by_media_type(client: TestClient, pool: _Pool) -> None:
    page = client.get("/id/work/w-git", headers=HTML)
    assert page.status_code == 303 and page.headers["location"] == "http://testserver/work/w-git"
    pool.asked.clear()
    data = client.get("/id/work/w-git", headers={"accept": "text/turtle"})
    assert data.status_code == 200 and f"{small.BASE}/id/work/w-git" in pool.asked[0]
    assert "schema:exampleOfWork" in pool.asked[0] and "$" not in pool.asked[0]


def test_how_far_the_figures_are_to_be_trusted(client: TestClient) -> None:
    """Agreement of readers and lasting ids: in words of each language, and for programs."""
    counts = client.get("/api/release").json()["counts"]
    assert {name: counts[name] for name in family.TOLD} == family.TOLD
    for language, alike, gone in (
        ("en", "11 of 12 pairs", "2 of 5 went, and 1 came"), ("fr", "11 des 12 paires", "2 sur 5 sont parties"),
        ("es", "11 de las 12 parejas", "2 de 5 y llegaron 1"),
    ):  # fmt: skip
        shown = html.unescape(client.get(f"/about?lang={language}", headers=HTML).text)
        assert alike in shown and gone in shown and "0.86" in shown and "{" not in shown.split("<main")[1]


def test_a_resource_names_its_work(client: TestClient) -> None:
    found = client.get("/api/resources/north-oai/git").json()
    assert found["work"] == {
        "id": "w-git", "iri": f"{small.BASE}/id/work/w-git", "page": "http://testserver/work/w-git",
    }  # fmt: skip
    assert found["cluster"]["id"] == "c-git"
    alone = client.get("/api/resources/south-web/own").json()
    assert alone["work"] is None and alone["cluster"] is None


def test_a_pair_explains_itself_in_three_languages_or_in_one(client: TestClient) -> None:
    found = _pair(client, "git", "git-fr")
    assert (found["band"], found["probability"], found["model"]) == ("likely", 0.82, "m1")
    assert found["weight"] == pytest.approx(7.15) and found["generators"] == ["title", "text"]
    assert found["why"] == family.RULES["TR.SIGNALS"]
    assert [line["speaks"] for line in found["evidence"]] == ["strongly", "for", "little", "against"]
    title = found["evidence"][0]["words"]
    assert set(title) == set(LANGUAGES)
    assert title["en"] == (
        "Title: “Working with Git” and “Travailler avec Git”; very alike; words in common; "
        "speaks strongly for it (Title)"
    )
    assert title["fr"].startswith("Titre : « ") and "parle fortement en faveur" in title["fr"]
    assert found["sure"]["en"] == (
        "suggested: likely, not yet checked; of 100 pairs like this one, about 82 prove right"
    )
    french = client.get(f"/api/matches/{found['id']}?language=fr").json()
    assert set(french["sure"]) == set(french["words"]) == set(french["evidence"][0]["words"]) == {"fr"}
    assert client.get(f"/api/matches/{found['id']}?language=de").status_code == 400


def test_a_pair_says_what_each_comparison_reached_and_weighs(client: TestClient) -> None:
    found = _pair(client, "git", "git-fr")
    assert [(one["comparison"], one["level"], one["weight"], one["speaks"]) for one in found["reasons"]] == [
        ("authors", "all", 8.5, "strongly"), ("minutes", "other", -1.35, "against"),
    ]  # fmt: skip
    assert sum(one["weight"] for one in found["reasons"]) == pytest.approx(found["weight"])
    assert found["reasons"][0]["words"] == {
        "en": "The same authors", "fr": "Les mêmes auteurs", "es": "Los mismos autores",
    }  # fmt: skip
    assert _pair(client, "git", "git-near")["reasons"] == []
    page = client.get(f"/compare/{found['id']}?lang=fr", headers=HTML).text
    for text in ("Les mêmes auteurs", "+8.5", "Durées différentes", "−1.4", "En tout", "+7.2"):
        assert text in page, text
    assert page.count("parle fortement en faveur") == 1  # told once: of the comparison, not of each line again
    beside = client.get("/api/works/w-git").json()["matches"]
    assert [one["reasons"] for one in beside if one["id"] == found["id"]] == [found["reasons"]]


def test_how_sure_in_words(client: TestClient) -> None:
    expected = {
        ("git", "git-2"): "confirmed by A. Reviewer",
        ("git", "git-es"): "Instituto de Estadística del Sur says so itself",
        ("git", "git-again"): "accepted by a rule of the registry",
        ("git", "git-near"): "suggested: almost certain, not yet checked",
        ("git-2", "git-ja"): "suggested: likely, not yet checked",
        ("git-es", "own"): "suggested: possible, not yet checked",
        ("git", "basic"): "under discussion: the academies say different things",
    }
    for (one, other), words in expected.items():
        assert _pair(client, one, other)["sure"]["en"] == words


def test_answers_stand_with_the_name_of_the_academy(client: TestClient) -> None:
    found = _pair(client, "git", "basic")
    told = [(one["academy"], one["words"]["en"]) for one in found["answers"]]
    assert told == [
        ("northland", "Statistics Northland answers: translation"),
        ("southland", "Instituto de Estadística del Sur answers: checked: not the same"),
    ]
    assert client.get("/api/matches?status=discussed").json()["total"] == 1


def test_examples_have_the_keys_of_real_answers(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    def example(path: str) -> dict[str, Any]:
        content = paths[path]["get"]["responses"]["200"]["content"]["application/json"]
        found: dict[str, Any] = content["example"]
        return found

    work = client.get("/api/works/w-git").json()
    assert set(example("/api/works/{id}")) == set(work)
    assert set(example("/api/works")["items"][0]) == set(client.get("/api/works").json()["items"][0])
    assert set(example("/api/works/{id}")["forms"][0]) == set(work["forms"][0])
    assert set(example("/api/works/{id}")["adapted"][0]) == set(work["adapted"][0])
    pair = _pair(client, "git", "git-es")
    assert set(example("/api/matches/{id}")) == set(pair)
    for name in ("evidence", "answers"):
        assert set(example("/api/matches/{id}")[name][0]) == set(pair[name][0])
    assert "308" in paths["/api/works/{id}"]["get"]["responses"]


def _plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def _section(page: str, identifier: str) -> str:
    """The text of the section that a heading labels."""
    found = re.search(rf'<section[^>]*aria-labelledby="{identifier}".*?</section>', page, re.S)
    assert found is not None, identifier
    return _plain(found.group(0))


def test_pages_of_works_are_sound_and_speak_the_readers_words(client: TestClient) -> None:
    kinds = ("/work", "/works", "/resource/", "/compare/", "/overlap", "/pairs")
    paths = [path for path in pages.walk(client) if path.startswith(kinds) and path != "/compare/none"]
    assert {"/works", "/work/w-git", "/work/w-fork"} <= set(paths)
    pages.all_sound(client, paths)
    assert pages.inside_words(client, paths) == []


def test_the_page_of_a_work_shows_its_forms_and_what_is_apart(client: TestClient) -> None:
    page = client.get("/work/w-git", headers=HTML).text
    assert "Working with Git &lt;b&gt;" in page
    original = _section(page, "original")
    assert "2016-05-01" in original and "Also listed at" in original and "Island Bureau of Statistics" in original
    assert "2021-03-01 Working with Git, second edition" in _section(page, "editions")
    translations = _section(page, "translations")
    places = [translations.index(name) for name in ("Spanish", "French", "Japanese")]
    assert places == sorted(places) and "Trabajar con Git" in translations
    assert "2026-05-04 Working with Git, session in May" in _section(page, "dates")
    apart = _section(page, "apart")
    assert re.search(r"Adapted from it +Git for statisticians +Island Bureau of Statistics", apart)
    assert re.search(r"Different courses on the same ground +Introducción a Git del Instituto", apart)
    assert "Git for statisticians" not in "".join(_section(page, name) for name in ("original", "editions"))
    assert "Git básico" not in page, "a pair under discussion binds nothing"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "All 14"), ("fr", "Tout afficher (14)"), ("es", "Mostrar todo (14)")]
)
def test_a_long_list_of_parts_is_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    """Ten are shown, the others open by a line that needs no script; a short list is not folded."""
    lessons = {f"lesson-{n:02}": ("north-oai", {"en": f"Lesson {n:02}"}, {}) for n in range(13)}
    monkeypatch.setattr(family, "RECORDS", {**family.RECORDS, **lessons})
    parts = [family.match("git", key, "part", 0.95, source="git", status="accepted") for key in lessons]
    plain = family.matches()
    monkeypatch.setattr(family, "matches", lambda: [*plain, *parts])
    family.build(tmp_path)
    app = create_app(Settings(data=tmp_path), pool=pages.Pool(), messages=small.MESSAGES, base=small.BASE)
    with TestClient(app, follow_redirects=False) as client:
        page = client.get(f"/work/w-git?lang={language}", headers=HTML).text
    found = re.search(r'<section class="within" aria-labelledby="parts">.*?</section>', page, re.S)
    assert found is not None
    shown, rest = found.group(0).split("<details")
    titles = r"Lesson \d\d|The staging area"
    assert len(re.findall(titles, shown)) == 10 and len(re.findall(titles, rest)) == 4
    assert f"<summary>{words}</summary>" in rest
    assert "<details" not in page.split('aria-labelledby="translations"')[1].split("</section>")[0]
    assert page.count('class="rest"') == 1


def test_the_page_of_a_work_says_why(client: TestClient) -> None:
    page = client.get("/work/w-git", headers=HTML).text
    reasons = _section(page, "reasons")
    for words in ("7 pairs hold these forms together", "confirmed by A. Reviewer", "speaks strongly for it",
                  "speaks against it", "says little", "Two independent signs of a translation."):  # fmt: skip
        assert words in reasons
    bars = re.findall(r'<svg class="weight (\w+)".*?<rect class="part" x="([\d.]+)" y="1" width="([\d.]+)"', page)
    assert ("strongly", "50", "37.5") in bars and ("against", "35.0", "15.0") in bars


def test_former_addresses_of_pages(client: TestClient) -> None:
    moved = client.get("/work/w-older?lang=fr")
    assert (moved.status_code, moved.headers["location"]) == (308, "http://testserver/work/w-git?lang=fr")
    within = client.get("/work/c-git")
    assert (within.status_code, within.headers["location"]) == (303, "http://testserver/work/w-git")
    gone = client.get("/work/w-gone", headers=HTML)
    assert gone.status_code == 410 and "no longer belong together" in gone.text and "Git básico" in gone.text
    assert client.get("/work/never", headers=HTML).status_code == 404


def test_the_overlap_page_shows_a_family_as_one_and_adaptations_beside(client: TestClient) -> None:
    page = client.get("/overlap", headers=HTML).text
    families = _section(page, "families")
    assert page.count('href="/work/w-git"') == 1 and "8 forms" in families and "second edition" not in families
    assert "Adapted from it: Git for statisticians (Island Bureau of Statistics)" in families
    assert "Different courses on the same ground: Introducción a Git del Instituto" in families
    assert "All 2 courses in several forms" in families
    spanish = client.get("/works?lang=es", headers=HTML).text
    assert "Cursos en varias formas" in spanish and "8 formas" in spanish
    assert client.get("/works?cursor=x", headers=HTML).status_code == 400


def test_a_resource_leads_to_its_work_and_says_why_and_what_academies_answer(client: TestClient) -> None:
    page = client.get("/resource/north-oai/git", headers=HTML).text
    text = _plain(page)
    assert "One of 8 forms of one course" in text and 'href="/work/w-git"' in page
    assert "very alike; words in common; speaks strongly for it (Title)" in text
    assert "under discussion: the academies say different things" in text
    assert "Instituto de Estadística del Sur answers: checked: not the same" in text
    assert "This pair counts in no figure until they agree." in text
    assert "of one course" not in _plain(client.get("/resource/south-web/own", headers=HTML).text)


def test_the_compare_page_tells_answers_weights_and_what_found_the_pair(client: TestClient) -> None:
    page = client.get(f"/compare/{_pair(client, 'git', 'basic')['id']}", headers=HTML).text
    assert "Statistics Northland answers: translation" in _section(page, "answers")
    reasons = _section(page, "reasons")
    assert "What it counts" in reasons and "Both turned up together through: titles, descriptions." in reasons
    measured = _plain(client.get(f"/compare/{_pair(client, 'git', 'git-fr')['id']}?lang=fr", headers=HTML).text)
    assert "sur 100 paires comme celle-ci, environ 82 se confirment" in measured
    band = _plain(client.get(f"/compare/{_pair(client, 'git', 'git-near')['id']}", headers=HTML).text)
    assert "almost certain" in band and "of 100 pairs" not in band


@pytest.mark.parametrize(
    ("weight", "says"),
    [
        (0.0, ""),
        (5.0, "strongly"),
        (4.99, "for"),
        (1.0, "for"),
        (0.99, "little"),
        (-0.99, "little"),
        (-1.0, "against"),
    ],
)
def test_what_a_weight_says(weight: float, says: str) -> None:
    assert explain.speaks(weight) == says


@pytest.mark.parametrize(("value", "count"), [(None, None), (0.0, 1), (0.826, 83), (0.9999, 99)])
def test_a_probability_is_told_as_a_count_and_never_as_certainty(value: float | None, count: int | None) -> None:
    assert explain.measured({"probability": value}) == count


def test_every_reason_has_words() -> None:
    words = load({})
    features = {
        vocabulary.notation_of(concept)
        for concept in vocabulary.labels(ROOT / "ontology", small.BASE)
        if vocabulary.scheme_of(concept) == "match-feature"
    }
    assert features and features <= set(words.evidence)


def test_a_reason_without_values_or_words_is_still_told() -> None:
    line = {"feature": "unheard-of", "measure": "unheard-of", "score": 1.0, "left_value": "", "right_value": "",
            "left_field": "", "right_field": "", "weight": 0.0}  # fmt: skip
    for language in LANGUAGES:
        told = explain.sentence(line, Voice(load({}), language))
        assert told and "{" not in told and "unheard" not in told
