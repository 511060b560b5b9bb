"""The demo: sample academies on loopback, harvested in two dated editions over real HTTP, matched, published."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import typer

from registry import release
from registry.ledger import connect, findings, log, records, runs
from registry.pipeline.house import DEMO, ROOT, House, ledger_path, opened
from registry.pipeline.progress import progress
from registry.pipeline.serve import serve_registry
from registry.settings import Settings

EDITIONS = (1, 2)


def run_demo(settings: Settings, *, serve: bool, as_json: bool) -> int:
    """Build the demo where it does not stand yet, print its summary, serve it."""
    # The samples lie beside the package, wherever the command is called.
    sys.path.insert(0, str(ROOT))
    from examples.serve_feeds import start

    settings = replace(settings, http_delay=0.0)
    with ExitStack() as stack:
        try:
            feeds = stack.enter_context(start(settings.demo_port, edition=EDITIONS[-1]))
        except OSError as error:
            typer.echo(
                f"port {settings.demo_port} is taken ({error.strerror}); set META_ACADEMY_DEMO_PORT to a free one",
                err=True,
            )
            return 2
        if not _stands(settings):
            _begin(settings)
            with opened(settings) as house:
                _build(house, feeds, quiet=as_json)
        with opened(settings) as house:
            summary = summarise(house)
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2) if as_json else _text(summary))
        return serve_registry(settings, publisher=True) if serve else 0


def _begin(settings: Settings) -> None:
    """Mark the data folder as the demo's, so that every verb knows its academies."""
    connection = connect(ledger_path(settings))
    try:
        runs.remember(connection, DEMO, "building")
    finally:
        connection.close()


def _stands(settings: Settings) -> bool:
    if not ledger_path(settings).exists():
        return False
    connection = connect(ledger_path(settings))
    try:
        built = runs.remembered(connection, DEMO)
        current = release.current(settings.data)
        return built == "ready" and current is not None and current.sequence == log.last_sequence(connection)
    finally:
        connection.close()


def _build(house: House, feeds: object, *, quiet: bool) -> None:
    from registry.pipeline.harvest import harvest_feeds
    from registry.pipeline.publisher import publish_now

    with progress(quiet=quiet) as shown:
        for edition in EDITIONS:
            feeds.set_edition(edition)  # type: ignore[attr-defined]
            harvest_feeds(house, house.feeds, shown)
        publish_now(house, shown)
    runs.remember(house.connection, DEMO, "ready")


def summarise(house: House) -> dict[str, object]:
    """What the demo shows: sources, records, findings, pairs by relation."""
    connection = house.connection
    statuses: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for _, feed in house.feeds:
        statuses.update(records.statuses(connection, feed.id))
        found.update(findings.counts(connection, feed.id))
    current = release.current(house.settings.data)
    assert current is not None
    overlap = json.loads((current.figures / "overlap.json").read_text("utf-8"))
    relations: Counter[str] = Counter()
    for cell in overlap["cells"]:
        relations.update({name: counts["pairs"] for name, counts in cell["relations"].items()})
    return {
        "academies": len(house.academies),
        "sources": len(house.feeds),
        "records": sum(statuses.values()),
        "accepted": log.standing_count(connection),
        "quarantined": statuses["held"],
        "withdrawn": statuses["gone"],
        "findings": dict(found),
        "pairs": dict(relations),
        "release": current.number,
        "address": house.iris.base,
    }


def _text(summary: dict[str, object]) -> str:
    def of(counts: object) -> str:
        assert isinstance(counts, dict)
        return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"

    return "\n".join(
        [
            "",
            f"academies     {summary['academies']}, with {summary['sources']} sources (samples, see examples/)",
            f"records       {summary['records']}, of them accepted {summary['accepted']},"
            f" quarantined {summary['quarantined']}, withdrawn {summary['withdrawn']}",
            f"findings      {of(summary['findings'])}",
            f"pairs         {of(summary['pairs'])}",
            f"release       {summary['release']}",
            f"look at       {summary['address']}/  and  {summary['address']}/overlap",
            "",
        ]
    )
