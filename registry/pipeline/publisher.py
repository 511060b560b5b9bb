"""The publisher: brings every projection up to the log and switches to a new release.

One at a time (a file lock). Projections carry their own markers, so that whatever a crash left is caught up
from the log; a release stands complete or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

from registry import academies_known, release, vocabulary
from registry.academies_known import Known, missing
from registry.crosswalk.clean import is_private
from registry.graph import describe
from registry.graph.store import EmbeddedStore, MatchDelta
from registry.graph.vocabulary import load_vocabulary
from registry.graph.works import WorkDelta
from registry.ledger import findings, log, notices, runs, utc_now
from registry.matching import Matcher
from registry.matching import recipe_digest as match_recipe
from registry.matching.levels import words as level_words
from registry.model import Change, Match, Work
from registry.pipeline import figured, matched, mirror, paired, told
from registry.pipeline.house import House
from registry.pipeline.matched import feeds_of, later
from registry.pipeline.progress import Shown
from registry.prepare.setup import known_labels, known_schemes
from registry.search import index as search
from registry.search.document import resource_id
from registry.search.reader import Reader
from registry.statistics import spare
from registry.statistics.axes import Axes
from registry.statistics.build import Before, Measured, Place, build
from registry.statistics.facts import Withdrawn

PROJECTIONS = ("graph", "search", "matches")
APPLY = 1000
PAUSE = 1.0


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Only one publisher at a time; a second one waits."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "publisher.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _digest(*parts: object) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode())
    return state.hexdigest()[:16]


def _code(package: str) -> bytes:
    found = sorted(entry.name for entry in files(package).iterdir() if entry.name.endswith((".py", ".tsv", ".sql")))
    return b"\0".join(files(package).joinpath(name).read_bytes() for name in found)


def graph_recipe(house: House) -> str:
    """What decides the graph besides the log: its room's code, the base address, schemes and shapes."""
    texts = [file.read_bytes() for file in vocabulary.turtle_files([*house.ontologies, house.root / "shapes"])]
    return _digest(_code("registry.graph"), house.iris.base, b"\0".join(texts))


def match_all(house: House) -> dict[str, int]:
    """Bring the matches up to the log; pairs by relation."""
    with locked(house.settings.data):
        return matched.match_all(house, utc_now())


@contextmanager
def matches_now(house: House) -> Iterator[Callable[[], Iterator[Match]]]:
    """The matches of all that the log holds now, as often as they are asked for; no publication meanwhile."""
    with locked(house.settings.data), matched.matches_now(house, utc_now()) as every:
        yield every


def _graph(house: House, matcher: Matcher, until: int, licences: Mapping[str, bool], shown: Shown) -> EmbeddedStore:
    """Bring the graph up to the log.

    Its recipe also names the state of the matches that are in it, and how far and when the visits were read.
    """
    connection = house.connection
    recipe = graph_recipe(house)
    journal = mirror.journal_of(house.settings)
    store = EmbeddedStore(house.settings.data / "graph", house.iris, recipe, feeds_of(house), journal)
    marker = store.marker()
    made_by, state, visited, time_visited = ((marker.recipe if marker else "") + "   ").split(" ")[:4]
    now = utc_now()
    if marker is None or made_by != recipe:
        visited = ""
        total = log.standing_count(connection)

        def counted() -> Iterator[Change]:
            for done, change in enumerate(log.standing(connection, until), 1):
                if done % APPLY == 0:
                    shown("graph", "publish", done, total)
                yield change

        store.bulk(counted(), matcher.all(), _works(matcher))
        store.replace(load_vocabulary(house.ontologies, house.root / "shapes", house.iris))
    else:
        store.recipe = marker.recipe
        for batch in later(house, marker.sequence, until):
            store.apply(batch, None, batch[-1].sequence)
            shown("graph", "publish", batch[-1].sequence, until)
        _matches(house, store, matcher, state, until)
        store.apply([], None, until, _works(matcher, state))
    renamed = store.replace(describe.academies(house.academies.values(), house.iris, _not_here(house)))
    store.replace(describe.licences(licences, house.iris))
    store.replace(describe.quality(figured.measured(house), house.iris))
    if renamed or not visited:
        visits = runs.with_changes(connection)
    else:  # those that were told of while they lasted, and those that the log names since
        visits = [run for run in runs.ended_since(connection, time_visited) if store.describes(run.iri)]
        visits += runs.with_changes(connection, int(visited))
    store.merge(describe.provenance(visits, house.academies.values(), house.iris, is_private))
    store.recipe = f"{recipe} {matcher.state()} {until} {now}"
    store.apply([], None, until)
    return store


