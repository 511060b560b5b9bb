"""Keeps a mirror in step with the releases: what the publisher does after each, and what ``doctor`` compares.

One at a time (a file lock). The store itself says how far it has come, so that whatever broke off is taken up
from there; what the web may ask and keep is said in ``mirror.json``.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry import release
from registry.graph import mirrored, mirroring
from registry.graph.journal import Journal
from registry.graph.mirrored import State
from registry.graph.mirroring import Checksum, Shown
from registry.graph.remote import Marker, Store, StoreFailed, of_settings
from registry.iris import Iris
from registry.settings import Settings

LOG = logging.getLogger("registry.mirror")
JOURNAL = "mirror.journal"
COPIES = "mirror-copy"
LOOK_EVERY = 1.0
CHECK_EVERY = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0


def quiet(done: int, total: int) -> None:
    """No progress is shown."""


def journal_of(settings: Settings) -> Journal | None:
    """The journal that a mirror is led by, None where there is no mirror."""
    return Journal(settings.data / JOURNAL) if settings.store else None


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    with (data / "mirror.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(settings: Settings, base: str) -> Iterator[Store]:
    try:
        remote = of_settings(settings, Iris(base))
    except ValueError as error:
        raise StoreFailed(str(error)) from None
    if remote is None:
        raise StoreFailed("no store is named: set META_ACADEMY_STORE")
    with closing(Store(remote)) as store:
        server = store.server()
        if server.startswith("Virtuoso") and store.dialect.name != "virtuoso":
            raise StoreFailed("the store is Virtuoso: set META_ACADEMY_STORE_KIND to virtuoso")
        yield store


def _journalled(current: release.Release) -> tuple[str, int] | None:
    told = current.manifest.get("journal")
    return (str(told[0]), int(told[1])) if told else None


def bring_up(settings: Settings, base: str, shown: Shown = quiet) -> Marker:
    """Bring the mirror to the current release; the marker that stands in it then.

    Raises StoreFailed where the store does not do its part; the next call goes on from where this one ended.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    with _locked(settings.data), _opened(settings, base) as store:
        while True:
            current = release.current(settings.data)
            if current is None or _journalled(current) is None:
                raise StoreFailed("there is no release that a mirror can be led by: run meta-academy publish")
            marker = _bring_to(settings, store, current, shown)
            state = State(settings.store, "ready", current.number, current.sequence, marker.hidden)
            if state != mirrored.read_state(settings.data, settings.store):
                mirrored.write_state(settings.data, state)
            later = release.current(settings.data)
            if later is not None and later.number == current.number:
                return marker


def _bring_to(settings: Settings, store: Store, current: release.Release, shown: Shown) -> Marker:
    told = _journalled(current)
    assert told is not None
    epoch, number = told
    marker = store.marker()
    with closing(Journal(settings.data / JOURNAL)) as journal:
        if marker is not None and marker.copying and marker.number >= 0 and _pinned(settings, marker.target):
            marker = _copied(settings, store, marker, shown)
        if marker is not None and not marker.copying and marker.epoch == epoch and marker.number <= number:
            try:
                return _followed(settings, store, journal, marker, number, current, shown)
            except LookupError:
                LOG.warning("the mirror is written anew: its place in the journal is gone")
        store.refuse_limits()
        target = f"{epoch}-{number}-{current.sequence}"
        shutil.rmtree(settings.data / COPIES, ignore_errors=True)
        mirroring.pin(current.graph, settings.data / COPIES / target)
        mirrored.write_state(settings.data, State(settings.store, "copying"))
        marker = _copied(settings, store, mirroring.begin_copy(store, epoch, target), shown)
        journal.forget(epoch, number)
        return marker


def _pinned(settings: Settings, target: str) -> bool:
    """Whether what a copy was begun from is still there."""
    return bool(target) and "/" not in target and (settings.data / COPIES / target).is_dir()


