"""Says in words why a pair weighs what it weighs: the level that each comparison reached, with its weight in bits."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from registry.matching.scoring import Model

_CONDITION = re.compile(r"(\w+)_l (?:(IS NULL)|(=|<=|>=|<|>) (-?[\d.]+)|BETWEEN (-?[\d.]+) AND (-?[\d.]+))")


@dataclass(frozen=True, slots=True)
class Reason:
    """What one comparison says of a pair: its level (a row of ``models/levels.tsv``), its weight in bits."""

    comparison: str
    level: str
    weight: float


def words() -> dict[tuple[str, str], dict[str, str]]:
    """What people read for a level: {(comparison, level): {"en": …, "fr": …, "es": …}}."""
    text = files("registry.matching").joinpath("models/levels.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {(row["comparison"], row["level"]): {tag: row[tag] for tag in ("en", "fr", "es")} for row in rows}


def explain(measures: Mapping[str, Any], model: Model) -> tuple[Reason, ...]:
    """The reasons for a pair's weight, the strongest first, from its row of the table of measures (with "cross").

    They add up to the weight that ``scoring.weigh`` gives. What cannot be told gives no reason. Raises ValueError
    for a model whose level conditions are no tests of one measure against numbers.
    """
    reasons = []
    for comparison in json.loads(model.across if measures["cross"] else model.within)["comparisons"]:
        for level in comparison["comparison_levels"]:
            if _holds(level["sql_condition"], measures):
                if not level.get("is_null_level"):
                    weight = math.log2(level["m_probability"] / level["u_probability"])
                    reasons.append(Reason(comparison["output_column_name"], level["label_for_charts"], weight))
                break
    return tuple(sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.comparison)))


def _holds(condition: str, measures: Mapping[str, Any]) -> bool:
    """Does a level's condition hold? As in SQL, no test of a null does."""
    if condition == "ELSE":
        return True
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise ValueError(f"the level condition {condition!r} cannot be read")
    name, null, sign, bound, low, high = found.groups()
    value = measures[name]
    if null:
        return value is None
    if value is None:
        return False
    if low:
        return bool(float(low) <= value <= float(high))
    holds = {
        "=": value == float(bound),
        "<=": value <= float(bound),
        ">=": value >= float(bound),
        "<": value < float(bound),
        ">": value > float(bound),
    }
    return bool(holds[sign])