def _works(matcher: Matcher, state: str = "") -> WorkDelta:
    """What became of works since a state of the matcher; all of them where it is another file's."""
    since = matcher.works_since(state)
    told = {"redirects": matcher.redirects(), "retired": [work.id for work in matcher.retired()]}
    if since is None:
        return WorkDelta(list(matcher.works()), complete=True, **told)  # type: ignore[arg-type]
    return WorkDelta(since[0], since[1], **told)  # type: ignore[arg-type]


def _matches(house: House, store: EmbeddedStore, matcher: Matcher, state: str, until: int) -> None:
    """Bring the graph's matches from a state of the matcher to what they are now, a thousand at a time."""
    since = matcher.changes_since(state)
    if since is None:  # another working file: what it says of changes means nothing here
        matches, gone = matcher.all(), store.matches()
    else:
        matches, gone = since[0], {str(house.iris.match(*pair)) for pair in since[1]}
    while some := list(islice(matches, APPLY)):
        gone -= {str(house.iris.match(match.left, match.right)) for match in some}
        store.apply([], MatchDelta(some), until)
    rest = iter(sorted(gone))
    while few := list(islice(rest, APPLY)):
        store.apply([], MatchDelta((), few), until)


def _search(
    house: House,
    matcher: Matcher,
    until: int,
    labels: dict[str, dict[str, str]],
    above: dict[str, list[str]],
    standing: release.Release | None,
) -> Any:
    """The search index, brought up to the log; what its entries' pairs became is for ``paired.settle``."""
    path = house.settings.data / "search"
    feeds = feeds_of(house)
    recipe = search.recipe(labels, feeds, above) + _digest(_code("registry.search"))
    index = search.open_index(path)
    marker = search.marker(index)
    fresh = marker is None or marker.recipe != recipe
    with paired.known(matcher, standing, fresh=fresh) as relations:
        if marker is None or fresh:
            changes = log.standing(house.connection, until)
            search.rebuild(index, changes, labels, feeds, until, recipe, above, relations=relations)
        else:
            changes = (change for batch in later(house, marker.sequence, until) for change in batch)
            search.apply(index, changes, labels, feeds, until, recipe, above, relations=relations)
    return index


def drop(house: House, names: Sequence[str]) -> None:
    """Forget projections; the next publication builds them again."""
    with locked(house.settings.data):
        for name in names:
            folder = house.settings.data / ("matching" if name == "matches" else name)
            if folder.exists():
                shutil.rmtree(folder)


def publish_now(house: House, shown: Shown, *, anew: bool = False) -> release.Release:
    """The release of all that the log holds now; the current one if nothing changed (and not ``anew``)."""
    settings = house.settings
    with locked(settings.data):
        until = log.last_sequence(house.connection)
        kept = (house.root, settings.schemes_folder, house.iris.base, settings.data / "cache")
        labels, schemes = known_labels(*kept), known_schemes(*kept)
        above = vocabulary.above(vocabulary.of_role(schemes, "subject"), house.iris.base)
        academies = [asdict(academy) for academy in house.academies.values()]
        not_here = _not_here(house)
        licences = figured.licences(house, labels)
        recipes = {
            "graph": graph_recipe(house),
            "matches": match_recipe(),
            "search": _digest(_code("registry.search"), labels, above),
            "figures": _digest(
                _code("registry.statistics"), labels, [asdict(one) for one in schemes.values()], licences
            ),
            "academies": _digest(academies, [asdict(one) for one in not_here]),
        }
        standing = release.current(settings.data)
        same = standing and standing.sequence == until and standing.manifest["recipes"] == recipes and not anew
        led = not settings.store or (standing and standing.manifest.get("journal"))
        if standing and same and led and not _due(house):
            return standing
        matcher = matched.open_matcher(house)
        try:
            until = matched.catch_up(house, matcher, utc_now())
            store = _graph(house, matcher, until, licences, shown)
            index = _search(house, matcher, until, labels, above, standing)
            number = release.number_for(settings.data, until)
            making = release.begin(settings.data, number)
            store.snapshot(making / "graph")
            release.write_described(making, store.described())
            alike = ("search", "figures", "academies")
            carried = standing and not anew and all(standing.manifest["recipes"][n] == recipes[n] for n in alike)
            axes = Axes(vocabulary.of_role(schemes, "subject"), labels)
            carry = standing if carried else None
            totals, since = _figures(house, matcher, making, until, carry, not_here, axes, licences)
            state = matcher.state()
            paired.settle(index, making / "figures", state, since, above)
            search.copy_to(settings.data / "search", making / "search")
            counts = {**store.counts(), **totals}
            noted = store.journalled()
            store.close()
        except BaseException:
            release.sweep(settings.data)  # on a full disk the next attempt needs its room
            spare.sweep(settings.data / "spare")
            raise
        finally:
            matcher.close()
        manifest = {
            "number": number, "sequence": until, "time": utc_now(), "recipes": recipes, "matches": state,
            "counts": counts, "journal": noted,
        }  # fmt: skip
        return release.finish(settings.data, making, manifest, settings.releases_kept)


