"""The whole way as one call, for processes that a test starts and kills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.bench import quiet, registry
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.publisher import publish_now


def work(folder: Path, address: str) -> None:
    """Visit the one feed and publish, in one process."""
    with registry(folder, address) as house:
        alone = replace(house, settings=replace(house.settings, workers=1))
        harvest_feeds(alone, alone.feeds, quiet)
        publish_now(alone, quiet)
