"""How often one client may ask the API: a budget of requests, and what is said when it is spent (429)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from registry.settings import Settings
from registry.web.budgets import Budgets, Clients, Rate
from registry.web.problems import Problem

Limit = Callable[[Request], Awaitable[None]]
ADDRESS = 4
"""How many clients' worth one address has: offices stand behind one."""


def limited(settings: Settings) -> Limit:
    """What counts a request, and raises Problem (429) when there were too many."""
    rate = Rate(settings.api_requests, settings.api_requests_burst)
    whole = Rate(rate.per_minute * ADDRESS, rate.burst * ADDRESS)
    budgets, clients = Budgets({"requests": rate, "address": whole}), Clients()

    async def count(request: Request) -> None:
        client, address = clients.client_of(request.scope), clients.address_of(request.scope)
        seconds = max(budgets.wait(client, "requests", 1), budgets.wait(address, "address", 1))
        if seconds:
            raise Problem(429, f"Please wait {seconds} seconds.", retry_after=seconds)
        budgets.spend(client, "requests", 1)
        budgets.spend(address, "address", 1)

    return count
