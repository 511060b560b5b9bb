"""Fixtures that several tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real feeds beside the repository; CI always has it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} must be there in CI")
        pytest.skip(f"no real feeds here ({folder} is not there)")
    return folder


COUNTS = ("files", "read", "unreadable", "records", "published", "held", "findings")


def _told(terminalreporter: Any, wanted: str) -> list[Any]:
    """What tests recorded under a name, also where other processes ran them."""
    reports = (report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, []))
    return [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == wanted]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the run counted: tests of the standards' suites, and what each folder of others' files gave."""
    suites = _told(terminalreporter, "suite")
    if suites:
        terminalreporter.write_sep("=", "suites of the standards")
        for row in sorted(suites, key=lambda row: str(row["name"])):
            terminalreporter.write_line(f"{row['passed']:>5} of {row['of']:>3}  {row['name']}")
    rows = _told(terminalreporter, "foreign")
    if not rows:
        return
    width = max(len(row["folder"]) for row in rows)
    terminalreporter.write_sep("=", "files of others")
    terminalreporter.write_line(" " * width + "".join(f"{name:>12}" for name in COUNTS) + "  read as")
    for row in sorted(rows, key=lambda row: str(row["folder"])):
        read_as = ", ".join(f"{name} {count}" for name, count in sorted(row["protocols"].items()))
        counts = "".join(f"{row.get(name, 0):>12}" for name in COUNTS)
        terminalreporter.write_line(f"{row['folder']:{width}}{counts}  {read_as}")
    total = "".join(f"{sum(row.get(name, 0) for row in rows):>12}" for name in COUNTS)
    terminalreporter.write_line(f"{'all':{width}}{total}")
