"""The template as a download, and its page."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from support import small_release as small

from registry import vocabulary
from registry.messages import LANGUAGES
from registry.settings import Settings
from registry.web.app import create_app
from registry.web.template import Files
from registry.workbook.texts import columns

ROOT = Path(__file__).resolve().parents[2]
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A registry that has published nothing yet: the template is there all the same."""
    data = tmp_path_factory.mktemp("data")
    app = create_app(Settings(data=data, contact="registry@example.org"), messages={}, base=small.BASE)
    with TestClient(app) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_is_in_the_language_that_is_asked_for(client: TestClient, language: str) -> None:
    answer = client.get(f"/template.xlsx?lang={language}")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert answer.headers["content-disposition"] == f'attachment; filename="meta-academy-{language}.xlsx"'
    assert answer.headers["content-language"] == language
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    expected = [column.heading[language] for column in columns() if column.sheet == 1]
    assert [cell.value for cell in sheet[1]][: len(expected)] == expected and len(expected) == 8


def test_the_table_opens_in_excel_and_follows_the_browser(client: TestClient) -> None:
    answer = client.get("/template.csv", headers={"accept-language": "fr-CA,en;q=0.5"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8" and "Accept-Language" in answer.headers["vary"]
    assert answer.headers["content-disposition"] == 'attachment; filename="meta-academy-fr.csv"'
    (heading,) = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    own = [column.heading["fr"] for column in columns()]
    assert heading[: len(own)] == own
    assert "Compétences pour les mégadonnées (GWG des Nations Unies)" not in own and any(
        "GWG" in one for one in heading
    )
    again = client.get("/template.csv?lang=fr", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_another_language_is_refused_by_name(client: TestClient) -> None:
    answer = client.get("/template.xlsx?lang=de")
    assert answer.status_code == 400 and answer.json()["detail"] == "lang: one of en, fr, es"


def test_a_changed_list_of_terms_is_in_the_next_workbook(tmp_path: Path) -> None:
    for file in vocabulary.turtle_files(ROOT / "ontology"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    files = Files([tmp_path, tmp_path / "none"], small.BASE)
    first = files.get("xlsx", "en")
    assert files.get("xlsx", "en") is first, "made once"
    level = tmp_path / "level.ttl"
    level.write_text(level.read_text("utf-8").replace('"Basic"@en', '"Very basic"@en'), "utf-8")
    os.utime(level, ns=(1, 1))
    lists = load_workbook(io.BytesIO(files.get("xlsx", "en")))["_lists"]
    assert "Very basic" in [cell.value for row in lists.iter_rows() for cell in row]


def test_a_framework_that_was_added_is_a_column(tmp_path: Path) -> None:
    bare = Files([ROOT / "ontology"], small.BASE).get("csv", "en")
    (tmp_path / "skills.ttl").write_text(
        """
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix ma: <https://w3id.org/meta-academy/def#> .
        </id/scheme/skills> a skos:ConceptScheme ; dcterms:title "House skills"@en ; ma:role "subject" ; ma:rank 9 .
        </id/concept/skills/a> a skos:Concept ; skos:inScheme </id/scheme/skills> ; skos:prefLabel "Counting"@en .
        """,
        "utf-8",
    )
    told = Files([ROOT / "ontology", tmp_path], small.BASE).get("csv", "en").decode("utf-8-sig")
    assert "House skills" in told and "House skills" not in bare.decode("utf-8-sig")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_leads_to_the_files_in_three_languages(client: TestClient, language: str) -> None:
    page = client.get(f"/template?lang={language}", headers=HTML)
    assert page.status_code == 200 and "mailto:registry@example.org" in page.text
    links = set(re.findall(r'href="(/template\.[^"]+)"', page.text))
    assert links == {f"/template.{form}?lang={tag}" for form in ("xlsx", "csv") for tag in LANGUAGES}
    assert all(client.get(link).status_code == 200 for link in links)
    for column in columns():
        assert (column.heading[language] in page.text) or column.sheet == 2


def test_first_page_academies_and_about_lead_to_it(tmp_path: Path) -> None:
    small.build(tmp_path)
    with TestClient(create_app(Settings(data=tmp_path), messages={}, base=small.BASE)) as client:
        for path in ("/", "/academies", "/about"):
            assert 'href="/template?lang=es"' in client.get(f"{path}?lang=es", headers=HTML).text, path
