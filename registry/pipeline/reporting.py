"""Reports from an opened registry: labels and value tables at hand, the last visit of each list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from registry.ledger import runs
from registry.model import Academy, Feed, Finding, Run
from registry.pipeline.house import House
from registry.prepare.setup import known_labels, make_context
from registry.prepare.workers import Job
from registry.report.build import Suggest, build
from registry.report.cards import Labels
from registry.report.model import Change, Report, Series, Texts
from registry.report.suggest import Suggester
from registry.report.texts import best


def labels(house: House) -> Labels:
    """The labels of the schemes, read when first asked for."""

    @cache
    def known() -> Mapping[str, Mapping[str, str]]:
        settings = house.settings
        return known_labels(house.root, settings.schemes_folder, house.iris.base, settings.data / "cache")

    def asked(wanted: set[str]) -> Mapping[str, Mapping[str, str]]:
        return {iri: known()[iri] for iri in wanted if iri in known()} if wanted else {}

    return asked


def suggest(house: House, feeds: Sequence[Feed]) -> Suggest:
    """What proposes changes, with each list's own words; the value tables are those that preparing it used."""
    known: dict[str, Suggester] = {}
    by_id = {feed.id: feed for feed in feeds}

    def proposed(finding: Finding) -> Change | None:
        if finding.feed not in known:
            feed = by_id[finding.feed]
            known[feed.id] = Suggester(make_context(_job(house, feed)).values)
        return known[finding.feed](finding)

    return proposed


def _job(house: House, feed: Feed) -> Job:
    settings = house.settings
    academy = house.academies[feed.academy]
    return Job(academy, feed, house.iris, house.root, settings.data / "cache", schemes=settings.schemes_folder)


def report(
    house: House,
    what: str,
    feeds: Sequence[Feed],
    *,
    last: Mapping[str, Run] | None = None,
    rename: tuple[str, str] | None = None,
    found: Sequence[Texts] = (),
    score: Sequence[Series] = (),
) -> Report:
    """The report on some lists; ``last`` are their runs where the caller just made them."""
    known = last or {feed.id: run for feed in feeds for run in runs.listed(house.connection, feed.id, 1)}
    return build(
        house.connection, house.iris, what, known, house.messages, labels(house), suggest(house, feeds),
        protocols=sorted({feed.protocol for feed in feeds}), address=feeds[0].address if feeds else "",
        rename=rename, found=found, score=score,
    )  # fmt: skip


def of_academy(house: House, academy: Academy, language: str, score: Sequence[Series] = ()) -> Report:
    """The report on all lists of an academy, under its name in a language."""
    name = best(academy.name, language)
    found = report(house, name, academy.feeds, score=score)
    return replace(found, address=academy.homepage, score_public=academy.show_score)
