"""Dead links: asked politely, noted with the date, dead only after several days, never part of an entry."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harvesters import base
from registry.ledger import findings, log, observations
from registry.ledger.observations import Observation
from registry.model import Academy, Done, Expect, Feed, RawRecord
from registry.pipeline import intake
from registry.pipeline.house import House, opened
from registry.pipeline.links import Offline, check_links, failing, is_dead, is_there
from registry.settings import Settings


class Pages:
    """A server whose answers the test decides; it counts what it is asked."""

    def __init__(self) -> None:
        self.status: dict[str, int] = {}
        self.asked: list[str] = []
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages.asked.append(self.path)
                status = pages.status.get(self.path, 200)
                body = b"x" * (400 << 10 if self.path == "/long" else 5)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                if status in (301, 302):
                    self.send_header("Location", "/there")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Nothing is logged."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def pages() -> Iterator[Pages]:
    found = Pages()
    yield found
    found.server.shutdown()
    found.server.server_close()


PUBLIC = "https://office.example"


def row(key: str, url: str) -> RawRecord:
    fields = {"title": f"Course {key}", "url": url}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(
        key, payload.encode(), "application/json", "table", "https://office.example/list.csv", f"row {key}"
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is read from the schemes, once for all tests of this file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def house(cache: Path, tmp_path: Path, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Published entries whose public addresses lead to the test's server."""
    from registry.pipeline import links

    feed = Feed("list", "office", "told", "https://office.example/list.csv", language="en", expect=Expect(0, 1.0),
                allow_hosts=(pages.host, "127.0.0.1"))  # fmt: skip
    office = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(feed,))
    paths = ("/ok", "/gone", "/old", "/broken", "/login", "/moved", "/long", "/cut")
    records = [row(str(number), PUBLIC + path) for number, path in enumerate(paths)]
    monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter([*records, Done(True)]))
    ask = links._ask
    monkeypatch.setattr(links, "_ask", lambda http, url: ask(http, url.replace(PUBLIC, f"http://{pages.host}")))
    settings = Settings(data=tmp_path / "var", http_delay=0.0, workers=1)
    settings.data.mkdir()
    (settings.data / "cache").symlink_to(cache)
    with opened(settings, {"office": office}) as found:
        made = intake.Intake(found.connection, settings, found.iris, found.root, found.messages)
        run = intake.visit(made, office, feed)
        assert run.counts["published"] == len(paths)
        yield found


def day(house: House, number: int, *, older: int = 0) -> dict[str, int]:
    (found,) = check_links(house, house.feeds, older=older, now=lambda: f"2026-03-{number:02}T06:00:00Z")
    return {"asked": found.asked, "dead": found.dead, "left": found.left, "published": found.published}


def dead(house: House) -> dict[str, dict[str, str]]:
    listed, _ = findings.listed(house.connection, ["list"], code="link-dead")
    return {
        one.issue.value.removeprefix(PUBLIC): {"place": one.issue.place, **dict(one.issue.params)} for one in listed
    }


def test_dead_after_three_days_or_twice_gone(house: House, pages: Pages) -> None:
    pages.status |= {"/gone": 404, "/old": 410, "/broken": 500, "/login": 403, "/moved": 301, "/cut": 0}
    before = log.last_sequence(house.connection), [one.digest for one in log.standing(house.connection)]
    assert day(house, 1) == {"asked": 8, "dead": 0, "left": 0, "published": 8}
    assert dead(house) == {}
    assert day(house, 2)["dead"] == 2 and set(dead(house)) == {"/gone", "/old"}
    assert day(house, 2)["dead"] == 2, "a server that is down for an hour is not dead"
    day(house, 3)
    told = dead(house)
    assert set(told) == {"/gone", "/old", "/broken", "/cut"}
    assert told["/broken"] == {
        "place": "column «url»", "said": "HTTP 500", "times": "4", "since": "2026-03-01", "last": "2026-03-03",
    }  # fmt: skip
    assert told["/cut"]["said"] in ("cut off", "refused")
    assert (log.last_sequence(house.connection), [one.digest for one in log.standing(house.connection)]) == before
    pages.status = {}
    assert day(house, 4)["dead"] == 0 and dead(house) == {}


def test_what_was_asked_lately_is_left_alone(house: House, pages: Pages) -> None:
    assert day(house, 1, older=7)["asked"] == 8
    pages.asked.clear()
    assert day(house, 5, older=7)["asked"] == 0 and pages.asked == []
    assert day(house, 8, older=7)["asked"] == 8


def test_an_address_of_several_entries_is_asked_once(
    house: House, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [row(str(number), f"{PUBLIC}/same") for number in range(5)]
    monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter([*records, Done(True)]))
    made = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
    academy, feed = house.feeds[0]
    day(house, 1)
    intake.visit(made, academy, feed)
    pages.asked.clear()
    assert day(house, 2)["asked"] == 5 and pages.asked == ["/same"]
    assert {key for key, _, _ in observations.history(house.connection, "list")} == {"0", "1", "2", "3", "4"}
    assert all(address.endswith("/same") for _, address, _ in observations.history(house.connection, "list"))


def test_what_may_be_this_machines_own_fault_is_not_noted(house: House, pages: Pages) -> None:
    academy, feed = house.feeds[0]
    private = replace(feed, allow_hosts=())
    (found,) = check_links(house, [(academy, private)], older=0)
    assert (found.asked, found.dead, pages.asked) == (0, 0, [])
    assert list(observations.history(house.connection, "list")) == []


def test_a_machine_without_network_notes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry.pipeline import links

    monkeypatch.setattr(links, "_ask", lambda http, url: (0, "DNS"))
    monkeypatch.setattr(links, "address_of", lambda change: f"https://host{change.key}.example/")
    with pytest.raises(Offline):
        check_links(house, house.feeds, older=0)
    assert list(observations.history(house.connection, "list")) == []


def seen(*told: tuple[str, int]) -> list[Observation]:
    """Observations, newest first, from (day, status)."""
    return [Observation("f", "k", "https://x.example/", f"2026-03-{day}T00:00:00Z", status) for day, status in told]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], False),
        ([("01", 404)], False),
        ([("02", 404), ("01", 404)], True),
        ([("02", 410), ("01", 404)], True),
        ([("03", 404), ("02", 200), ("01", 404)], False),
        ([("02", 0), ("02", 0), ("02", 500), ("01", 0)], False),
        ([("03", 0), ("02", 503), ("01", 0)], True),
        ([("04", 200), ("03", 0), ("02", 0), ("01", 0)], False),
        ([("03", 401), ("02", 403), ("01", 429)], False),
        ([("03", 0), ("02", 404), ("01", 200)], False),
    ],
)
def test_when_an_address_is_dead(history: list[tuple[str, int]], expected: bool) -> None:
    assert is_dead(seen(*history)) == expected


def test_what_counts_as_there() -> None:
    there = {status for status in (0, 200, 204, 301, 401, 403, 404, 405, 410, 429, 451, 500, 503)
             if is_there(seen(("01", status))[0])}  # fmt: skip
    assert there == {200, 204, 301, 401, 403, 405, 429, 451}
    assert len(failing(seen(("02", 0), ("01", 200), ("01", 0)))) == 1


def test_only_the_last_observations_are_kept(house: House) -> None:
    one = seen(("01", 200))[0]
    observations.keep(
        house.connection, [replace(one, feed="list", time=f"2026-01-01T00:00:{n:02}Z") for n in range(40)]
    )
    ((_, _, kept),) = list(observations.history(house.connection, "list"))
    assert len(kept) == observations.KEPT and kept[0].time.endswith("39Z")
