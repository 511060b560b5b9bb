"""The cells of coverage: each term of a scheme, in each language, at each academy, also where there is nothing.

Put together here and not in SQL: ten thousands of cells are mostly empty, and what is not of the term is the same for
all terms of a scheme.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

COLUMNS = (
    "scheme", "term", "name", "language", "academy", "found", "open", "no_subject", "no_language", "neither",
    "not_harvested", "described", "state",
)  # fmt: skip
Row = tuple[Any, ...]


def rows(connection: sqlite3.Connection, given: Mapping[str, Any]) -> list[Row]:
    """The cells in the order of scheme, term, language and academy; "described" in ten-thousandths.

    ``given`` has scheme, language and academy (None: all) and ``enough``.
    """
    frames: dict[str, list[Row]] = {}
    for scheme, *frame in connection.execute(_sql("frames"), given):
        frames.setdefault(scheme, []).append(tuple(frame))
    absent: int = connection.execute(
        "SELECT (SELECT count(*) FROM known) + (SELECT count(*) FROM academy WHERE resources = 0)"
    ).fetchone()[0]
    steps = connection.execute("SELECT axis, notation, concept, text FROM step").fetchall()
    nothing, found, sql = [0, 0], list[Row](), _sql("cells")
    for scheme, term, concept, text in sorted(steps, key=lambda step: (step[0], in_process(step[1]), step[1])):
        if scheme not in frames:
            continue
        name = json.loads(text).get("en")
        cells: dict[tuple[str, str], list[int]] = {}
        for language, academy, is_open, number in connection.execute(sql, {**given, "concept": concept}):
            cell = cells.setdefault((language, academy), [0, 0])
            cell[0] += number
            cell[1] += number * is_open
        for language, academy, no_subject, neither, described, otherwise in frames[scheme]:
            number, open_ = cells.get((language, academy), nothing)
            no_language = cells.get(("", academy), nothing)[0]
            found.append(
                (scheme, term, name, language, academy, number, open_, no_subject, no_language, neither, absent,
                 described, "found" if number else otherwise)
            )  # fmt: skip
    return found


def in_process(term: str) -> str:
    """What a term is sorted by: phases with their own steps ("ph-5", "sp-5.1"), in the order of the process, and what
    runs through all of them ("oa-quality") last."""
    return re.sub(r"^[^-]*-(?=[0-9])", "", term)


def _sql(name: str) -> str:
    return files("registry.statistics").joinpath(f"queries/coverage-{name}.sql").read_text("utf-8")
