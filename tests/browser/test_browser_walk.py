"""A person walks from "how much is taught twice" to two descriptions side by side, by links only."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from openpyxl import load_workbook
from support import small_release as small

from registry.settings import Settings
from registry.web.app import create_app


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    small.build(data)
    small.findings(data / "ledger.sqlite")
    app = create_app(Settings(data=data), ledger_path=data / "ledger.sqlite", messages=small.MESSAGES, base=small.BASE)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 15
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(15)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium must be there in CI")
        pytest.skip("no chromium on this machine")
    # A missing library is a broken environment, not a reason to skip.
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, address: str, tmp_path: Path) -> Iterator[Any]:
    """A page without scripts that may reach nothing but this server; any complaint of the browser fails."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    opened = context.new_page()
    wrong: list[str] = []

    def only_here(route: Any) -> None:
        if route.request.url.startswith(address):
            route.continue_()
        else:
            wrong.append(route.request.url)
            route.abort()

    context.route("**/*", only_here)
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    opened.goto(address + "/")
    yield opened
    context.close()
    assert wrong == []


def test_from_how_much_to_two_records_side_by_side(page: Any) -> None:
    page.get_by_role("link", name="See the whole table").click()
    assert page.get_by_role("heading", level=1).inner_text() == "What is taught twice?"
    page.get_by_role("link", name="3 pairs of Statistics Northland and Instituto de Estadística del Sur").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Pairs of")
    page.get_by_role("link", name="Compare side by side").nth(1).click()
    assert page.get_by_role("heading", level=1).inner_text() == "Two descriptions side by side"
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Level", exact=True))
    assert row.get_by_role("cell").all_inner_texts() == ["Basic", "Basic", "same"]
    page.get_by_role("link", name="Introducción a Git").click()
    assert page.get_by_role("heading", name="Who else has it").is_visible()


def test_search_in_french_and_narrow_down(page: Any) -> None:
    page.get_by_role("link", name="Français").click()
    page.get_by_role("searchbox").fill("introduction git")
    page.get_by_role("button", name="Chercher").click()
    assert page.get_by_role("heading", level=3).filter(has_text="Introduction à Git").is_visible()
    page.get_by_role("link", name="français", exact=True).click()
    assert page.get_by_role("status").inner_text() == "1 trouvé"
    assert page.get_by_role("link", name="Retirer : français").is_visible()


def test_an_academy_finds_what_to_mend(page: Any) -> None:
    page.get_by_role("link", name="Academies", exact=True).click()
    page.get_by_role("link", name="Statistics Northland").click()
    page.get_by_role("link", name="to mend").click()
    assert page.get_by_role("heading", name="There is no licence.").is_visible()
    assert page.get_by_text("Name the licence.").first.is_visible()


def test_an_office_without_a_developer_takes_the_template_home(page: Any) -> None:
    page.get_by_role("link", name="Español").click()
    page.get_by_role("link", name="Empiece aquí, con un libro de Excel").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Publicar sus cursos con un libro de Excel"
    with page.expect_download() as started:
        page.get_by_role("link", name="Descargar el libro").click()
    assert started.value.suggested_filename == "meta-academy-es.xlsx"
    first = load_workbook(io.BytesIO(started.value.path().read_bytes())).worksheets[0]
    assert [cell.value for cell in first[1]][:2] == ["Título", "Descripción"]


def test_a_correction_is_seen_with_what_the_academy_says(page: Any) -> None:
    page.get_by_role("searchbox").fill("Estadística básica")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Estadística básica").first.click()
    told = page.get_by_text("Put right by the registry:").first.locator("..").inner_text()
    assert "The page is <i>in Spanish</i>" in told and "A. Curator" in told and told.endswith("French")
    assert page.get_by_text("Topics found in its text by the registry").is_visible()
    assert page.get_by_text("cancelled · 2026-05-04, 09:00 – 12:00").is_visible()


def test_who_is_not_in_it_is_said(page: Any) -> None:
    page.get_by_role("link", name="Academies", exact=True).click()
    assert page.get_by_text("3 of the 5 academies that this registry knows of").is_visible()
    assert page.get_by_role("link", name="Statistics Eastland").is_visible()


def test_nothing_is_wider_than_a_telephone(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 700})
    opened = context.new_page()
    for path in ("/", "/search?q=git", "/overlap", "/pairs", "/academy/northland", "/resource/north-oai/git-1",
                 "/resource/south-list/row-8", "/academies", "/template", "/template?lang=fr"):  # fmt: skip
        opened.goto(address + path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()


def test_the_first_thing_the_keyboard_reaches_is_the_way_past_the_menu(browser: Any, address: str) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(address + "/")
    opened.keyboard.press("Tab")
    focused = opened.locator(":focus")
    assert focused.inner_text() == "Skip to the content" and focused.is_visible()
    context.close()