def _copied(settings: Settings, store: Store, marker: Marker, shown: Shown) -> Marker:
    epoch, number, sequence = marker.target.split("-")
    mirrored.write_state(settings.data, State(settings.store, "copying"))
    reached = Marker(epoch, int(number), int(sequence))
    done = mirroring.copy(store, settings.data / COPIES / marker.target, marker, reached, shown)
    shutil.rmtree(settings.data / COPIES, ignore_errors=True)
    return done


def _followed(
    settings: Settings,
    store: Store,
    journal: Journal,
    marker: Marker,
    until: int,
    current: release.Release,
    shown: Shown,
) -> Marker:
    if (marker.number, marker.sequence) != (until, current.sequence):
        known = mirrored.read_state(settings.data, settings.store)
        was = known.number if known is not None else ""
        mirrored.write_state(settings.data, State(settings.store, "writing", was, marker.sequence, marker.hidden))
        marker = mirroring.follow(store, journal, marker, until, current.sequence, shown)
    journal.forget(marker.epoch, marker.number)
    return marker


@dataclass(frozen=True, slots=True)
class Compared:
    """The current release and the mirror: what each holds, in the value space, and whether it is the same."""

    release: str
    here: Checksum
    there: Checksum
    same: bool


def compare(settings: Settings, base: str) -> Compared:
    """Read both whole. Raises StoreFailed, also where the mirror has not come to the current release."""
    current = release.current(settings.data)
    if current is None:
        raise StoreFailed("there is no release yet: run meta-academy publish")
    with _opened(settings, base) as store:
        marker, told = store.marker(), _journalled(current)
        if marker is None or marker.copying or (marker.epoch, marker.number) != told:
            raise StoreFailed(f"the mirror has not come to the release {current.number}: run meta-academy mirror")
        here, there = mirroring.of_release(current.graph), mirroring.of_store(store)
        same = here == there and mirroring.defaults_agree(store, current.graph)
    return Compared(current.number, here, there, same)


def in_step(settings: Settings, base: str) -> str:
    """What is wrong with the mirror as far as marker and number of statements tell; "" if nothing is."""
    try:
        current = release.current(settings.data)
        with _opened(settings, base) as store:
            marker = store.marker()
            if current is None or marker is None or (marker.epoch, marker.number) != _journalled(current):
                return "it has not come to the current release: run meta-academy mirror"
            here, there = mirroring.size_of(current.graph), store.count(marker.hidden)
    except StoreFailed as error:
        return str(error)
    return "" if here == there else f"it holds {there} statements instead of {here}: run meta-academy rebuild graph"


class Follower(threading.Thread):
    """Follows the releases beside the publisher until it is stopped. A store that fails is told of and tried again."""

    def __init__(self, settings: Settings, base: str) -> None:
        super().__init__(name="mirror", daemon=True)
        self._settings, self._base, self._end = settings, base, threading.Event()

    def run(self) -> None:
        """Until stopped."""
        done, pause, waited = "", FIRST_PAUSE, CHECK_EVERY
        while not self._end.is_set():
            current = release.current(self._settings.data)
            if current is None or (current.number == done and waited < CHECK_EVERY):
                self._end.wait(LOOK_EVERY)
                waited += LOOK_EVERY
                continue
            try:
                bring_up(self._settings, self._base)
                done, pause, waited = current.number, FIRST_PAUSE, 0.0
            except StoreFailed as error:
                LOG.error("the mirror is not in step: %s", error)
                self._end.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def stop(self) -> None:
        """Ask it to end with what it is doing."""
        self._end.set()


@contextmanager
def following(settings: Settings, base: str, start: Callable[[Settings, str], Follower] = Follower) -> Iterator[None]:
    """A mirror is kept in step meanwhile, where there is one."""
    if not settings.store:
        yield
        return
    follower = start(settings, base)
    follower.start()
    try:
        yield
    finally:
        follower.stop()
        follower.join(5)
