"""What the ledger keeps of matching: notices with an injected clock, identity that replays, models with a way back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.ledger import connect, identity, log, models, notices
from registry.model import IdentityEvent

NOW = "2026-01-01T00:00:00Z"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "ledger.sqlite")
    yield connection
    connection.close()


def test_a_notice_ends_when_the_clock_says_so_and_by_one_change(ledger: sqlite3.Connection) -> None:
    assert notices.begin(ledger, [("b", "a"), ("a", "c")], "2026-01-01T00:00:00Z") == 2
    assert notices.begin(ledger, [("a", "c"), ("c", "d")], "2026-01-10T12:00:00Z") == 1
    assert notices.due(ledger, "2026-01-14T23:59:59Z", 14) == []
    assert notices.due(ledger, "2026-01-15T00:00:00Z", 14) == [("a", "b"), ("a", "c")]
    assert notices.due(ledger, "2026-01-10T12:00:00Z", 0) == [("a", "b"), ("a", "c"), ("c", "d")]
    sequence = notices.end(ledger, [("c", "a"), ("a", "b"), ("x", "y")], "2026-01-15T00:00:00Z")
    (change,) = log.changes(ledger)
    assert (change.sequence, change.kind, change.cause, change.time) == (
        sequence, "notice-ended", "clock", "2026-01-15T00:00:00Z",
    )  # fmt: skip
    assert notices.end(ledger, [("a", "b")], NOW) is None and log.last_sequence(ledger) == sequence
    assert list(notices.ended(ledger)) == [("a", "b"), ("a", "c")]
    assert list(notices.running(ledger)) == [(("c", "d"), "2026-01-10T12:00:00Z")]
    second = notices.end(ledger, [("c", "d")], "2026-01-15T00:00:00Z")
    assert sequence is not None and second == sequence + 1, "another in the same second is another change"
    assert notices.ended_after(ledger, sequence) == [("c", "d")]
    assert notices.ended_after(ledger, 0) == [("a", "b"), ("a", "c"), ("c", "d")]
    assert notices.begin(ledger, [("a", "b")], NOW) == 0, "an ended one does not begin again"
    assert notices.forget(ledger, [("b", "a"), ("n", "o")]) == 1
    assert notices.begin(ledger, [("a", "b")], NOW) == 1, "unless it was no match in between"
    assert notices.ended_after(ledger, 0) == [("a", "c"), ("c", "d")]


def test_many_notices_take_little_time(ledger: sqlite3.Connection) -> None:
    pairs = [(f"https://registry.example/id/resource/one/{n}", f"https://registry.example/id/resource/two/{n}")
             for n in range(20_000)]  # fmt: skip
    start = time.monotonic()
    notices.begin(ledger, pairs, NOW)
    assert len(notices.due(ledger, NOW, 0)) == len(pairs)
    notices.end(ledger, pairs, NOW)
    assert sum(1 for _ in notices.ended(ledger)) == len(pairs)
    assert log.last_sequence(ledger) == 1
    assert time.monotonic() - start < 10  # 0.6 s when measured; a quadratic one takes minutes


def created(id_: str, *members: str) -> IdentityEvent:
    return IdentityEvent("work", "created", id_, members=members)


def test_identity_replays_with_redirects_resolved_to_the_end(ledger: sqlite3.Connection) -> None:
    assert identity.append(ledger, [], NOW) is None
    first = identity.append(
        ledger,
        [created("w1", "a", "b"), created("w2", "c", "d"), created("w3", "e", "f"),
         IdentityEvent("cluster", "created", "c1", members=("a", "b"))],
        NOW,
    )  # fmt: skip
    assert first == 1
    before = identity.state(ledger)
    identity.append(
        ledger,
        [
            IdentityEvent("work", "absorbed", "w2", other="w1"),
            IdentityEvent("work", "grown", "w1", members=("a", "b", "c", "d")),
            IdentityEvent("work", "absorbed", "w1", other="w3"),
            IdentityEvent("work", "grown", "w3", members=("a", "b", "c", "d", "e", "f")),
            IdentityEvent("cluster", "retired", "c1"),
        ],
        "2026-01-02T00:00:00Z",
    )
    identity.append(
        ledger,
        [
            IdentityEvent("work", "split", "w4", other="w3", members=("a", "b")),
            IdentityEvent("work", "grown", "w3", members=("c", "d", "e")),
        ],
        "2026-01-03T00:00:00Z",
    )
    state = identity.state(ledger)
    assert state.groups == {"cluster": {}, "work": {"w3": ("c", "d", "e"), "w4": ("a", "b")}}
    assert state.redirects == {"w1": "w3", "w2": "w3"}
    assert state.retired == {"c1": ("a", "b")}
    assert identity.resolve(ledger, "w2") == identity.Resolved("w3", "work", False)
    assert identity.resolve(ledger, "c1") == identity.Resolved("c1", "cluster", True)
    assert identity.resolve(ledger, "w9") is None
    assert identity.state(ledger, first) == before
    identity.append(ledger, [IdentityEvent("cluster", "revived", "c1", members=("a", "z"))], NOW)
    assert identity.state(ledger).groups["cluster"] == {"c1": ("a", "z")} and not identity.state(ledger).retired
    assert [(change.kind, change.cause) for change in log.changes(ledger)] == [("identity", "rules")] * 4
    told = list(identity.events(ledger, after=1, until=2))
    assert [(one.kind, one.id, one.sequence, one.time) for one in told][:2] == [
        ("absorbed", "w2", 2, "2026-01-02T00:00:00Z"), ("grown", "w1", 2, "2026-01-02T00:00:00Z"),
    ]  # fmt: skip
    assert identity.counts(ledger, after=2) == {
        ("work", "split"): 1, ("work", "grown"): 1, ("cluster", "revived"): 1,
    }  # fmt: skip


def test_churn_is_of_members_that_had_an_id_and_have_another(ledger: sqlite3.Connection) -> None:
    identity.append(ledger, [created("w1", "a", "b", "x"), created("w2", "c", "d")], NOW)
    before = identity.state(ledger)
    identity.append(
        ledger,
        [IdentityEvent("work", "absorbed", "w2", other="w1"),
         IdentityEvent("work", "grown", "w1", members=("a", "b", "c", "d", "new"))],
        NOW,
    )  # fmt: skip
    after = identity.state(ledger)
    assert identity.churn(before, after)["work"] == identity.Churn(moved=2, kept=2)
    assert identity.churn(before, after, {"a", "b", "c"})["work"].share == pytest.approx(1 / 3)
    assert identity.churn(before, before)["work"].share == 0


def test_stability_tells_of_the_last_change_and_of_all(ledger: sqlite3.Connection) -> None:
    assert identity.stability(ledger) == identity.Stability()
    identity.append(ledger, [created(f"w{n}", f"a{n}", f"b{n}") for n in range(5)], NOW)
    first = identity.stability(ledger)
    assert (first.ever, first.in_use, first.new, first.before, first.changed) == (5, 5, 5, 0, 0)
    identity.append(
        ledger,
        [IdentityEvent("work", "retired", "w0"), IdentityEvent("work", "absorbed", "w1", other="w2"),
         IdentityEvent("work", "grown", "w2", members=("a1", "a2", "b1", "b2")),
         IdentityEvent("work", "split", "w9", other="w2", members=("a7", "b7"))],
        NOW,
    )  # fmt: skip
    told = identity.stability(ledger)
    assert told == identity.Stability(ever=6, in_use=4, new=1, split=1, merged=1, retired=1)
    assert (told.before, told.changed) == (5, 2)
    identity.append(ledger, [IdentityEvent("work", "grown", "w2", members=("a1", "a2"))], NOW)
    after = identity.stability(ledger)
    assert (after.before, after.changed, after.ever) == (4, 0, 6), "members that come and go change no id"


@pytest.mark.parametrize(
    "bad",
    [
        [created("w1", "x", "y")],
        [created("old", "x", "y")],
        [created("gone", "x", "y")],
        [IdentityEvent("cluster", "created", "w1", members=("x", "y"))],
        [IdentityEvent("work", "split", "old", other="w1", members=("x", "y"))],
        [IdentityEvent("work", "split", "new", other="nowhere", members=("x", "y"))],
        [IdentityEvent("work", "grown", "old", members=("x", "y"))],
        [IdentityEvent("cluster", "grown", "w1", members=("x", "y"))],
        [IdentityEvent("work", "grown", "w1", members=("x",))],
        [IdentityEvent("work", "grown", "w1", other="w2", members=("x", "y"))],
        [IdentityEvent("work", "revived", "old", members=("x", "y"))],
        [IdentityEvent("work", "revived", "w1", members=("x", "y"))],
        [IdentityEvent("work", "absorbed", "w1", other="w1")],
        [IdentityEvent("work", "absorbed", "w1", other="old")],
        [IdentityEvent("work", "absorbed", "w1", other="c1")],
        [IdentityEvent("work", "absorbed", "w1", other="w2"), IdentityEvent("work", "absorbed", "w2", other="w1")],
        [created("ok", "x", "y"), created("", "x", "y")],
        [created("ok", "x", "y\nz")],
    ],
)
def test_an_id_is_never_used_for_something_else(ledger: sqlite3.Connection, bad: list[IdentityEvent]) -> None:
    identity.append(
        ledger,
        [created("w1", "a", "b"), created("w2", "e", "f"), created("old", "c", "d"), created("gone", "g", "h"),
         IdentityEvent("work", "absorbed", "old", other="w1"), IdentityEvent("work", "retired", "gone"),
         IdentityEvent("cluster", "created", "c1", members=("a", "b"))],
        NOW,
    )  # fmt: skip
    before = identity.state(ledger)
    with pytest.raises(ValueError):
        identity.append(ledger, bad, NOW)
    assert identity.state(ledger) == before and log.last_sequence(ledger) == 1
    assert identity.resolve(ledger, "ok") is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["created", "grown", "absorbed", "split", "retired", "revived"]),
                          st.integers(0, 7), st.integers(0, 7)), max_size=40))  # fmt: skip
def test_whatever_comes_every_id_leads_somewhere_for_ever(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    ledger = connect(tmp_path_factory.mktemp("identity") / "ledger.sqlite")
    taken: set[str] = set()
    redirected: set[str] = set()
    for kind, one, two in steps:
        other = f"w{two}" if kind in ("absorbed", "split") else ""
        members = () if kind in ("absorbed", "retired") else (f"m{one}", f"n{two}")
        event = IdentityEvent("work", kind, f"w{one}", other, members)  # type: ignore[arg-type]
        try:
            identity.append(ledger, [event], NOW)
        except ValueError:
            continue
        assert kind not in ("created", "split") or event.id not in taken
        taken.add(event.id)
        redirected |= {event.id} if kind == "absorbed" else set()
    state = identity.state(ledger)
    assert set(state.redirects) == redirected
    assert set(state.groups["work"]) | set(state.redirects) | set(state.retired) == taken
    for id_ in taken:
        found = identity.resolve(ledger, id_)
        assert found is not None and found.id == state.redirects.get(id_, id_)
        assert found.retired == (found.id in state.retired) and found.id not in redirected
    ledger.close()


def test_a_model_is_a_draft_until_used_and_there_is_a_way_back(ledger: sqlite3.Connection) -> None:
    assert models.load(ledger) is None and models.current(ledger) is None
    parts = {"splink": b'{"comparisons": []}', "isotonic": bytes(range(256))}
    report = {"gained": 3, "lost": 1, "note": "étalonné"}
    assert models.save(ledger, parts, report, time=NOW, by="ana") == "m1"
    assert models.current(ledger) is None, "a draft"
    assert log.last_sequence(ledger) == 0
    assert models.use(ledger, "m1", time=NOW, by="ana") == 1
    assert models.save(ledger, {"splink": b"2"}, {}, time="2026-01-02T00:00:00Z", by="eva") == "m2"
    assert models.current(ledger) == "m1"
    assert [(one.version, one.state) for one in models.listed(ledger)] == [("m1", "in use"), ("m2", "draft")]
    assert models.use(ledger, "m2", time="2026-01-03T00:00:00Z", by="eva") == 2
    assert models.use(ledger, "m2", time="2026-01-03T00:00:00Z", by="eva") is None
    assert models.use(ledger, "m1", time="2026-01-04T00:00:00Z", by="eva") == 3, "the way back"
    loaded = models.load(ledger)
    assert loaded is not None and (loaded.version, loaded.parts) == ("m1", parts)
    first, second = models.listed(ledger)
    assert (first.report, first.by, first.used, first.state) == (report, "ana", "2026-01-04T00:00:00Z", "in use")
    assert (second.state, second.used) == ("earlier", "2026-01-03T00:00:00Z")
    other = models.load(ledger, "m2")
    assert other is not None and other.parts == {"splink": b"2"}
    assert [(change.kind, change.cause, change.digest) for change in log.changes(ledger)] == [
        ("model", "person", "m1"), ("model", "person", "m2"), ("model", "person", "m1"),
    ]  # fmt: skip


@pytest.mark.parametrize("version", ["m2", "m01", "1", "", "m", "m-1", "m٣", "m9999999999999999999999"])
def test_a_model_that_there_is_not_is_told(ledger: sqlite3.Connection, version: str) -> None:
    models.save(ledger, {"a": b""}, {}, time=NOW, by="ana")
    for ask in (lambda: models.load(ledger, version), lambda: models.use(ledger, version, time=NOW, by="ana")):
        with pytest.raises(LookupError):
            ask()
    with pytest.raises(ValueError):
        models.save(ledger, {}, {}, time=NOW, by="ana")
