"""A pair's levels as one number: what a weight, and every reason for it, follows from.

Many pairs share one code, so each is weighed once, and a million pairs keep their levels at eight bytes each.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

BITS = 4
"""Bits of a comparison in a code: 0 where it was not made, else the level's place from 1. Bit 0 is the model's
side."""

Level = Mapping[str, Any]
Side = dict[str, list[Level]]
"""The levels of each comparison by its name, as Splink's settings have them."""


def shift(place: int) -> int:
    """Where the bits of the comparison at a place in ``scoring.COMPARISONS`` begin."""
    return 1 + BITS * place


def comparisons(settings: str) -> Side:
    """The levels of each comparison of a side's settings, by its name."""
    return {one["output_column_name"]: one["comparison_levels"] for one in json.loads(settings)["comparisons"]}


def known(levels: list[Level]) -> list[Level]:
    """The levels but for that of what cannot be told."""
    return [level for level in levels if not level.get("is_null_level")]


def weights(side: Side, places: Mapping[str, int], code: int) -> dict[str, float]:
    """What each comparison of a side weighs for a code, in bits; 0 for one that was not made."""
    found = {}
    for name, levels in side.items():
        place = code >> shift(places[name]) & (1 << BITS) - 1
        level = known(levels)[place - 1]
        found[name] = math.log2(level["m_probability"] / level["u_probability"]) if place else 0.0
    return found


def code(within: Side, across: Side, places: Mapping[str, int], table: str) -> str:
    """SQL of the code of a row of ``table``, as ``measures.fill`` makes it, by the two sides of a model."""
    return (
        f'CASE WHEN coalesce({table}."cross", false) THEN 1 + {_side(across, places, table)}'
        f" ELSE {_side(within, places, table)} END"
    )


def _side(side: Side, places: Mapping[str, int], table: str) -> str:
    parts = []
    for name, levels in side.items():
        place, tests = 0, ""
        for level in levels:
            place += not level.get("is_null_level")
            reached = 0 if level.get("is_null_level") else place << shift(places[name])
            condition = re.sub(r"\b(\w+)_l\b", rf"{table}.\1", level["sql_condition"])
            tests += f" ELSE {reached}" if condition == "ELSE" else f" WHEN {condition} THEN {reached}"
        parts.append(f"CASE{tests} END::BIGINT")
    return "(" + " + ".join(parts) + ")"
