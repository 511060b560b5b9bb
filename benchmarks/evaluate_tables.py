"""Tables of the evaluation as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.evaluate_scores import Detail, Row
from benchmarks.metrics import Counts, wilson


def share(value: float | None, digits: int = 3) -> str:
    """A share as printed; "–" where nothing was to divide."""
    return "–" if value is None else f"{value:.{digits}f}"


def interval(low: float, high: float) -> str:
    return f"{low:.2f}–{high:.2f}"


def hits(found: int, of: int) -> str:
    """A count with its 95 % interval (Wilson)."""
    return f"{found} of {of} ({interval(*wilson(found, of))})" if of else "no pairs"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns in line, the first to the left."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]

    def one(line: Sequence[str]) -> str:
        cells = (
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        return "  " + "  ".join(cells).rstrip()

    return "\n".join([one(lines[0]), "  " + "  ".join("-" * width for width in widths), *map(one, lines[1:])])


def systems(rows: Sequence[Row]) -> str:
    """All systems side by side: pairs said to be one work, works, relations."""
    head = ("one work?", "precision", "recall", "F1", "95 %", "B3 P", "B3 R", "B3 F1", "typed F1", "seconds")
    return table(
        head,
        (
            (
                r.system, share(r.same.precision), share(r.same.recall), share(r.same.f1), interval(r.low, r.high),
                *map(share, r.b3), share(r.macro), f"{r.seconds:.1f}",
            )
            for r in rows
        ),
    )  # fmt: skip


def counted(head: str, scores: Mapping[str, tuple[Counts, float, float]]) -> str:
    """Precision, recall and F1 with counts, by relation or language pair."""
    return table(
        (head, "labelled", "precision", "recall", "F1", "95 %"),
        (
            (
                name, str(c.right + c.missed), f"{hits(c.right, c.right + c.wrong)}", f"{hits(c.right, c.right + c.missed)}",
                share(c.f1), interval(low, high),
            )
            for name, (c, low, high) in scores.items()
        ),
    )  # fmt: skip


def by_rule(details: Mapping[str, Detail], hidden: Sequence[str]) -> str:
    """Each rule's labelled pairs over all sets that are shown; of hidden sets only what is accepted without review."""
    shown = [found for name, found in details.items() if name not in hidden]
    unread = {rule for found in details.values() for rule in found.unread}
    rows = []
    for rule in sorted({rule for found in shown for rule in found.rules}):
        counts = sum((found.rules.get(rule, Counts()) for found in shown), Counts())
        of = counts.right + counts.wrong
        rows.append((rule, str(of), hits(counts.right, of), "without review" if rule in unread else ""))
    for name in hidden:
        some = [counts for rule, counts in details[name].rules.items() if rule in unread]
        right, wrong = sum(c.right for c in some), sum(c.wrong for c in some)
        rows.append((f"{name}, all accepted", str(right + wrong), hits(right, right + wrong), "without review"))
    return table(("rule", "labelled pairs", "right (95 %)", "accepted"), rows)


def details(found: Detail, hidden: bool) -> str:
    """The product's answer in detail; misses by name unless the labels are hidden."""
    lines = ["", counted("relation", found.relations), "", counted("languages", found.language_pairs), ""]
    said = ", ".join(f"{n} {name}" for name, n in sorted(found.matches.items()))
    lines.append(f"  all matches: {said or 'none'}")
    copies = found.accepted_copies
    lines.append(
        f"  copies accepted without review: {hits(copies.right, copies.right + copies.wrong)} of the labelled are right; "
        f"{found.accepted_unlabelled} have no label"
    )
    lines.append(
        f"  pairs known to differ: {len(found.together['cluster'])} in one cluster of duplicates, "
        f"{len(found.together['work'])} in one work"
    )
    lines.append(f"  which came first, where both sides say: {hits(*found.direction)}")
    if not hidden:
        lines += [f"    turned round: {name}" for name in found.turned]
        lines += [f"    {level}: {name}" for level, names in found.together.items() for name in names]
        lines.append(f"  {len(found.misses)} labelled pairs answered otherwise:")
        lines += [f"    {miss}" for miss in found.misses]
    else:
        lines.append(f"  {len(found.misses)} labelled pairs answered otherwise (test labels are not shown)")
    return "\n".join(lines)
