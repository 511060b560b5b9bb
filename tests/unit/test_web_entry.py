"""What a page says of one entry and of one academy: corrections, topics found, sessions, lists, who is missing."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support import small_release as small

from registry.messages import LANGUAGES
from registry.settings import Settings
from registry.web.app import create_app
from registry.web.wording import Voice, load

ROOT = Path(__file__).resolve().parents[2]
HTML = {"accept": "text/html"}
ENTRY = "south-list/row-8"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    small.build(data)
    with TestClient(create_app(Settings(data=data), messages=small.MESSAGES, base=small.BASE)) as found:
        yield found


def _plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def _facts(client: TestClient, path: str, language: str = "en") -> dict[str, str]:
    """{label: text} of a page's facts."""
    page = client.get(f"{path}?lang={language}", headers=HTML).text
    return {
        _plain(k).strip(): _plain(v).strip() for k, v in re.findall(r"<dt>(.*?)</dt>\s*<dd.*?>(.*?)</dd>", page, re.S)
    }


def test_a_correction_is_seen_as_such(client: TestClient) -> None:
    page = client.get(f"/resource/{ENTRY}", headers=HTML).text
    assert "The page is &lt;i&gt;in Spanish&lt;/i&gt;" in page, "a reason is a text, not HTML"
    facts = _facts(client, f"/resource/{ENTRY}")
    assert facts["Language"].startswith(
        "Spanish Put right by the registry: The page is <i>in Spanish</i> ( A. Curator"
    )
    assert facts["Language"].endswith("2026-02-20). Its academy’s list says: French")
    assert facts["Picture"].endswith("Its academy’s list says nothing of it."), "also where nothing is left to show"
    assert "https://orcid.org/0000-0001-2345-6789" in facts["Picture"]
    french = _facts(client, f"/resource/{ENTRY}", "fr")["Langue"]
    assert "Rectifié par le registre" in french and french.endswith("La liste de son académie dit : français")


def test_a_correction_in_the_api(client: TestClient) -> None:
    first, second = client.get(f"/api/resources/{ENTRY}").json()["corrections"]
    assert first == {
        "id": f"{small.IRIS.record('south-list', 'row-8')}/correction/1", "property": "inLanguage",
        "sourceValue": [{"id": None, "prefLabel": {"und": "fr"}}], "by": "A. Curator",
        "why": "The page is <i>in Spanish</i>", "when": "2026-02-20T09:00:00Z",
    }  # fmt: skip
    assert (second["property"], second["sourceValue"]) == ("image", [])
    assert client.get("/api/resources/north-oai/r-1").json()["corrections"] == []


def test_topics_found_in_the_text_stand_apart_from_stated_ones(client: TestClient) -> None:
    facts = _facts(client, f"/resource/{ENTRY}", "es")
    assert facts["Temas hallados en su texto por el registro"] == "Muestreo" and "Tema" not in facts
    assert _facts(client, "/resource/north-oai/git-1")["Subject"] == "Process"
    (topic,) = client.get(f"/api/resources/{ENTRY}").json()["about"]
    assert topic["inferred"] is True and topic["id"].endswith("/topics/sampling")


def test_sessions_contents_and_parts_are_readable(client: TestClient) -> None:
    facts = _facts(client, f"/resource/{ENTRY}")
    assert facts["Dates"] == "cancelled · 2026-05-04, 09:00 – 12:00 (UTC+02:00) · online 12 seats"
    assert facts["Contents"] == "Tablas Medias y medianas"
    assert facts["Contains"].split() == ["Introducción", "a", "Git", "https://south.example/part-2"]
    page = client.get(f"/resource/{ENTRY}", headers=HTML).text
    assert '<a href="/resource/south-web/git-intro" lang="es">Introducción a Git</a>' in page
    assert '<a href="/resource/north-oai/r-1" lang="en">R for official statistics</a>' in page, "known by its page"
    (run,) = client.get(f"/api/resources/{ENTRY}").json()["hasCourseInstance"]
    assert run["eventStatus"][0]["id"].endswith("EventCancelled") and run["maximumAttendeeCapacity"] == "12"


def test_an_entry_from_a_list_of_links_says_so(client: TestClient) -> None:
    assert "· from a list of links" in _plain(client.get("/search?feed=south-list", headers=HTML).text)
    told = "This entry comes from a list of links"
    assert told in client.get(f"/resource/{ENTRY}", headers=HTML).text
    assert told not in client.get("/resource/north-oai/git-1", headers=HTML).text
    assert client.get(f"/api/resources/{ENTRY}").json()["linkOnly"] is True
    assert client.get("/api/resources/north-oai/git-1").json()["linkOnly"] is False


