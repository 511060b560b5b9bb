"""Preparing feeds again because a recipe changed: what it would change, and the change itself, through the gate."""

from __future__ import annotations

from collections.abc import Sequence

from registry.ledger import runs
from registry.model import Academy, Feed
from registry.pipeline.house import House
from registry.pipeline.intake import Intake
from registry.pipeline.prepare import Plan, plan, prepare_again
from registry.pipeline.progress import Shown
from registry.prepare import workers
from registry.prepare.loops import repositories


def quiet(feed: str, stage: str, done: int, total: int) -> None:
    """No progress is shown."""


def intake_of(house: House, shown: Shown = quiet, pool: workers.Pool | None = None) -> Intake:
    """What preparing needs, from an opened registry."""
    return Intake(
        house.connection, house.settings, house.iris, house.root, house.messages, shown, pool=pool,
        repositories=repositories(house.academies.values()),
    )  # fmt: skip


def prepare_feeds(
    house: House, chosen: Sequence[tuple[Academy, Feed]], shown: Shown, *, dry_run: bool = False, accept: bool = False
) -> list[Plan]:
    """Prepare again what changed recipes and corrections touch, feed by feed; with ``dry_run`` only say what."""
    visited = runs.academies_of_feeds(house.connection)
    with workers.Pool(house.settings.prepare_workers) as pool:
        intake = intake_of(house, shown, pool)
        found = []
        for academy, feed in chosen:
            if feed.id in visited:
                found.append(
                    plan(intake, academy, feed) if dry_run else prepare_again(intake, academy, feed, accept=accept)
                )
        return found
