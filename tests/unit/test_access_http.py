"""Who may write: tokens, invitations, sessions; what is refused and how; that all of it stands in the audit trail."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as some
from support import small_release as small
from support.sent_lists import FAR, OPERATOR, TITLES, Sent, bearer, csv, registry

from registry.ledger import invites, reviews, tokens, utc_now
from registry.ledger.tokens import SCOPES
from registry.pipeline.acting import Acting
from registry.settings import Settings
from registry.web.app import create_app

PAST = "2020-01-01T00:00:00Z"
HTML = {"accept": "text/html"}


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Sent]:
    with registry(tmp_path) as found:
        yield found


def writes(sent: Sent, token: str) -> list[tuple[int, dict[str, Any]]]:
    """What every writing address of the north answers to a token."""
    ask, head = sent.client.request, bearer(token) if token else {}
    here = "/api/academies/north"
    answers = [
        ask("PUT", f"{here}/list", content=csv(*TITLES), headers=head, params={"wait": 0}),
        ask("POST", f"{here}/uploads/1/confirm", headers=head, params={"wait": 0}),
        ask("POST", f"{here}/uploads/1/revert", headers=head, params={"wait": 0}),
        ask("POST", f"{here}/visits", headers=head),
        ask("POST", "/api/matches/x/decisions", json={"answer": "same"}, headers=head),
        ask("POST", "/api/resources/north-list/x/answers", json={"answer": "same", "other": "a/b"}, headers=head),
        ask("POST", "/api/decisions/1/withdrawal", json={"reason": "x"}, headers=head),
    ]
    return [(one.status_code, one.json()) for one in answers]


def reads(sent: Sent, token: str) -> list[int]:
    paths = ("/api/account", "/api/academies/north/uploads", "/api/academies/north/uploads/1",
             "/api/academies/north/private", "/api/academies/north/tasks/1", "/api/audit")  # fmt: skip
    return [sent.client.get(path, headers=bearer(token) if token else {}).status_code for path in paths]


def test_nobody_and_bad_tokens_are_refused_alike(sent: Sent) -> None:
    sent.token("publisher", "north")
    expired = sent.token("publisher", "north", expires="2020-06-01T00:00:00Z", now=PAST)
    revoked = sent.token("publisher", "north")
    connection = sent.ledger()
    assert tokens.revoke(connection, int(revoked.split("_")[1]), utc_now(), OPERATOR)
    assert not tokens.revoke(connection, int(revoked.split("_")[1]), utc_now(), OPERATOR)
    connection.close()
    forged = "ma_1_" + "A" * 43
    told = set()
    for bad in (
        forged,
        expired,
        revoked,
        "ma_99_" + "A" * 43,
        "ma_1_" + expired.split("_", 2)[2],
        "x",
        "ma_0_",
        "é"[:0],
    ):
        answer = sent.client.get("/api/academies/north/private", headers=bearer(bad))
        assert answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == 'Bearer realm="meta-academy", error="invalid_token"'
        told.add(answer.text)
    assert len(told) == 1
    for token in ("", revoked):
        assert {status for status, _ in writes(sent, token)} == {401}
    assert "error" not in sent.client.get("/api/account").headers["www-authenticate"]
    trail = [row for row in sent.audit() if row[2] == "refused"]
    assert len(trail) == 15 and {who for who, *_ in trail} == {"", "root"}


def test_each_role_has_its_own(sent: Sent) -> None:
    connection = sent.ledger()
    reviews.add_reviewer(connection, reviews.Reviewer("Ana", ("en",), "", utc_now()))
    connection.close()
    by_role = {
        "north": sent.token("publisher", "north"), "south": sent.token("publisher", "south"),
        "reviewer": sent.token("reviewer", name="Ana"), "admin": sent.token("admin"),
        "less": sent.token("publisher", "north", scopes=("answers",)),
    }  # fmt: skip
    answers = {name: writes(sent, token) for name, token in by_role.items()}
    statuses = {name: [status for status, _ in some] for name, some in answers.items()}
    # list, confirm, revert, visit; decision, answer, withdrawal. The first list is still being looked at: 409.
    assert statuses["north"] == [202, 409, 409, 202, 403, 409, 409]
    assert statuses["south"] == [403, 403, 403, 403, 403, 409, 409]
    assert statuses["reviewer"] == [403, 403, 403, 403, 503, 403, 409]
    assert statuses["admin"] == [202, 409, 409, 202, 403, 403, 403]
    assert statuses["less"] == [403, 403, 403, 403, 403, 409, 409]
    assert reads(sent, by_role["north"]) == [200, 200, 200, 200, 200, 403]
    assert reads(sent, by_role["south"]) == [200, 403, 403, 403, 403, 403]
    assert reads(sent, by_role["reviewer"]) == [200, 403, 403, 403, 403, 403]
    assert reads(sent, by_role["admin"]) == [200] * 6
    assert reads(sent, "") == [401] * 6
    foreign = answers["south"][0][1]
    assert "publisher of north or admin" in foreign["detail"] and foreign["required_role"] == ["publisher", "admin"]
    assert "scope" in answers["less"][0][1]["detail"]


def test_every_write_stands_in_the_audit_trail(sent: Sent) -> None:
    north, admin = sent.token("publisher", "north", name="bot"), sent.token("admin", name="boss")
    before = len(sent.audit())
    asked = writes(sent, north)
    rows = sent.audit()[before:]
    assert [(who, outcome) for who, _, outcome in rows] == [
        ("bot", "done" if status < 300 else "refused") for status, _ in asked
    ]
    shown = sent.client.get("/api/audit", params={"limit": 2}, headers=bearer(admin)).json()["items"]
    assert [one["action"] for one in shown] == ["decision taken back", "answer"]
    assert shown[0]["credential"] == "token 1" and shown[0]["academy"] == "north"
    connection = sent.ledger()
    for change in ("UPDATE audit SET who='x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
    assert tokens.listed(connection)[0].used
    secret = connection.execute("SELECT digest FROM token").fetchone()[0]
    assert re.fullmatch("[0-9a-f]{64}", secret) and secret not in north
    dumped = "\n".join(connection.iterdump())
    connection.close()
    assert north.split("_", 2)[2] not in dumped


def test_too_much_is_put_off(sent: Sent) -> None:
    for _ in range(45):
        answer = sent.client.get("/api/account", headers=bearer("x"))
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
    assert sent.client.get("/api/account", headers=bearer(sent.token("admin"))).status_code == 200, "others go on"


def invitation(sent: Sent, role: str = "publisher", academy: str = "north", expires: str = FAR, now: str = "") -> str:
    connection = sent.ledger()
    try:
        return invites.make(
            connection, name="Nora", role=role, academy=academy, expires=expires, session_days=14,
            now=now or utc_now(), by=OPERATOR,
        )[1]  # fmt: skip
    finally:
        connection.close()


def csrf_of(page: str) -> str:
    return re.findall(r'name="csrf" value="([0-9a-f]{64})"', page)[0]


def signed_in(sent: Sent, **more: str) -> str:
    """Sign in by a new link; the token that forms carry."""
    secret = invitation(sent, **more)
    page = sent.client.get(f"/invitation/{secret}", headers=HTML)
    answer = sent.client.post(f"/invitation/{secret}", data={"csrf": csrf_of(page.text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    return csrf_of(sent.client.get("/account", headers=HTML).text)


def test_a_link_signs_in_once_by_its_button(sent: Sent) -> None:
    secret = invitation(sent)
    pages = [sent.client.get(f"/invitation/{secret}", headers=HTML) for _ in range(3)]
    assert [page.status_code for page in pages] == [200] * 3, "looking at it uses nothing up"
    assert "ma_session" not in sent.client.cookies and pages[0].headers["cache-control"] == "no-store"
    # Another site's form, and one without the page, do nothing.
    for data, headers in (
        ({}, {}), ({"csrf": "0" * 64}, {}),
        ({"csrf": csrf_of(pages[-1].text)}, {"origin": "https://evil.example"}),
        ({"csrf": csrf_of(pages[-1].text)}, {"sec-fetch-site": "cross-site"}),
    ):  # fmt: skip
        assert sent.client.post(f"/invitation/{secret}", data=data, headers=headers).status_code == 403
    answer = sent.client.post(f"/invitation/{secret}", data={"csrf": csrf_of(pages[-1].text)})
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("ma_session"))
    assert answer.status_code == 303
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=1209600"} <= set(
        cookie.split("; ")
    ) and "Secure" not in cookie
    again = sent.client.post(f"/invitation/{secret}", data={"csrf": csrf_of(pages[-1].text)})
    assert again.status_code == 404 and "used already" in again.text
    assert sent.client.get(f"/invitation/{secret}", headers=HTML).status_code == 404
    assert [row[1:] for row in sent.audit() if row[1] == "signed in"] == [
        ("signed in", "done"),
        ("signed in", "refused"),
    ]


def test_links_that_sign_in_nobody(sent: Sent) -> None:
    late = invitation(sent, expires="2020-06-01T00:00:00Z", now=PAST)
    back = invitation(sent)
    connection = sent.ledger()
    assert invites.revoke(connection, int(back.split("-")[0]), utc_now(), OPERATOR)
    connection.close()
    pages = {
        sent.client.get(f"/invitation/{bad}", headers=HTML).text
        for bad in (late, back, "1-" + "A" * 43, "99-" + "A" * 43, "x")
    }
    assert len({re.sub(r'href="[^"]*"', "", page) for page in pages}) == 1


def test_a_link_is_used_once_by_two_at_the_same_moment(sent: Sent) -> None:
    secret = invitation(sent)

    def redeem(_: int) -> bool:
        connection = sent.ledger()
        try:
            return invites.redeem(connection, secret, utc_now(), FAR) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(redeem, range(8))) == 1


def test_a_session_writes_with_its_token_only(sent: Sent) -> None:
    csrf = signed_in(sent)
    account = sent.client.get("/api/account").json()
    assert (account["role"], account["academy"], account["csrf"]) == ("publisher", "north", csrf)
    visits = "/api/academies/north/visits"
    assert sent.client.post(visits).status_code == 403
    assert sent.client.post(visits, headers={"x-csrf-token": "0" * 64}).status_code == 403
    other = {"x-csrf-token": csrf, "origin": "https://evil.example"}
    assert sent.client.post(visits, headers=other).status_code == 403
    assert sent.client.post(visits, headers={"x-csrf-token": csrf}).status_code == 202
    for path in ("/account/visits", "/account/sign-out", "/account/lists", "/account/uploads/1/confirm"):
        assert sent.client.post(path, data={"csrf": "0" * 64}).status_code == 403, path
    assert sent.client.post("/account/sign-out", data={"csrf": csrf}).status_code == 303
    assert "not signed in" in sent.client.get("/account", headers=HTML).text
    assert [row[1] for row in sent.audit() if row[2] == "done"][-1] == "signed out"


def test_a_session_that_is_over(sent: Sent) -> None:
    csrf = signed_in(sent)
    cookie = sent.client.cookies["ma_session"]
    assert sent.client.get("/api/account").status_code == 200
    connection = sent.ledger()
    connection.execute("UPDATE session SET expires=?", (PAST,))
    assert sent.client.get("/api/account").status_code == 401
    assert sent.client.post("/account/visits", data={"csrf": csrf}).status_code == 401
    connection.execute("UPDATE session SET expires=?", (FAR,))
    assert sent.client.get("/api/account").status_code == 200
    assert invites.revoke(connection, 1, utc_now(), OPERATOR), "and its sessions end"
    connection.close()
    assert sent.client.get("/api/account").status_code == 401
    sent.client.cookies.set("ma_session", cookie[:-1] + ("A" if cookie[-1] != "A" else "B"))
    assert sent.client.get("/api/account").status_code == 401


def test_a_list_through_the_pages(sent: Sent) -> None:
    csrf = signed_in(sent)
    file = {"file": ("mine.csv", csv(*TITLES), "text/csv")}
    asked = sent.client.post("/account/lists", data={"csrf": csrf, "feed": "north-list"}, files=file)
    assert (asked.status_code, asked.headers["location"]) == (303, "/account/uploads/1")
    page = sent.client.get("/account/uploads/1", headers=HTML).text
    assert 'http-equiv="refresh"' in page
    sent.work()
    for language, word in (("en", "New: 5"), ("fr", "Nouveau : 5"), ("es", "Nuevo: 5")):
        page = sent.client.get(f"/account/uploads/1?lang={language}", headers=HTML).text
        assert word in page and "Version control with Git" in page
    sent.client.post("/account/uploads/1/confirm", data={"csrf": csrf})
    sent.work()
    assert len(sent.standing()) == 5
    assert "mine.csv" in sent.client.get("/account", headers=HTML).text
    sent.client.post("/account/uploads/1/revert", data={"csrf": csrf})
    sent.work()
    assert sent.standing() == {}
    large = {"file": ("big.csv", b"x" * (1 << 21), "text/csv")}
    assert sent.client.post("/account/lists", data={"csrf": csrf}, files=large).status_code == 413
    assert sent.client.post("/account/lists", data={"csrf": csrf}).status_code == 400
    assert (
        sent.client.post("/account/lists", content=b"--x", headers={"content-type": "multipart/form-data"}).status_code
        == 400
    )
    # The south's page is not the north's.
    south = bearer(sent.token("publisher", "south"))
    sent.client.put("/api/academies/south/list", params={"wait": 0}, content=csv("Drones"), headers=south)
    assert sent.client.get("/account/uploads/2", headers=HTML).status_code == 403


def test_cookies_travel_encrypted_where_the_registry_is(tmp_path: Path) -> None:
    with registry(tmp_path) as sent:
        secret = invitation(sent)
        safe = Settings(data=sent.settings.data, academies=sent.settings.academies, base="https://registry.example")
        app = create_app(safe, ledger_path=sent.settings.data / "ledger.sqlite", acts=Acting(safe))
        with TestClient(app, base_url="https://registry.example", follow_redirects=False) as client:
            page = client.get(f"/invitation/{secret}")
            answer = client.post(f"/invitation/{secret}", data={"csrf": csrf_of(page.text)})
            assert all("Secure" in line for line in answer.headers.get_list("set-cookie"))


@effort(max_examples=60, deadline=None)
@given(text=some.text(max_size=80) | some.from_regex(r"ma_[0-9]{1,12}_[A-Za-z0-9_-]{40,46}", fullmatch=True))
def test_no_text_is_a_token(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE token (id INTEGER, name, role, academy, scopes, made, made_by, expires, used, revoked, digest)"
    )
    connection.execute(
        "INSERT INTO token VALUES (1,'n','admin','','lists','','',?,'','',?)", (FAR, tokens.digest("x"))
    )
    assert tokens.find(connection, text, utc_now()) is None


@pytest.mark.parametrize(
    ("role", "academy", "scopes"),
    [("king", "", ()), ("publisher", "", ()), ("admin", "north", ()), ("reviewer", "", ("lists",)), ("publisher", "north", ("audit",))],
)  # fmt: skip
def test_rights_that_nobody_gets(role: str, academy: str, scopes: tuple[str, ...]) -> None:
    with pytest.raises(tokens.BadGrant):
        tokens.grant("Nora", role, academy, scopes)
    assert tokens.grant("Nora", "publisher", "north") == SCOPES["publisher"]


def test_openapi_names_the_schemes_and_docs_every_route(sent: Sent) -> None:
    document = sent.client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert {one["type"] for one in schemes.values()} == {"http", "apiKey"}
    told = (small_root() / "docs" / "access.md").read_text("utf-8")
    count = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "roles" in operation.get("tags", ()):
                count += 1
                assert operation["security"], path
                assert f"`{method.upper()} {path}`" in told, (method, path)
    assert count == 13


def small_root() -> Path:
    return Path(small.__file__).resolve().parents[2]
