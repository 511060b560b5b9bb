"""The figures that are asked of matching, measured in this run: reached or missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.evaluate_parts import Calibration, Recall
from benchmarks.evaluate_scores import Detail, Row
from benchmarks.evaluate_tables import hits, share, table
from benchmarks.metrics import Counts

OURS, ONE_TO_ONE, TFIDF = "ours", "ours, one to one", "TF-IDF 3-grams, mutual"
DBLP_F1, TRANSLATIONS, TYPED_F1, COPIES, CALIBRATION = 0.99, 0.90, 0.80, 0.99, 0.02


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as asked, as measured, and whether it is reached."""

    name: str
    measured: str
    asked: str
    reached: bool


def _f1(rows: Sequence[Row], system: str) -> float:
    return next((row.same.f1 or 0.0 for row in rows if row.system == system), 0.0)


def engine(name: str, rows: Sequence[Row], at_least: float | None) -> list[Figure]:
    """An engine benchmark: F1 one to one, and what the rules say without it beside; against a floor and against TF-IDF
    in the same run."""
    ours, theirs = _f1(rows, ONE_TO_ONE), _f1(rows, TFIDF)
    measured = f"{share(ours, 4)} ({share(_f1(rows, OURS), 4)} without)"
    figures = []
    if at_least is not None:
        figures.append(Figure(f"{name}: F1, one to one", measured, f">= {at_least}", ours >= at_least))
    asked = f">= {theirs:.4f} (TF-IDF in this run)"
    return [*figures, Figure(f"{name}: F1, one to one", measured, asked, ours >= theirs)]


def truth(recalls: Sequence[Recall], macro: float | None) -> list[Figure]:
    """The labelled pairs of truth, all its sets together."""
    within = [sum(found.within[n] for found in recalls) for n in (0, 1)]
    across = [sum(found.translations[n] for found in recalls) for n in (0, 1)]
    return [
        Figure("Truth: candidates within a language", hits(*within), "all", within[0] == within[1] > 0),
        Figure(
            "Truth: candidates, translations", hits(*across), f">= {TRANSLATIONS}",
            across[1] > 0 and across[0] >= TRANSLATIONS * across[1],
        ),
        Figure("Truth: typed macro-F1", share(macro), f">= {TYPED_F1}", (macro or 0.0) >= TYPED_F1),
    ]  # fmt: skip


def copies(details: Sequence[tuple[str, Detail]]) -> Figure:
    """Copies accepted without review, on every set: truth alone may hold none that is accepted."""
    counts = sum((found.accepted_copies for _, found in details), Counts())
    said = counts.right + counts.wrong
    truth = sum((found.accepted_copies for name, found in details if name.startswith("Truth")), Counts())
    measured = f"{hits(counts.right, said)}, in truth {truth.right} of {truth.right + truth.wrong}"
    reached = said > 0 and counts.right >= COPIES * said and truth.right >= COPIES * (truth.right + truth.wrong)
    return Figure("Labelled sets: copies accepted without review are copies", measured, f">= {COPIES}", reached)


def apart(details: Sequence[tuple[str, Detail]]) -> list[Figure]:
    """No pair known to differ in one cluster of duplicates, nor in one work, on all sets."""
    figures = []
    for level, named in (("cluster", "cluster of duplicates"), ("work", "work")):
        wrong = [(name, len(found.together[level])) for name, found in details if found.together[level]]
        measured = ", ".join(f"{name}: {n}" for name, n in wrong) or "none"
        figures.append(Figure(f"Labelled sets: different pairs in one {named}", measured, "none", not wrong))
    return figures


def unread(details: Sequence[tuple[str, Detail]]) -> Figure:
    """Every rule that is accepted without review, over all labelled sets: the weakest."""
    rules = {rule for _, found in details for rule in found.unread}
    counts = {rule: sum((found.rules.get(rule, Counts()) for _, found in details), Counts()) for rule in sorted(rules)}
    known = {rule: c for rule, c in counts.items() if c.right + c.wrong}
    below = [
        f"{rule} {c.right} of {c.right + c.wrong}"
        for rule, c in known.items()
        if c.right < COPIES * (c.right + c.wrong)
    ]
    total = sum(known.values(), Counts())
    measured = ", ".join(below) or hits(total.right, total.right + total.wrong)
    return Figure(
        "Labelled sets: each rule accepted without review", measured, f">= {COPIES}", bool(known) and not below
    )


def calibration(name: str, found: Calibration) -> Figure:
    """Calibration error after 200 labels."""
    return Figure(
        f"{name}: calibration error after {found.labels} labels", share(found.error, 4), f"<= {CALIBRATION}",
        found.error <= CALIBRATION,
    )  # fmt: skip


def text(figures: Sequence[Figure]) -> str:
    """The last table."""
    head = ("figure", "measured", "asked", "")
    return table(head, ((f.name, f.measured, f.asked, "reached" if f.reached else "MISSED") for f in figures))
