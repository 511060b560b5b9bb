"""What the API promises to clients: a budget that is told, and half a year's notice of what goes away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support import small_release as small

from registry.settings import Settings
from registry.web import openapi, sunset
from registry.web.app import create_app

GOING = (
    sunset.Sunset("/api/overlap", "", "2026-11-30", "2027-06-30", "/api/matches"),
    sunset.Sunset("/api/matches", "within", "2026-11-30", "2027-06-30", "https://registry.example/docs"),
    sunset.Sunset("/api/matches/{id}", "", "2026-11-30", "2027-06-30", "/api/matches"),
)


def _app(data: Path, **settings: float) -> TestClient:
    small.build(data)
    found = create_app(Settings(data=data, **settings), messages=small.MESSAGES, base=small.BASE)  # type: ignore[arg-type]
    return TestClient(found)


def test_a_client_that_asks_too_much_is_told_when_to_come_back(tmp_path: Path) -> None:
    with _app(tmp_path, api_requests=1, api_requests_burst=3) as client:
        assert [client.get("/api/release").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        answer = client.get("/api/resources?limit=1")
        told = answer.json()
        assert (
            answer.headers["content-type"] == "application/problem+json"
            and answer.headers["cache-control"] == "no-store"
        )
        assert int(answer.headers["retry-after"]) == told["retry_after"] >= 1 and "seconds" in told["detail"]
        other = client.get("/api/release", headers={"user-agent": "somebody else"})
        assert other.status_code == 200
        assert client.get("/", headers={"accept": "text/html"}).status_code == 200
        # Who changes the name only has what its address has: four times as much.
        answers = [client.get("/api/release", headers={"user-agent": f"agent {n}"}).status_code for n in range(12)]
        assert answers.count(200) == 8 and answers[-1] == 429


def test_a_registry_may_have_no_limit(tmp_path: Path) -> None:
    with _app(tmp_path, api_requests=0) as client:
        assert {client.get("/api/release").status_code for _ in range(20)} == {200}


def test_what_goes_away_is_told_in_headers_and_in_the_description(tmp_path: Path) -> None:
    small.build(tmp_path)
    app = create_app(Settings(data=tmp_path), messages=small.MESSAGES, base=small.BASE)
    app.add_middleware(sunset.Leaving, going=GOING)
    openapi.describe(app, GOING)
    with TestClient(app) as client:
        told = client.get("/api/overlap")
        assert told.headers["deprecation"] == "@1795996800"
        assert told.headers["sunset"] == "Wed, 30 Jun 2027 00:00:00 GMT"
        elsewhere = client.get("/api/overlap", headers={"origin": "https://x.example"}).headers
        assert {"Deprecation", "Sunset", "Link"} <= set(elsewhere["access-control-expose-headers"].split(", "))
        assert '</api/matches>; rel="successor-version"' in told.headers["link"]
        assert 'rel="deprecation"' in told.headers["link"]
        assert "deprecation" in client.get("/api/overlap?x=1").headers, "also with an error"
        assert "deprecation" in client.get("/api/matches?within=false").headers
        assert "<https://registry.example/docs>" in client.get("/api/matches?within=").headers["link"]
        one = client.get("/api/matches?limit=1").json()["items"][0]["id"]
        assert "deprecation" in client.head(f"/api/matches/{one}").headers
        for path in ("/api/matches", "/api/release", "/api/matches?relation=within"):
            assert not {"deprecation", "sunset"} & set(client.get(path).headers)
        paths = client.get("/openapi.json").json()["paths"]
        assert paths["/api/overlap"]["get"]["deprecated"] is True and "deprecated" not in paths["/api/matches"]["get"]
        marked = [p["name"] for p in paths["/api/matches"]["get"]["parameters"] if p.get("deprecated")]
        assert marked == ["within"]


def test_the_date_is_a_structured_one() -> None:
    headers = dict(GOING[0].headers(""))
    assert headers[b"deprecation"] == b"@1795996800"  # 2026-11-30T00:00:00Z (RFC 9745, section 2.1)


def test_what_is_announced_has_half_a_year_and_is_of_the_api(tmp_path: Path) -> None:
    row = {"path": "/api/overlap", "parameter": "", "since": "2026-11-30", "sunset": "2027-02-01", "instead": "/api"}
    with pytest.raises(ValueError, match="180"):
        sunset.read(row)
    assert sunset.read({**row, "sunset": "2027-06-30"}) == replace(GOING[0], instead="/api")
    with _app(tmp_path) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert all(one.path in paths for one in sunset.load())