def _due(house: House) -> bool:
    """Whether the time of a match under notice is over."""
    days = matched.notice_days(house)
    return bool(days and notices.due(house.connection, utc_now(), days))


def _spare(house: House, standing: release.Release) -> tuple[Path, str]:
    return house.settings.data / "spare", f"{standing.number}-{standing.manifest['time']}"


def make_ready(house: House) -> None:
    """Copy now what the next release begins from: its readers need not wait for that then."""
    with locked(house.settings.data):
        if standing := release.current(house.settings.data):
            folder, name = _spare(house, standing)
            spare.prepare(folder, standing.figures, name)


def _not_here(house: House) -> Sequence[Known]:
    """Academies that are known and have no file; a list that cannot be read is told, and hinders no publication."""
    try:
        return missing(academies_known.load(house.settings.academies), house.academies)
    except academies_known.BadKnown as error:
        logging.getLogger("registry.publish").warning("academies that are not here are left out: %s", error)
        return ()


def _places(house: House) -> dict[str, Place]:
    """Where the lists are, of those whose address is no secret of a house's own network."""
    found = {}
    for _, feed in house.feeds:
        told = findings.of_record(house.connection, feed.id, "")
        moved = next((finding.issue.value for finding in told if finding.issue.code == "feed-moved"), "")
        found[feed.id] = Place(*(_public(address) for address in (feed.address, moved)))
    return found


def _public(address: str) -> str:
    return address if address.startswith(("http://", "https://")) and not is_private(address) else ""


def _figures(
    house: House,
    matcher: Matcher,
    making: Path,
    until: int,
    before: release.Release | None,
    not_here: Sequence[Known],
    axes: Axes,
    licences: Mapping[str, bool],
) -> tuple[dict[str, float], str]:
    """The figures of the release being made; carried forward from the one before where that is possible. The totals,
    and the state of the matches that was carried forward ("": none was)."""
    connection = house.connection
    to_mend = {
        academy.id: sum(findings.total(connection, [feed.id]) for feed in academy.feeds)
        for academy in house.academies.values()
    }
    newest = [run for feed in feeds_of(house) for run in runs.listed(connection, feed, 1)]
    reader = Reader(house.settings.data / "search")
    resources: Iterable[dict[str, Any]] = reader.all()
    matches: Iterable[Match] = matcher.all()
    works: Iterable[Work] = matcher.works()
    earlier = None
    gone_now: Iterable[Withdrawn] = ()
    bare: list[Change] = []
    since = matcher.changes_since(str(before.manifest["matches"])) if before else None
    if before is not None and since is not None:
        batches = later(house, before.sequence, until)
        bare = [replace(c, stated="", inferred="") for batch in batches for c in batch if c.feed]
        changed = {resource_id(change.feed, change.key): change for change in bare}
        gone_now = figured.withdrawn(house, changed.values())
        gone = [identifier for identifier, change in changed.items() if change.kind != "record"]
        found = (reader.get(identifier) for identifier, change in changed.items() if change.kind == "record")
        resources = (document for document in found if document is not None)
        matches = since[0]
        ended = [house.iris.match(*pair).rpartition("/")[2] for pair in since[1]]
        copy = spare.find(*_spare(house, before))
        changed_works = matcher.works_since(str(before.manifest["matches"])) or ([], [])
        works = changed_works[0]
        earlier = Before(before.figures, gone, ended, changed_works[1], spare=copy)
    totals = build(
        making / "figures",
        resources=resources,
        matches=matches,
        academies=house.academies.values(),
        runs=newest,
        sequence=until,
        iris=house.iris,
        to_mend=to_mend,
        before=earlier,
        known=not_here,
        places=_places(house),
        axes=axes,
        works=works,
        redirects=matcher.redirects(),
        retired=matcher.retired(),
        told=told.of_ledger(connection),
        licences=licences,
        withdrawn=gone_now if earlier else figured.all_withdrawn(house, until),
        brought=figured.brought(bare if earlier else log.renewed(connection, until)),
        quality=[Measured(of, one.feed, one.metric, one.time, one.value) for of, one in figured.measured(house)],
        rules={**level_words(), **{code: rule.words for code, rule in matcher.rules.items()}},
    )
    return totals, str(before.manifest["matches"]) if before is not None and earlier is not None else ""


def watch_log(house: House, said: Callable[[release.Release], None], stop: Callable[[], bool] = lambda: False) -> None:
    """Publish whenever the log passes the release, until stopped; a decision is public within seconds."""
    last = ""
    while not stop():
        standing = release.current(house.settings.data)
        behind = standing is None or standing.sequence < log.last_sequence(house.connection) or _due(house)
        if behind:
            made = publish_now(house, lambda what, stage, done, total: None)
            if made.number != last:
                said(made)
                last = made.number
                make_ready(house)
        time.sleep(PAUSE)
