"""Visits in words: the summary of a harvest, and the log of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from registry.ledger.runs import seconds
from registry.model import Run

_COLUMNS = (("seen", "records"), ("new", "new"), ("changed", "changed"), ("gone", "withdrawn"),
            ("missing", "missing"), ("held back", "held"), ("published", "published"))  # fmt: skip


def summary(runs: Sequence[Run]) -> str:
    """A table of the visits of one harvest, what went wrong below it, and one line for all."""
    rows = [("", "", "time", *(name for name, _ in _COLUMNS))]
    rows += [(run.feed, run.outcome, _time(run), *_counts(run.counts)) for run in runs]
    said = [f"{run.feed}: {run.message}" for run in runs if run.message]
    return "\n".join([*_aligned(rows), *([""] if said else []), *said, "", total(runs)])


def total(runs: Sequence[Run]) -> str:
    """One line for all visits."""
    outcomes = Counter(run.outcome for run in runs)
    first = [f"{outcomes[name]} {name}" for name in ("done", "failed", "refused", "broken-off") if outcomes[name]]
    names = {"new": "new", "changed": "changed", "gone": "withdrawn"}
    moved = [f"{sum(run.counts.get(name, 0) for run in runs)} {word}" for word, name in names.items()]
    lists = "1 list" if len(runs) == 1 else f"{len(runs)} lists"
    return f"{lists}: {', '.join(first)}; entries: {', '.join(moved)}"


def log(runs: Sequence[Run]) -> str:
    """Runs as they were given, newest first: when, which list, how it ended, counts, and what was said."""
    rows = [("started", "list", "", "time", *(name for name, _ in _COLUMNS), "")]
    rows += [(run.started, run.feed, run.outcome, _time(run), *_counts(run.counts), run.message) for run in runs]
    return "\n".join(_aligned(rows))


def as_json(run: Run) -> dict[str, object]:
    """One run for a machine."""
    return {
        "run": run.iri, "feed": run.feed, "academy": run.academy, "started": run.started, "ended": run.ended,
        "seconds": seconds(run), "outcome": run.outcome, "message": run.message, "counts": dict(run.counts),
    }  # fmt: skip


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [str(counts[name]) if counts.get(name) else "–" for _, name in _COLUMNS]


def _time(run: Run) -> str:
    took = seconds(run)
    if took is None:
        return "–"
    minutes, rest = divmod(took, 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns under one another: numbers and times to the right, words to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if _number(head) else cell.ljust(width)
            for cell, width, head in zip(row, widths, rows[0], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _number(head: str) -> bool:
    return head == "time" or head in dict(_COLUMNS)
