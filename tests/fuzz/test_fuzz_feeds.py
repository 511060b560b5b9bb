"""Lists of every protocol, broken at random: a record or a finding comes, nothing hangs, what is accepted is sound.

The cases are the same each time; ``--hypothesis-seed N`` (or ``random``) gives others, and
``META_ACADEMY_FUZZ=20`` twenty times as many.
"""

from __future__ import annotations

import os
import random
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from harvesters import base
from registry import crosswalk, messages, shape_texts
from registry.messages import Message
from registry.model import RawRecord
from registry.pipeline.house import ROOT
from registry.prepare.record import Preparer
from registry.prepare.setup import make_preparer, shapes_graph
from registry.prepare.workers import Job
from tests.fuzz import mutate, way
from tests.fuzz.feeds import ROWS, SITE, Pages, Row

TIMES = float(os.environ.get("META_ACADEMY_FUZZ", "1"))
LISTS, PAYLOADS = 70, 70
JUDGED = 25
STEPS = st.lists(
    st.tuples(st.integers(0, 59), st.integers(0, 1 << 16), st.integers(0, 1 << 16)), min_size=1, max_size=5
)  # fmt: skip
Texts = dict[str, Message]


@pytest.fixture(scope="module")
def texts() -> Texts:
    return {**messages.load(), **shape_texts.load(ROOT / "shapes")}


@pytest.fixture(scope="module")
def preparer(tmp_path_factory: pytest.TempPathFactory) -> Preparer:
    feed = way.feed_of(ROWS[0])
    return make_preparer(Job(way.academy_of(feed), feed, way.IRIS, ROOT, tmp_path_factory.mktemp("cache")))


def fuzzed(request: pytest.FixtureRequest, name: str, count: int, body: Callable[..., None], **given_: Any) -> None:
    """Run a property on cases of its own: the same each time unless a seed is given."""
    chosen = request.config.getoption("--hypothesis-seed", default=None)
    number = random.getrandbits(30) if chosen == "random" else int(chosen or 0)
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    rules = settings(
        max_examples=max(1, int(count * TIMES)), deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    seed(zlib.crc32(name.encode()) + number)(rules(given(**given_)(body)))()


def broken(row: Row, which: int, steps: list[mutate.Step]) -> tuple[Pages, dict[str, bytes]]:
    """The pages and files of a list, one of them broken."""
    pages, files = dict(row.pages()), dict(row.folder() if row.folder else {})
    if row.live:
        return pages, files
    names = [*pages, *files]
    name = names[which % len(names)]
    if name in pages:
        media, body = pages[name]
        pages[name] = media, mutate.apply(body, row.kind, steps)
    else:
        files[name] = mutate.apply(files[name], "json" if name.endswith(".json") else row.kind, steps)
    return pages, files


def spoiler(row: Row, which: int, steps: list[mutate.Step]) -> way.Spoil:
    """What breaks one of the first answers of a source that works them out."""

    def spoil(number: int, body: bytes) -> bytes:
        kind = "json" if body[:1] == b"{" else row.kind
        return mutate.apply(body, kind, steps) if number == 1 + which % 8 else body

    return spoil


def written(files: dict[str, bytes], folder: Path) -> Path | None:
    for name, body in files.items():
        path = folder / "lesson" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder / "lesson" if files else None


def judged(accepted: dict[str, tuple[str, str]]) -> None:
    """pySHACL, which decides on its own what the screen let pass."""
    found = way.shacl(list(accepted.values())[-JUDGED:], shapes_graph(ROOT / "shapes", way.IRIS.base))
    assert not found, found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_broken_list(row: Row, request: pytest.FixtureRequest, preparer: Preparer, texts: Texts) -> None:
    accepted: dict[str, tuple[str, str]] = {}

    def holds(which: int, steps: list[mutate.Step], echo: bool) -> None:
        pages, files = broken(row, which, steps)
        with tempfile.TemporaryDirectory() as folder, way.bounded():
            place = written(files, Path(folder))
            spoil = spoiler(row, which, steps)
            events = way.harvest(row, pages, echo, place, spoil)
            way.check_events(events, texts)
            assert events == way.harvest(row, pages, echo, place, spoil), "another visit, other events"
            for one in way.prepare(preparer, row, events):
                way.check_prepared(one, texts)
                if one.stated:
                    accepted.setdefault(one.stated, (one.stated, one.inferred))

    fuzzed(request, row.id, LISTS, holds, which=st.integers(0, 40), steps=STEPS, echo=st.booleans())
    assert accepted, "nothing was ever accepted: what is fuzzed is not a list"
    judged(accepted)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_broken_payload(
    row: Row, request: pytest.FixtureRequest, preparer: Preparer, texts: Texts, tmp_path: Path
) -> None:
    """A crosswalk gets what another version of a harvester, or another hand, left in the ledger."""
    place = written(dict(row.folder() if row.folder else {}), tmp_path)
    events = way.harvest(row, row.pages(), False, place)
    good = [one for one in events if isinstance(one, RawRecord) and not (one.broken or one.deleted)]
    assert row.format in {one.format for one in good}
    accepted: dict[str, tuple[str, str]] = {}

    def holds(which: int, steps: list[mutate.Step]) -> None:
        one = good[which % len(good)]
        kind = "xml" if one.payload.startswith(b"<") else "json" if one.payload[:1] in b"{[" else row.kind
        # A payload is UTF-8, whoever wrote it: that is the contract of model.RawRecord.
        steps = [step for step in steps if mutate.WAYS[step[0] % len(mutate.WAYS)] is not mutate.encode]
        payload = mutate.apply(one.payload, kind, steps)
        record = RawRecord(one.key, payload, one.media_type, one.format, one.source)
        with way.bounded():
            (prepared,) = way.prepare(preparer, row, [record])
            way.check_prepared(prepared, texts)
            assert [prepared] == way.prepare(preparer, row, [record]), "other words the second time"
        if prepared.stated:
            accepted.setdefault(prepared.stated, (prepared.stated, prepared.inferred))

    fuzzed(request, row.id + "/payload", PAYLOADS, holds, which=st.integers(0, 40), steps=STEPS)
    judged(accepted)


def test_every_protocol_is_fuzzed() -> None:
    missing = []
    for name in base.names():
        try:
            base.load(name)
            if name in crosswalk.FORMATS:
                crosswalk.load(name)
        except ModuleNotFoundError:  # announced, and not written yet
            continue
        if name not in {row.protocol for row in ROWS}:
            missing.append(name)
    assert not missing, f"add a Row to tests/fuzz/feeds.py for {', '.join(missing)}"


def test_the_site_is_open_to_the_world() -> None:
    way.check_iri(SITE + "/x")