def test_how_an_academys_list_is_read(client: TestClient) -> None:
    facts = _facts(client, "/academy/northland")
    assert facts["How it is read"] == "the catalogue of its repository (OAI-PMH)"
    assert facts["Last visit"] == "2026-03-01; went well"
    assert facts["It has moved to"] == "https://new.north.example/oai"
    assert facts["Held back, not public"] == "3 by the academy’s own rules: 2"
    assert facts["Courses and materials"] == "2 Not found at the last visits, kept for some time: 1"
    assert facts["Passing on the descriptions"] == "agreed with the academy"
    assert facts["Licence of the descriptions"] == "CC0-1.0"
    assert "not agreed: shown here with their source, not passed on" in _plain(
        client.get("/academy/southland", headers=HTML).text
    )
    assert "reads no list or site of this academy" in client.get("/academy/island", headers=HTML).text


def test_who_is_not_in_it(client: TestClient) -> None:
    page = client.get("/academies", headers=HTML).text
    assert "3 of the 5 academies that this registry knows of are in it." in page
    assert '<a href="https://stat.example/eastland" rel="nofollow noopener">' in page and "Office of the West" in page
    french = client.get("/academies?lang=fr", headers=HTML).text
    assert '<span class="note" lang="en">has a school of statistics</span>' in french
    assert "Not looked at: 2 academies that are known and not here yet." in client.get("/overlap", headers=HTML).text
    assert "sur 5 connues" in client.get("/?lang=fr", headers=HTML).text
    listed = client.get("/api/academies?known=true").json()
    assert (listed["total"], listed["next"]) == (2, None)
    assert [one["id"] for one in listed["items"]] == ["west-office", "eastland"]
    assert [one["id"] for one in client.get("/api/academies?known=false").json()["items"]] == [
        "southland", "northland", "island",
    ]  # fmt: skip
    assert client.get("/api/academies?unknown=true").status_code == 400
    assert client.get("/api/release").json()["counts"]["academies_known"] == 5


def test_every_field_that_can_be_corrected_has_a_name_and_every_protocol_words() -> None:
    rows = csv.DictReader((ROOT / "registry/prepare/properties.tsv").read_text("utf-8").splitlines(), delimiter="\t")
    fields = [row["property"].partition(":")[2] for row in rows]
    assert "license" in fields
    for language in LANGUAGES:
        voice = Voice(load({}), language)
        assert [name for name in fields if voice.field(name) == name] == []
        assert voice.protocol("of-a-package").endswith("(of-a-package)")


def test_every_protocol_of_ours_has_words() -> None:
    import tomllib

    entries = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    words = load({}).pages
    assert [name for name in entries["meta_academy.harvesters"] if f"protocol.{name}" not in words] == []


def test_languages_by_name() -> None:
    names = [Voice(load({}), "fr").language_name(tag) for tag in ("fr-CA", "zh-Hans", "pt-BR", "DZ", "tlh", "mul")]
    assert names == ["français (CA)", "chinois (simplifié)", "portugais (Brésil)", "dzongkha", "tlh",
                     "plusieurs langues"]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("2026-05-04", "2026-05-06", "2026-05-04 – 2026-05-06"),
        ("2026-05-04", "2026-05-04", "2026-05-04"),
        ("2026-05-04T09:30:00Z", "2026-05-04T12:00:00Z", "2026-05-04, 09:30 – 12:00 (UTC)"),
        ("2026-05-04T09:30:00.5-03:00", None, "2026-05-04, 09:30 (UTC-03:00)"),
        ("2026-05-04T22:00:00", "2026-05-05T06:00:00", "2026-05-04, 22:00 – 2026-05-05, 06:00"),
        (None, "2026-05", "2026-05"),
        (None, None, ""),
        ("soon", "", "soon"),
    ],
)
def test_periods(start: str | None, end: str | None, told: str) -> None:
    assert Voice(load({}), "en").period(start, end) == told


def test_many_values_are_not_cut_in_silence(client: TestClient) -> None:
    from registry.web import show

    item: dict[str, Any] = client.get(f"/api/resources/{ENTRY}").json()
    item["syllabusSections"] = [{"en": "\n".join(f"Chapter {number}" for number in range(100))}]
    academy = {"id": "southland", "name": {"en": "South"}}
    found = show.rows(item, academy, Voice(load({}), "en"), lambda path, **parameters: path)
    contents = next(row for row in found if row.name == "syllabusSections")
    assert (len(contents.values), contents.more) == (show.MAX_VALUES, 100 - show.MAX_VALUES)
