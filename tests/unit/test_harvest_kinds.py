"""Lists of every kind from a server that gives neither dates nor ETags: what changed is found by digests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.ledger import log
from registry.model import Academy, Feed
from registry.pipeline import intake
from registry.pipeline.house import House, opened
from registry.settings import Settings
from tests.support.oai_server import Item, Repository, repository, serving

Titles = dict[str, str]
KEYS = ("sampling", "weighting")


def address(key: str) -> str:
    return f"https://office.example.org/{key}"


def table(root: str, path: str, titles: Titles) -> tuple[str, str]:
    return "text/csv", "title,url\n" + "".join(f"{title},{address(key)}\n" for key, title in titles.items())


def web_pages(root: str, path: str, titles: Titles) -> tuple[str, str]:
    if path == "/list":
        urls = "".join(f"<url><loc>{root}/{key}</loc></url>" for key in titles)
        return "text/xml", f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    key = path.strip("/")
    said = {"@context": "https://schema.org", "@type": "Course", "name": titles[key], "url": address(key)}
    return "text/html", f'<html><script type="application/ld+json">{json.dumps(said)}</script></html>'


def feed(root: str, path: str, titles: Titles) -> tuple[str, str]:
    items = "".join(
        f"<item><title>{title}</title><link>{address(key)}</link><guid>{address(key)}</guid></item>"
        for key, title in titles.items()
    )
    return "application/rss+xml", f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'


def amb(root: str, path: str, titles: Titles) -> tuple[str, str]:
    context = ["https://w3id.org/kim/amb/context.jsonld", {"@language": "en"}]
    said = [
        {"@context": context, "id": address(key), "type": ["LearningResource"], "name": title}
        for key, title in titles.items()
    ]
    return "application/json", json.dumps(said)


def calendar(root: str, path: str, titles: Titles) -> tuple[str, str]:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{key}@office.example.org\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20300301T090000Z\r\n"
        f"SUMMARY:{title}\r\nURL:{address(key)}\r\nEND:VEVENT\r\n"
        for key, title in titles.items()
    )
    return "text/calendar", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n{events}END:VCALENDAR\r\n"


def rdf(root: str, path: str, titles: Titles) -> tuple[str, str]:
    said = "".join(f'<{address(key)}> a s:Course ; s:name "{title}" .\n' for key, title in titles.items())
    return "text/turtle", f"@prefix s: <https://schema.org/> .\n{said}"


KINDS: dict[str, Callable[[str, str, Titles], tuple[str, str]]] = {
    "table": table, "web_pages": web_pages, "feed": feed, "amb": amb, "calendar": calendar, "rdf": rdf,
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(Settings(data=tmp_path / "var", http_delay=0.0), {}) as found:
        yield found


def visit(house: House, protocol: str, at: str) -> dict[str, int]:
    """The counts of a visit that has to go well."""
    one = Feed("list", "office", protocol, at, language="en", allow_hosts=("127.0.0.1",))
    academy = Academy("office", {"en": "Office"}, "https://office.example.org/", feeds=(one,))
    asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
    run = intake.visit(asked, academy, one)
    assert run.outcome == "done", run
    return {name: run.counts[name] for name in ("new", "changed", "unchanged", "published_new", "withdrawn")}


FIRST, SAME = {"new": 2, "changed": 0, "unchanged": 0}, {"new": 0, "changed": 0, "unchanged": 2}
OTHER = {"new": 0, "changed": 1, "unchanged": 1}


def check(house: House, protocol: str, at: str, titles: Titles) -> None:
    assert visit(house, protocol, at) == FIRST | {"published_new": 2, "withdrawn": 0}
    last = log.last_sequence(house.connection)
    assert visit(house, protocol, at) == SAME | {"published_new": 0, "withdrawn": 0}
    assert log.last_sequence(house.connection) == last
    titles["weighting"] = "Weighting and calibration"
    assert visit(house, protocol, at) == OTHER | {"published_new": 1, "withdrawn": 0}
    assert "Weighting and calibration" in "".join(change.stated for change in log.changes(house.connection, last))


@pytest.mark.parametrize("protocol", sorted(KINDS))
def test_changes_are_found_by_digest(house: House, protocol: str) -> None:
    titles = {key: key.capitalize() for key in KEYS}
    roots: list[str] = []

    def reply(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        assert "if-none-match" not in headers and "if-modified-since" not in headers
        if path.strip("/") not in ("list", *KEYS):
            return 404, {}, b""
        kind, body = KINDS[protocol](roots[0], path, titles)
        return 200, {"Content-Type": kind}, body.encode()

    with serving(reply) as root:
        roots.append(root)
        check(house, protocol, root + "/list", titles)


def test_changes_are_found_by_digest_where_datestamps_never_move(house: House) -> None:
    titles = {key: key.capitalize() for key in KEYS}

    def items() -> list[Item]:
        return [
            Item(f"oai:x:{key}", "2020-01-01T00:00:00Z",
                 f"<dc:title>{title}</dc:title><dc:identifier>{address(key)}</dc:identifier>")
            for key, title in titles.items()
        ]  # fmt: skip

    content = Repository(items(), policy="no")
    with repository(content) as at:
        assert visit(house, "oai_pmh", at)["new"] == 2
        assert visit(house, "oai_pmh", at) == SAME | {"published_new": 0, "withdrawn": 0}
        titles["weighting"] = "Weighting and calibration"
        content.items = items()
        assert visit(house, "oai_pmh", at) == OTHER | {"published_new": 1, "withdrawn": 0}
