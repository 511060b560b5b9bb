"""Lists that academies send in, over HTTP: what they would change, their publication, their being taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.sent_lists import TITLES, Sent, bearer, csv, registry

from registry.ledger import decisions, log, reviews, tasks, uploads, utc_now
from registry.ledger.connection import transaction
from registry.pipeline import publisher
from registry.pipeline import uploads as uploading
from registry.pipeline.doctor import examine
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import opened


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    with registry(tmp_path_factory.mktemp("lists")) as found:
        yield found


@pytest.fixture(scope="module")
def north(sent: Sent) -> str:
    return sent.token("publisher", "north")


def keys(group: dict[str, object]) -> list[str]:
    return [entry["key"] for entry in group["entries"]]  # type: ignore[index, attr-defined]


def test_a_list_is_seen_before_it_is_public_and_taken_back_with_what_came_after(sent: Sent, north: str) -> None:
    first = sent.put(north, csv(*TITLES), name="list.csv").json()
    assert (first["state"], first["preview"]["new"]["total"], sent.standing()) == ("previewed", 5, {})
    assert first["preview"]["gate"] == {"passes": True}
    published = sent.confirm(north, first["id"]).json()
    assert published["state"] == "published" and published["revert_until"] > utc_now()
    before = sent.standing()
    assert list(before.values()) == list(TITLES)

    # One new, one changed, one gone, one held back.
    other = csv(*TITLES[1:], "Machine learning", extra="c77,A broken one,x,,en,\n").replace(
        b"Weighting,", b"Weights,", 1
    )
    other = other.replace(b"c77,A broken one,x,,en,", b"c77,Held,x,javascript:alert(1),en")
    second = sent.put(north, other).json()
    told = second["preview"]
    assert (keys(told["changed"]), keys(told["gone"])) == (["c4"], ["c0"])
    assert "c104" in keys(told["new"]) and told["records"] == 6
    assert told["public"] == 5 - 1 + told["new"]["total"]
    assert any("Weighting" in line and "Weights" in line for line in told["changed"]["entries"][0]["changes"])
    assert sent.standing() == before, "a preview changes nothing"
    assert sent.confirm(north, second["id"]).json()["state"] == "published"
    after = sent.standing()
    assert after["c4"] == "Weights" and "c0" not in after and "c104" in after

    # The first is taken back after the second was published: nothing had stood before it.
    assert sent.revert(north, second["id"]).json()["state"] == "withdrawn"
    assert sent.standing() == before
    assert sent.states()[first["id"]] == "published"
    again = sent.put(north, other).json()
    sent.confirm(north, again["id"])
    assert sent.revert(north, first["id"]).json()["state"] == "withdrawn"
    assert sent.standing() == {}
    assert sent.states()[again["id"]] == "withdrawn", "what came after it went with it"
    assert sent.revert(north, first["id"]).status_code == 200, "twice is once"


def test_the_gate_stands_before_what_is_sent_in(sent: Sent, north: str) -> None:
    admin = sent.token("admin")
    full = sent.put(north, csv(*TITLES)).json()
    sent.confirm(north, full["id"])
    less = sent.put(north, csv(*TITLES[:2])).json()
    assert less["preview"]["gate"]["passes"] is False and less["preview"]["gate"]["code"] == "upload-drop"
    assert less["preview"]["gone"]["total"] == 3
    refused = sent.confirm(north, less["id"])
    assert refused.status_code == 409 and "3 of 5" in refused.json()["detail"]
    pressed = sent.confirm(north, less["id"], accept_drop=True)
    assert pressed.status_code == 409 and "role admin" in pressed.json()["detail"]
    assert len(sent.standing()) == 5
    # The preview that the refusals asked for waits still: it does not undo what is confirmed before its turn.
    assert sent.confirm(admin, less["id"], accept_drop=True).json()["state"] == "published"
    assert len(sent.standing()) == 2
    assert sent.revert(north, less["id"]).json()["state"] == "withdrawn", "what it took comes back"
    assert len(sent.standing()) == 5


def test_what_is_confirmed_while_its_preview_is_made_anew_is_published(
    sent: Sent, north: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sent.put(north, csv(*TITLES)).json()
    connection = sent.ledger()
    with transaction(connection):
        tasks.ask(connection, "preview", "north", "north-list", now=utc_now(), by="north", upload=one["id"])
    connection.close()
    preview, asked = uploading.preview, []

    def confirmed(house: Any, upload: Any) -> Any:
        found = preview(house, upload)
        address = f"/api/academies/north/uploads/{one['id']}/confirm"
        asked.append(sent.client.post(address, headers=bearer(north), params={"wait": 0}).status_code)
        return found

    monkeypatch.setattr(uploading, "preview", confirmed)
    sent.work()
    assert asked == [202] and sent.states()[one["id"]] == "published" and len(sent.standing()) == 5


def test_a_preview_of_another_state_is_not_agreed_to(sent: Sent, north: str) -> None:
    one = sent.put(north, csv(*TITLES, "Surveys by telephone")).json()
    connection = sent.ledger()
    key = next(change.key for change in log.published_of(connection, "north-list"))
    with transaction(connection):
        log.append(connection, time=utc_now(), kind="tombstone", subject=_record(key), cause="source",
                   feed="north-list", key=key)  # fmt: skip
    connection.close()
    refused = sent.confirm(north, one["id"])
    assert refused.status_code == 409 and "changed since" in refused.json()["detail"]
    before = sent.standing()
    sent.work()
    again = sent.client.get(one["self"], headers=bearer(north)).json()
    assert again["preview"]["public"] == one["preview"]["public"] - 1, "made anew"
    assert sent.standing() == before


def _record(key: str) -> str:
    return f"http://localhost:8000/id/record/north-list/{key}"


def test_the_nightly_visit_reads_what_was_sent_in(sent: Sent, north: str) -> None:
    one = sent.put(north, csv(*TITLES, "Imputation")).json()
    sent.confirm(north, one["id"])
    connection = sent.ledger()
    last = log.last_sequence(connection)
    with opened(sent.settings) as house:
        runs = harvest_feeds(house, house.feeds, lambda *_: None)
    assert [(run.feed, run.outcome) for run in runs] == [("north-list", "done"), ("south-list", "done")]
    assert runs[0].counts["records"] == 6 and log.last_sequence(connection) == last
    asked = sent.client.post("/api/academies/north/visits", headers={"authorization": f"Bearer {north}"})
    assert asked.status_code == 202
    sent.work()
    task = sent.client.get(asked.json()["self"], headers={"authorization": f"Bearer {north}"}).json()
    assert (task["state"], task["outcome"]["outcome"]) == ("done", "done")
    assert log.last_sequence(connection) == last
    connection.close()


def test_whom_a_new_entry_resembles(sent: Sent, north: str) -> None:
    publish(sent)
    south = sent.token("publisher", "south")
    found = sent.put(south, csv("Version control with Git", "Drones"), "south").json()["preview"]
    alike = {entry["title"]["en"]: entry["resembles"] for entry in found["new"]["entries"]}
    assert alike["Drones"] == [] and found["compared"]
    assert [(one["academy"], one["title"]["en"]) for one in alike["Version control with Git"]] == [
        ("north", "Version control with Git")
    ]
    assert sent.standing("south-list") == {}


def test_decisions_and_answers_on_what_was_sent_in(sent: Sent, north: str) -> None:
    south = sent.token("publisher", "south", name="south's clerk")
    listed = sent.client.get("/api/academies/south/uploads", headers=bearer(south)).json()["items"]
    assert sent.confirm(south, listed[0]["id"], "south").json()["state"] == "published"
    publish(sent)
    pair = sent.client.get("/api/matches", params={"academy": ["north", "south"]}).json()["items"][0]
    connection = sent.ledger()
    for name, office in (("Ana", ""), ("Sue", "south")):
        reviews.add_reviewer(connection, reviews.Reviewer(name, ("en",), office, utc_now()))
    ana, sue = sent.token("reviewer", name="Ana"), sent.token("reviewer", "south", name="Sue")
    there = f"/api/matches/{pair['id']}/decisions"

    own = sent.client.post(there, json={"answer": "same"}, headers=bearer(sue))
    assert own.status_code == 403 and "own office" in own.json()["detail"]
    assert sent.client.post(there, json={"answer": "perhaps"}, headers=bearer(ana)).status_code == 400
    assert (
        sent.client.post("/api/matches/x/decisions", json={"answer": "same"}, headers=bearer(ana)).status_code == 404
    )
    made = sent.client.post(there, json={"answer": "other-edition", "source": "unknown"}, headers=bearer(ana))
    assert made.status_code == 201 and made.json()["relation"] == "version" and made.json()["id"] == 1
    word = {"answer": "not-related", "note": "Ours is for beginners"}
    mine = next(side for side in (pair["left"], pair["right"]) if side["academy"] == "south")
    other = next(side for side in (pair["left"], pair["right"]) if side["academy"] == "north")
    refused = sent.client.post(
        f"/api/resources/{other['id']}/answers",
        json={"answer": "same", "other": "north-list/c0"},
        headers=bearer(south),
    )
    assert refused.status_code == 409
    answered = sent.client.post(
        f"/api/resources/{mine['id']}/answers", json={**word, "other": other["iri"]}, headers=bearer(south)
    )
    assert answered.status_code == 201 and answered.json()["academy"] == "south"

    back = "/api/decisions/{}/withdrawal"
    assert sent.client.post(back.format(2), json={"reason": "x"}, headers=bearer(ana)).status_code == 409
    assert sent.client.post(back.format(2), json={"reason": "x"}, headers=bearer(north)).status_code == 409
    refused = sent.client.post(back.format(1), json={"reason": "x"}, headers=bearer(south))
    assert refused.status_code == 403 and "reviewers take it back" in refused.json()["detail"]
    assert sent.client.post(back.format(1), json={"reason": "mistaken"}, headers=bearer(ana)).json()["undone"]
    assert [one.verdict for one in decisions.standing(connection)] == ["reject"]
    connection.close()
    acts = [row for row in sent.audit() if row[1] in ("decision", "answer", "decision taken back")]
    assert [outcome for *_, outcome in acts].count("done") == 3 and len(acts) == 10, acts

    # What was decided comes back from the ledger alone.
    publish(sent)
    before = sent.client.get(f"/api/matches/{pair['id']}").json()
    with opened(sent.settings) as house:
        publisher.drop(house, publisher.PROJECTIONS)
    publish(sent)
    after = sent.client.get(f"/api/matches/{pair['id']}").json()
    assert before["status"] == "rejected" and after == before


def publish(sent: Sent) -> None:
    with opened(sent.settings) as house:
        publisher.publish_now(house, lambda *_: None, anew=True)


def test_what_a_kill_left_running_is_done_again(sent: Sent, north: str) -> None:
    one = sent.put(north, csv(*TITLES, "Big data")).json()
    connection = sent.ledger()
    with transaction(connection):
        uploads.move(connection, one["id"], ["previewed"], "publishing")
        tasks.ask(connection, "publish", "north", "north-list", now=utc_now(), by="x", upload=one["id"])
        assert tasks.take(connection, utc_now()) is not None
    connection.close()
    assert sent.states()[one["id"]] == "publishing"
    sent.work()
    assert sent.states()[one["id"]] == "published" and "Big data" in sent.standing().values()


def test_a_list_that_cannot_be_read_says_what_to_mend(sent: Sent, north: str) -> None:
    answer = sent.put(north, b"<html><body>Sign in", name="courses.csv")
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()["problems"][0]
    assert problem["code"] == "table-web-page" and set(problem["mend"]) == {"en", "fr", "es"}
    assert "courses.csv" in problem["message"]["fr"]
    assert len(sent.standing()) > 0


def test_what_is_too_large_is_not_read(sent: Sent, north: str) -> None:
    asked = sent.put(north, b"x" * ((1 << 20) + 1))
    assert asked.status_code == 413 and asked.json()["title"]
    packed = sent.client.put(
        "/api/academies/north/list", content=b"x",
        headers={"authorization": f"Bearer {north}", "content-encoding": "gzip"},
    )  # fmt: skip
    assert packed.status_code == 415
    assert sent.audit()[-1][1:] == ("list sent in", "refused")


def test_after_thirty_days_a_list_stays(sent: Sent, north: str) -> None:
    last = max(number for number, state in sent.states().items() if state == "published")
    connection = sent.ledger()
    connection.execute("UPDATE upload SET published='2020-01-01T00:00:00Z' WHERE id=?", (last,))
    connection.close()
    before = sent.standing()
    late = sent.revert(north, last)
    assert late.status_code == 409 and "2020-01-31" in late.json()["detail"]
    assert sent.standing() == before and sent.states()[last] == "published"


def test_a_folder_of_an_academy_without_tables(sent: Sent, tmp_path: Path) -> None:
    file = sent.settings.academies / "south.toml"
    kept = file.read_text("utf-8")
    file.write_text(kept.split("[[feeds]]")[0], "utf-8")
    try:
        answer = sent.put(sent.token("publisher", "south"), csv(*TITLES), "south")
        assert answer.status_code == 409 and "south has no list" in answer.json()["detail"]
    finally:
        file.write_text(kept, "utf-8")


def test_doctor_says_when_nobody_does_the_work(sent: Sent) -> None:
    connection = sent.ledger()
    with transaction(connection):
        number = tasks.ask(connection, "visit", "north", "north-list", now="2026-01-01T00:00:00Z", by="x")
    with opened(sent.settings) as house:
        assert [one.ok for one in examine(house) if one.what == "work"] == [False]
        with transaction(connection):
            tasks.end(connection, number, "done", {}, utc_now())
        assert [one.ok for one in examine(house) if one.what == "work"] == [True]
    connection.close()


def test_what_is_held_back_is_shown_to_its_academy_alone(sent: Sent) -> None:
    south = sent.token("publisher", "south")
    rows = csv("Version control with Git", "Drones").decode().splitlines()
    lines = [f"{rows[0]},type,start,end", *(f"{row},course,," for row in rows[1:])]
    late = "x1,Ends before it begins,Two days of it,https://south.example/x,en,seminar,2026-03-02,2026-03-01"
    body = "\n".join([*lines, late, ""]).encode()
    one = sent.put(south, body, "south").json()
    held = one["preview"]["held"]
    assert (held["total"], held["entries"][0]["key"]) == (1, "x1")
    assert held["entries"][0]["where"] == "row 4" and held["entries"][0]["to_mend"][0]["mend"]["es"]
    assert "x1" not in keys(one["preview"]["new"])
    assert sent.confirm(south, one["id"], "south").json()["state"] == "published"
    assert "x1" not in sent.standing("south-list")
    own = sent.client.get("/api/academies/south/private", headers=bearer(south)).json()
    assert [entry["key"] for entry in own["held"]] == ["x1"] and "Ends before it begins" in own["held"][0]["text"]
    assert own["held"][0]["to_mend"] and not own["held"][0]["published"]
    assert sent.client.get("/api/academies/south/private").status_code == 401
    assert "Ends before it begins" not in sent.client.get("/api/academies/south/issues").text
