"""An academy's report on the web: its page, its other forms, and a score that stays with the academy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support import small_release as small

from registry.ledger import connect, findings, measurements, transaction
from registry.messages import LANGUAGES, load
from registry.model import Finding, Issue
from registry.report.texts import word
from registry.settings import Settings
from registry.web.app import create_app

PAGE = "/academy/northland/report"
ISSUES = "/api/academies/northland/issues"
SCORE = {"completeness": 0.8125, "warning-count": 3.5}


def _client(data: Path) -> TestClient:
    small.findings(data / "ledger.sqlite")
    connection = connect(data / "ledger.sqlite")
    measurements.keep(connection, "north-oai", f"{small.BASE}/id/run/north-oai/1", SCORE, small.TIME)
    connection.close()
    app = create_app(Settings(data=data), ledger_path=data / "ledger.sqlite", messages=small.MESSAGES, base=small.BASE)
    return TestClient(app)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    small.build(data)
    with _client(data) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_to_mend_and_why(client: TestClient, language: str) -> None:
    shown = client.get(f"{PAGE}?lang={language}")
    assert shown.status_code == 200
    for key in ("to-mend-heading", "why", "mend", "place"):
        assert word(key, language) in shown.text.replace("&#39;", "'")
    assert small.MESSAGES["LR-license"].text[language] in shown.text
    assert "<script" not in shown.text and "&lt;script&gt;alert(1)" in shown.text
    assert f"{ISSUES}?format=csv&amp;lang={language}" in shown.text


def test_the_academys_page_leads_to_it_and_says_why(client: TestClient) -> None:
    shown = client.get("/academy/northland").text
    assert PAGE in shown and word("why", "en") in shown and "creativecommons.org/licenses/by/4.0" in shown


@pytest.mark.parametrize("name", ["none", "northland/x"])
def test_an_unknown_academy_has_no_report(client: TestClient, name: str) -> None:
    assert client.get(f"/academy/{name}/report").status_code == 404


def test_an_academy_without_lists_has_an_empty_report(client: TestClient) -> None:
    shown = client.get("/academy/island/report")
    assert shown.status_code == 200 and word("nothing", "en") in shown.text
    assert client.get("/api/academies/island/issues?format=csv").text.count("\r\n") == 1


@pytest.mark.parametrize(
    ("asked", "media"), [("html", "text/html"), ("markdown", "text/markdown"), ("csv", "text/csv"),
                         ("json", "application/json")],
)  # fmt: skip
def test_the_report_in_other_forms(client: TestClient, asked: str, media: str) -> None:
    for told in (client.get(f"{ISSUES}?format={asked}&lang=fr"),
                 client.get(ISSUES, headers={"accept": media, "accept-language": "fr"})):  # fmt: skip
        assert told.status_code == 200 and told.headers["content-type"].partition(";")[0] == media
        assert "Il n’y a pas de licence." in told.text
        assert {"Accept", "Accept-Language"} <= set(told.headers["vary"].split(", "))


def test_what_a_caller_gets_who_names_no_form(client: TestClient) -> None:
    assert client.get(ISSUES, headers={"accept": "*/*"}).json()["items"]
    refused = client.get(ISSUES, headers={"accept": "application/pdf"})
    assert refused.status_code == 406 and "text/csv" in refused.json()["detail"]
    assert client.get(f"{ISSUES}?format=pdf").status_code == 400


def test_the_page_that_stands_alone_may_use_its_own_style_and_nothing_else(client: TestClient) -> None:
    told = client.get(f"{ISSUES}?format=html")
    policy = told.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "<style>" in told.text
    assert "unsafe" not in policy and "<script" not in told.text


def test_the_csv_has_every_finding(client: TestClient) -> None:
    told = client.get(f"{ISSUES}?format=csv&lang=es")
    assert told.text.startswith("\ufeff") and told.headers["content-disposition"].endswith('northland-es.csv"')
    assert told.text.count("\r\n") == 1 + client.get(ISSUES).json()["total"]


def test_an_issue_says_why_and_what_to_write(client: TestClient) -> None:
    items = client.get(f"{ISSUES}?code=LR-license").json()["items"]
    assert items[0]["field"] == "licence" and "adapt" in items[0]["why"]
    assert items[0]["change"]["example"] and "https://creativecommons.org/licenses/by/4.0/" in str(items[0]["change"])


def test_the_score_stays_with_the_academy_until_it_agrees(client: TestClient, tmp_path: Path) -> None:
    quality = "/api/academies/northland/quality"
    refused = client.get(quality)
    assert refused.status_code == 404 and "agrees" in refused.json()["detail"]
    pages = [client.get(address).text for address in (PAGE, "/academy/northland", f"{ISSUES}?format=html",
             f"{ISSUES}?format=markdown", ISSUES, "/api/academies/northland")]  # fmt: skip
    assert not [page for page in pages if "81%" in page or "0.8125" in page or word("score", "en") + "<" in page]
    agreed = tuple(replace(one, show_score=one.id == "northland") for one in small.ACADEMIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "ACADEMIES", agreed)
        small.build(tmp_path)
    with _client(tmp_path) as other:
        told = other.get(quality)
        assert told.status_code == 200 and told.headers["content-type"] == "application/ld+json"
        values = {one["dqv:isMeasurementOf"].rpartition("/")[2]: float(one["dqv:value"]["@value"])
                  for one in told.json()["@graph"]}  # fmt: skip
        assert values == SCORE
        assert "81%" in other.get(PAGE).text and "<svg" in other.get(PAGE).text
        assert other.get("/api/academies/southland/quality").status_code == 404


HEADING = (("count", "1"), ("heading", "Notas internas"), ("samples", "Sala B12 · hidden@example.org"))
QUIET = (
    Issue("table-unknown-heading", "column «Notas internas»", "Notas internas", HEADING),
    Issue(
        "table-no-title-cell", "row 4", "Plan 2027 | Sala B12", (("count", "1"), ("samples", "Plan 2027 | Sala B12"))
    ),
    Issue("git-hidden", "https://git.example.org", "Sala B12", (("count", "1"), ("samples", "Sala B12"))),
    Issue(
        "table-section",
        r"row 1 of \\server\share\plan.xlsx",
        "hidden@example.org",
        (("samples", "hidden@example.org"),),
    ),
)


def test_a_list_is_quoted_to_others_only_as_far_as_it_is_published(tmp_path: Path) -> None:
    """Columns and rows that are not read may be an office's own notes: the public learns that they are there."""
    small.build(tmp_path)
    small.findings(tmp_path / "ledger.sqlite")
    connection = connect(tmp_path / "ledger.sqlite")
    with transaction(connection):
        listed = [Finding("north-oai", "", "info", issue) for issue in QUIET]
        findings.replace(connection, "north-oai", "", "harvest", listed)
    connection.close()
    messages = {**load(), **small.MESSAGES}
    app = create_app(
        Settings(data=tmp_path), ledger_path=tmp_path / "ledger.sqlite", messages=messages, base=small.BASE
    )
    with TestClient(app) as client:
        forms = [ISSUES, f"{ISSUES}?by=cause", *(f"{ISSUES}?format={name}" for name in ("html", "markdown", "csv")),
                 PAGE, "/academy/northland", "/academy/northland/to-mend"]  # fmt: skip
        for address in forms:
            told = client.get(address)
            assert told.status_code == 200, address
            assert not [word for word in ("B12", "hidden@", "share") if word in told.text], address
            assert "Notas internas" in told.text, address
