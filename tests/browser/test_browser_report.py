"""A metadata officer opens the report: from the academy's page, in French, on a phone, and as a page to keep."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from support import small_release as small

from registry import messages, shape_texts
from registry.ledger import connect, measurements
from registry.settings import Settings
from registry.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    agreed = tuple(replace(one, show_score=True) for one in small.ACADEMIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "ACADEMIES", agreed)
        small.build(data)
    small.findings(data / "ledger.sqlite")
    connection = connect(data / "ledger.sqlite")
    for number, share in enumerate((0.4, 0.45, 0.7, 0.8), 1):
        run, moment = f"{small.BASE}/id/run/north-oai/{number}", f"2026-03-0{number}T00:00:00Z"
        measurements.keep(connection, "north-oai", run, {"completeness": share, "warning-count": 4.0 - number}, moment)
    connection.close()
    told = {**messages.load(), **shape_texts.load(ROOT / "shapes")}
    app = create_app(Settings(data=data), ledger_path=data / "ledger.sqlite", messages=told, base=small.BASE)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 15
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    assert server.started
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(15)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium must be there in CI")
        pytest.skip("no chromium on this machine")
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page without scripts; any complaint of the browser (a refused style, say) fails."""
    context = browser.new_context(java_script_enabled=False, locale="fr-FR", viewport={"width": 1000, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    yield opened
    context.close()
    assert wrong == []


def _picture(page: Any, name: str) -> None:
    """Kept where ``META_ACADEMY_PICTURES`` says, to be looked at."""
    if folder := os.environ.get("META_ACADEMY_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_from_the_academys_page_to_its_report(page: Any, address: str) -> None:
    page.goto(f"{address}/academy/northland")
    page.get_by_role("link", name="Le rapport complet").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Rapport sur Statistique Nordland"
    assert page.get_by_role("heading", name="À corriger").is_visible()
    assert page.get_by_role("heading", name="Indicateurs").is_visible() and page.locator("svg.spark").count() == 2
    assert "80\u00a0%" in page.locator("table.measures").inner_text()
    assert "Aucune licence n’est donnée." in page.locator(".causes").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    _picture(page, "report-fr")


@pytest.mark.parametrize("width", [360, 1000])
def test_the_page_to_keep_has_its_style_and_fits(page: Any, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/api/academies/northland/issues?format=html&lang=en")
    assert page.get_by_role("heading", level=1).inner_text() == "Report on Statistics Northland"
    card = page.locator(".group").first
    assert card.evaluate("one => getComputedStyle(one).borderLeftWidth") == "4px", "the style sheet was refused"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    _picture(page, f"report-en-{width}")
