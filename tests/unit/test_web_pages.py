from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support import pages
from support import small_release as small

from registry.settings import Settings
from registry.web.app import create_app
from registry.web.wording import Voice, choose_language, load

ROOT = Path(__file__).resolve().parents[2]
HTML = pages.HTML


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    small.build(data)
    small.findings(data / "ledger.sqlite")
    app = create_app(
        Settings(data=data), pool=pages.Pool(), ledger_path=data / "ledger.sqlite", messages=small.MESSAGES,
        base=small.BASE,
    )  # fmt: skip
    with TestClient(app) as found:
        yield found


@pytest.fixture(scope="module")
def paths(client: TestClient) -> list[str]:
    return pages.walk(client)


def test_the_walk_reaches_every_kind_of_page(paths: list[str]) -> None:
    kinds = {path.split("?")[0].split("/")[1] for path in paths}
    assert kinds >= {"", "search", "resource", "compare", "academies", "academy", "overlap", "pairs", "about",
                     "query", "api", "term"}  # fmt: skip
    assert 40 < len(paths) < 400


def test_no_page_uses_inside_words(client: TestClient, paths: list[str]) -> None:
    assert pages.inside_words(client, paths) == []


def test_every_page_is_sound(client: TestClient, paths: list[str]) -> None:
    pages.all_sound(client, paths)


def test_values_of_academies_are_escaped(client: TestClient) -> None:
    row = small.IRIS.resource("south-list", "row 7").rsplit("/", 1)[-1]
    page = client.get(f"/resource/south-list/{row}", headers=HTML).text
    assert "Initiation à &lt;b&gt;Git&lt;/b&gt; &amp; données" in page and "alert(1)" not in page
    mend = client.get("/academy/northland", headers=HTML).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in mend


@pytest.mark.parametrize(
    ("header", "asked", "expected"),
    [
        ("", None, "en"), ("fr", None, "fr"), ("de, es;q=0.8, fr;q=0.9", None, "fr"), ("fr", "es", "es"),
        ("de", "xx", "en"), ("fr;q=0, es;q=0.1", None, "es"), ("fr-CA;q=0.5,en;q=0.3", None, "fr"),
        (";;;,q=9", None, "en"),
    ],
)  # fmt: skip
def test_the_language_of_a_page(header: str, asked: str | None, expected: str) -> None:
    assert choose_language(asked, header) == expected


def test_pages_speak_the_readers_language(client: TestClient) -> None:
    page = client.get("/", headers={**HTML, "accept-language": "fr-CA"})
    assert pages.read(page.text).language == "fr" and "Qui enseigne quoi" in page.text
    assert "Accept-Language" in page.headers["vary"]
    spanish = client.get("/overlap?lang=es", headers=HTML).text
    assert "mismo curso, repetido" in spanish and 'href="/academies?lang=es"' in spanish


def test_a_course_without_a_page_names_whom_to_ask(client: TestClient) -> None:
    page = client.get("/resource/south-list/row-8", headers=HTML).text
    assert "This course has no page of its own. Ask Instituto" in re.sub(r"\s+", " ", page)
    assert "https://stat.example/southland" in page


def test_the_licence_in_plain_words(client: TestClient) -> None:
    open_one = client.get("/resource/north-oai/git-1", headers=HTML).text
    closed = client.get("/resource/north-oai/r-1", headers=HTML).text
    assert "you may change it; also for commercial use." in open_one and "name who made it" in open_one
    assert "you may not share it in a changed form; not for commercial use." in closed
    assert "ask before you reuse it" in client.get("/resource/south-list/row-8", headers=HTML).text


def test_how_sure_in_words_and_never_a_number(client: TestClient, paths: list[str]) -> None:
    compare = [path for path in paths if path.startswith("/compare/") and path != "/compare/none"]
    assert len(compare) == 4
    told = " ".join(client.get(path, headers=HTML).text for path in (*compare, "/pairs", "/"))
    for words in ("confirmed by A. Reviewer", "almost certain, not yet checked", "possible, not yet checked"):
        assert words in told
    assert not re.search(r"0\.\d+|\d+ ?%", re.sub(r"<[^>]*>", " ", told))


def test_the_pair_seen_from_each_side() -> None:
    voice = Voice(load({}), "en")
    pair = {"relation": "derivative", "source": "http://a", "left": {"iri": "http://a"}, "right": {"iri": "http://b"}}
    assert voice.relation_from(pair, "http://a") == "was adapted into"
    assert voice.relation_from(pair, "http://b") == "adapted from"


def test_durations_in_words() -> None:
    words = load({})
    assert Voice(words, "en").duration("P2W") == "2 weeks"
    assert Voice(words, "fr").duration("PT1H30M") == "1 heure 30 minutes"
    assert Voice(words, "es").duration("three days") == "three days"


def test_search_by_page_and_filter(client: TestClient) -> None:
    page = client.get("/search?q=git&language=es&has_match=true", headers=HTML).text
    assert "Introducción a Git" in page and "1 found" in page and "Remove: Spanish" in page
    nothing = client.get("/search?q=zzzz&colour=red", headers=HTML)
    assert nothing.status_code == 200 and "Nothing was found" in nothing.text
    assert client.get("/search?cursor=x", headers=HTML).status_code == 400


def test_under_a_prefix_links_stay_inside(tmp_path: Path) -> None:
    small.build(tmp_path)
    app = create_app(Settings(data=tmp_path), messages={}, base=small.BASE)
    with TestClient(app, root_path="/registry") as client:
        page = pages.read(client.get("/registry/overlap", headers=HTML).text)
        hrefs = [link["href"] for link in page.links]
        assert all(href.startswith(("/registry/", "#")) for href in hrefs)
        assert (
            client.get("/registry/api/resources?limit=1")
            .json()["next"]
            .startswith("http://testserver/registry/api/resources?limit=1&cursor=")
        )


def test_docs_list_every_route_and_every_word(client: TestClient) -> None:
    told = (ROOT / "docs" / "api.md").read_text("utf-8")
    questions = (ROOT / "docs" / "questions.md").read_text("utf-8")
    for path in client.get("/openapi.json").json()["paths"]:
        stored = path.startswith("/q/")
        assert (f"`{path.removesuffix('.{format}')}`" in questions) if stored else (f"`{path}`" in told), path
    words = (ROOT / "docs" / "words.md").read_text("utf-8")
    for kind in load({}).relations.values():
        assert all(text in words for text in kind.words.values()), kind.relation


def test_a_query_is_answered_in_the_language_it_was_written_in(client: TestClient) -> None:
    assert 'action="/sparql?lang=es"' in client.get("/query?lang=es").text
    assert 'action="/sparql"' in client.get("/query").text
