"""Matching brought up to the log, and what it gives back to the ledger: ids of works, notices, its model.

The ledger is the truth: a working file can be dropped at any time. What the ledger does not hold yet of a file's
identity events waits in the file, and is kept before anything else is.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from registry.ledger import decisions, identity, log, models, notices, runs
from registry.matching import Matcher, MatchModel, OtherIdentity, from_parts, weigher
from registry.matching import recipe_digest as match_recipe
from registry.model import Change, Match
from registry.pipeline import set_aside
from registry.pipeline.house import DEMO, House

AUTOMATIC = "meta-academy"
"""Who makes a model that nobody trained."""
_APPLY = 1000


def feeds_of(house: House) -> dict[str, str]:
    """{feed: academy}, also of lists that were visited once and have no entry any more."""
    return {**runs.academies_of_feeds(house.connection), **house.academy_of}


def notice_days(house: House) -> int:
    """How long an inferred match stays with the academies concerned; in the demo not at all."""
    return 0 if runs.remembered(house.connection, DEMO) else house.settings.notice_days


def later(house: House, after: int, until: int) -> Iterator[Sequence[Change]]:
    """The changes of the log between two sequences, some at a time."""
    while after < until:
        batch = [change for change in log.changes(house.connection, after, _APPLY) if change.sequence <= until]
        if not batch:
            return
        after = batch[-1].sequence
        yield batch


def open_matcher(house: House) -> Matcher:
    """The matcher's working file with the ledger's model; a file that other rules made is begun anew."""
    folder = house.settings.data / "matching"
    model = in_use(house)
    matcher = matcher_in(house, folder, model)
    if matcher.marker()[1] not in ("", match_recipe()):
        matcher.close()
        shutil.rmtree(folder)
        matcher = matcher_in(house, folder, model)
    return matcher


def in_use(house: House) -> MatchModel | None:
    """The ledger's model; None while there is none, or where this version of matching cannot use it: then one with the
    shipped weights is made."""
    kept = models.load(house.connection)
    try:
        return from_parts(kept.parts) if kept is not None else None
    except ValueError as error:
        logging.getLogger("registry.publish").warning("the model in use is left: %s; train one again", error)
        return None


def matcher_in(house: House, folder: Path, model: MatchModel | None) -> Matcher:
    """A matcher with its working file in a folder. Raises BadSettings where the engine it is to use is not here."""
    weighs = weigher(house.settings.match_engine, folder)
    return Matcher(folder, feeds_of(house), model=model, notice=notice_days(house) > 0, weigher=weighs)


def catch_up(house: House, matcher: Matcher, now: str) -> int:
    """Bring the matches up to the log at a time; the last sequence that they cover.

    With what this itself wrote, unless somebody else wrote meanwhile: a release that named their changes as its own
    without their matches would be taken for complete. They are for the next turn.
    """
    connection = house.connection
    days = notice_days(house)
    decisions.reanchor(connection, now)
    if days and (over := notices.due(connection, now, days)):
        notices.end(connection, over, now)
    until = log.last_sequence(connection)
    carry(house, matcher, until)
    mine: list[int | None] = []
    if not matcher.given and matcher.model is not None:
        version = models.save(connection, matcher.model.parts(), {}, time=now, by=AUTOMATIC)
        mine.append(models.use(connection, version, time=now, by=AUTOMATIC))
    elif (model := matcher.outgrown()) is not None:
        listed = {one.version: one.by for one in models.listed(connection)}
        if listed.get(str(models.current(connection))) == AUTOMATIC:
            version = models.save(connection, model.parts(), {}, time=now, by=AUTOMATIC)
            models.use(connection, version, time=now, by=AUTOMATIC)
            matcher.use(model)
            until, mine = log.last_sequence(connection), []
            carry(house, matcher, until)
    if events := matcher.pending():
        mine.append(sequence := identity.append(connection, events, now))
        if sequence is not None:
            matcher.confirm(sequence)
    if days:
        private = matcher.private()
        running = {pair for pair, _ in notices.running(connection)}
        notices.forget(connection, running - set(private))
        notices.begin(connection, private, now)
    set_aside.tell(house, matcher, feeds_of(house))
    last = log.last_sequence(connection)
    return last if last - until == sum(one is not None for one in mine) else until


def carry(house: House, matcher: Matcher, until: int) -> None:
    """Bring the matches up to a sequence of the log; nothing is written to the ledger."""
    connection = house.connection
    decided = decisions.in_force(connection)
    ended = list(notices.ended(connection)) if notice_days(house) else []
    sequence, recipe = matcher.marker()
    if recipe:
        changes = (change for batch in later(house, sequence, until) for change in batch)
        events = identity.events(connection, matcher.identity_reached(), until)
        try:
            matcher.apply(changes, decided, ended=ended, identity=events, tell=False)
            return
        except OtherIdentity:
            pass  # the file's ids are not the ledger's: begin anew with the ledger's
    standing = log.standing(connection, until)
    matcher.rebuild(standing, decided, until, ended=ended, identity=identity.events(connection, 0, until), tell=False)


def match_all(house: House, now: str) -> dict[str, int]:
    """Bring the matches up to the log; pairs by relation, those under notice too."""
    with open_matcher(house) as matcher:
        catch_up(house, matcher, now)
        return dict(Counter(match.relation for match in matcher.all(private=True)))


@contextmanager
def matches_now(house: House, now: str) -> Iterator[Callable[[], Iterator[Match]]]:
    """The matches of all that the log holds now, those under notice too, as often as they are asked for."""
    with open_matcher(house) as matcher:
        catch_up(house, matcher, now)
        yield lambda: matcher.all(private=True)
