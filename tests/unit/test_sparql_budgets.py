"""Token buckets per client and kind, and what counts as one client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.web.budgets import Budgets, Clients, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate_then_full_again() -> None:
    clock = Clock()
    budgets = Budgets({"errors": Rate(30, 60)}, clock)
    for _ in range(60):
        assert budgets.wait("a", "errors", 1) == 0
        budgets.spend("a", "errors")
    assert budgets.wait("a", "errors", 1) == 2  # 30 a minute: one in two seconds
    assert budgets.wait("b", "errors", 1) == 0
    clock.now += 2
    assert budgets.wait("a", "errors", 1) == 0
    clock.now += 3600
    for _ in range(60):
        budgets.spend("a", "errors")
    assert budgets.wait("a", "errors", 1) == 2


def test_what_is_known_afterwards_may_be_owed() -> None:
    clock = Clock()
    budgets = Budgets({"seconds": Rate(60, 120)}, clock)
    budgets.spend("a", "seconds", 119)
    assert budgets.wait("a", "seconds") == 0
    budgets.spend("a", "seconds", 31)
    assert budgets.wait("a", "seconds") == 30
    clock.now += 31
    assert budgets.wait("a", "seconds") == 0


def test_no_rate_no_limit_and_an_unknown_kind_is_a_bug() -> None:
    budgets = Budgets({"errors": Rate(0, 0)})
    budgets.spend("a", "errors", 1e9)
    assert budgets.wait("a", "errors") == 0
    with pytest.raises(KeyError):
        budgets.wait("a", "nothing")


def test_buckets_are_bounded_and_the_longest_unused_goes() -> None:
    budgets = Budgets({"errors": Rate(1, 1)}, Clock(), most=3)
    for client in ("a", "b", "c"):
        budgets.spend(client, "errors", 2)
    budgets.spend("a", "errors")
    budgets.spend("d", "errors", 2)
    assert [budgets.wait(client, "errors") > 0 for client in "abcd"] == [True, False, True, True]


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 100)), max_size=40))
def test_no_one_gets_more_than_burst_and_rate(steps: list[tuple[float, float]]) -> None:
    """Whoever asks before spending has, at any time, had at most burst + rate × time + the last piece."""
    clock = Clock()
    budgets = Budgets({"seconds": Rate(60, 120)}, clock)
    had = last = 0.0
    for wanted, pause in steps:
        if budgets.wait("a", "seconds") == 0:
            had, last = had + wanted, wanted
            budgets.spend("a", "seconds", wanted)
        assert had <= 120 + (clock.now - 100.0) + last + 1e-6
        clock.now += pause


def scope(host: str, agent: str = "x") -> dict[str, object]:
    return {"client": (host, 1), "headers": [(b"accept", b"*/*"), (b"user-agent", agent.encode())]}


def test_a_client_is_an_address_with_a_user_agent() -> None:
    clients = Clients()
    one = clients.client_of(scope("192.0.2.1"))
    assert one == clients.client_of(scope("192.0.2.1")) == clients.client_of(scope("::ffff:192.0.2.1"))
    assert one not in (clients.client_of(scope("192.0.2.2")), clients.client_of(scope("192.0.2.1", "y")))
    assert clients.client_of(scope("2001:db8::1")) == clients.client_of(scope("2001:db8::ffff:1"))
    assert clients.client_of(scope("2001:db8::1")) != clients.client_of(scope("2001:db8:1::1"))
    assert clients.address_of(scope("192.0.2.1")) == clients.address_of(scope("192.0.2.1", "y"))
    assert "192" not in one and one != Clients().client_of(scope("192.0.2.1"))
    assert clients.client_of({"client": None, "headers": []}) and clients.client_of(scope("not:an:address"))
