"""Every file that others wrote is read by ``check`` with entries or a finding, never with a traceback.

The protocol is found by what the file is, else it is the one that the folder is of (none for tables: almost
anything can be read as one). The table of counts per folder
stands at the end of the run (tests/conftest.py), also where tests run side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from registry import shape_texts, vocabulary
from registry.pipeline import check
from registry.prepare import setup, workers
from registry.prepare.record import Preparer
from registry.prepare.workers import Job
from registry.settings import Settings

# Folder and pattern below shared/data, its protocol, and at least how many files are read, entries, findings.
FOLDERS = (
    ("web/extruct", "**/*", "web_pages", 15, 20, 200),
    ("web/oersi-etl", "**/*", "web_pages", 3, 3, 20),
    ("ical/icalendar", "**/*", "calendar", 120, 150, 1500),
    ("amb/dini", "**/invalid/*", "amb", 70, 70, 500),
    ("amb/dini", "**/valid/*", "amb", 68, 68, 350),
    ("oai-pmh/sickle", "**/*", "oai_pmh", 6, 7, 30),
    ("oai-pmh/eudat", "**/*", "oai_pmh", 50, 50, 200),
    ("oai-pmh/pyoai", "**/*", "oai_pmh", 5, 95, 300),
    ("oai-pmh/zenodo", "**/*", "oai_pmh", 11, 250, 600),
    ("lom", "**/*", "oai_pmh", 55, 60, 350),
    ("moochub", "**/*", "moochub", 0, 0, 0),  # a schema and what is said of it
    ("openedx", "**/*", "openedx", 9, 80, 500),
    ("dcat", "**/*", "rdf", 115, 230, 2000),
    ("catalogue", "**/*", "", 1, 260, 500),
    ("git-training", "**/*", "", 1, 20, 100),
)


@contextmanager
def one_registry() -> Iterator[None]:
    """All checks are of one registry: what is the same for each is read for the first, as in a harvest's workers."""
    kept: list[Preparer] = []
    known: dict[tuple[object, ...], Any] = {}
    make = workers.make_preparer

    def like_before(job: Job, like: Preparer | None = None) -> Preparer:
        made = make(job, like=like or (kept[0] if kept else None))
        kept[:] = [made]
        return made

    def once(name: str, read_: Callable[..., Any], key: Callable[..., object]) -> Callable[..., Any]:
        def found(*given: Any, **named: Any) -> Any:
            at = (name, key(*given, **named))
            if at not in known:
                known[at] = read_(*given, **named)
            return known[at]

        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "make_preparer", like_before)
        patch.setattr(setup, "_kept", once("kept", setup._kept, lambda name, folders, base, *_: (name, base)))
        patch.setattr(vocabulary, "labels", once("labels", vocabulary.labels, lambda folders, base: base))
        patch.setattr(shape_texts, "load", once("shapes", shape_texts.load, lambda folder: folder))
        yield


@pytest.fixture(scope="module", autouse=True)
def _one_registry() -> Iterator[None]:
    with one_registry():
        yield


def read(settings: Settings, file: Path, protocol: str) -> tuple[check.Checked | None, str]:
    """What ``check`` says of a file, and why it cannot be read if it cannot."""
    try:
        return check.check_list(settings, str(file)), ""
    except check.Unreadable as error:
        if not protocol:
            return None, str(error)
        try:
            return check.check_list(settings, str(file), protocol), ""
        except check.Unreadable as error:
            return None, str(error)


@pytest.mark.parametrize(("folder", "pattern", "protocol", "read_", "records", "findings"), FOLDERS)
def test_every_file_gives_entries_or_a_finding(
    folder: str, pattern: str, protocol: str, read_: int, records: int, findings: int, shared: Path, tmp_path: Path,
    record_property: Any,
) -> None:  # fmt: skip
    files = sorted(one for one in (shared / "data" / folder).glob(pattern) if one.is_file())
    settings = Settings(data=tmp_path / "var", http_delay=0.0, http_retries=0)
    count: Counter[str] = Counter()
    protocols: Counter[str] = Counter()
    for file in files:
        checked, reason = read(settings, file, protocol)
        if checked is None:
            said = reason.removeprefix(f"{file}:").strip()
            assert len(said) > 20 and "Traceback" not in said, f"{file}: {reason!r} does not say why"
            count["unreadable"] += 1
            continue
        counts = checked.run.counts
        assert counts["records"] > 0, file
        # What is neither published nor held was listed as deleted.
        assert counts["published"] + counts["held"] <= counts["records"], f"{file}: {counts}"
        count["read"] += 1
        for name in ("records", "published", "held"):
            count[name] += counts[name]
        count["findings"] += sum(cause.count for cause in checked.report.causes)
        protocols[checked.protocol] += 1
    assert count["read"] + count["unreadable"] == len(files) > 0
    row = {"folder": f"{folder}/{pattern}", "files": len(files), **count, "protocols": dict(protocols)}
    record_property("foreign", row)
    least = {"read": read_, "records": records, "findings": findings}
    assert all(count[name] >= number for name, number in least.items()), f"{row}, at least {least} were expected"
