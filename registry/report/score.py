"""The score in words, as a small picture, and as data (W3C Data Quality Vocabulary)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from registry.iris import Iris
from registry.ledger.measurements import Measurement
from registry.report.model import Point, Series
from registry.report.texts import word

SHARES = frozenset(["completeness", "controlled-value-share", "link-alive"])
ORDER = (
    "completeness", "controlled-value-share", "freshness-days", "newest-days", "link-alive", "violation-count",
    "warning-count",
)  # fmt: skip
BARS = "▁▂▃▄▅▆▇█"
MOST = 60
_XSD = "http://www.w3.org/2001/XMLSchema#"
_CONTEXT = {
    "dqv": "http://www.w3.org/ns/dqv#", "prov": "http://www.w3.org/ns/prov#", "xsd": _XSD,
    "dqv:isMeasurementOf": {"@type": "@id"}, "dqv:computedOn": {"@type": "@id"},
    "prov:wasGeneratedBy": {"@type": "@id"}, "prov:generatedAtTime": {"@type": "xsd:dateTime"},
}  # fmt: skip


def series(found: Sequence[Measurement]) -> tuple[Series, ...]:
    """Measurements (newest first) of one list or several as histories: the mean of the lists at each time.

    A list without a new value at some time counts with its last one.
    """
    result = []
    for metric in ORDER:
        last: dict[str, float] = {}
        points: dict[str, float] = {}
        for one in reversed(found):
            if one.metric == metric:
                last[one.feed] = one.value
                points[one.time] = sum(last.values()) / len(last)
        if points:
            result.append(Series(metric, tuple(Point(time, value) for time, value in points.items())))
    return tuple(result)


def number(metric: str, value: float, language: str) -> str:
    """A value for people: shares in percent, days whole, numbers with one decimal; the comma of fr and es."""
    if metric in SHARES:
        text = f"{value * 100:.0f}{'' if language == 'en' else chr(0xA0)}%"
    else:
        text = f"{value:.0f}" if metric.endswith("-days") else f"{value:.1f}"
    return text if language == "en" else text.replace(".", ",")


def _heights(points: Sequence[Point], metric: str) -> list[float]:
    """Values from 0 to 1 for a picture; shares as they are, others between 0 and their greatest."""
    greatest = 1.0 if metric in SHARES else max((point.value for point in points), default=0.0) or 1.0
    return [min(max(point.value / greatest, 0.0), 1.0) for point in points]


def bars(found: Series) -> str:
    """The history as a line of small bars."""
    last = found.points[-MOST:]
    return "".join(BARS[round(height * (len(BARS) - 1))] for height in _heights(last, found.metric))


def spark(found: Series) -> Markup:
    """The history as a small SVG without words; a dot where there is one value only."""
    last = found.points[-MOST:]
    wide, high = 120, 24
    heights = _heights(last, found.metric)
    step = wide / max(len(heights) - 1, 1)
    points = [
        (round(place * step + 2, 1), round(high - 2 - height * (high - 4), 1)) for place, height in enumerate(heights)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    x, y = points[-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true"><polyline points="{}"/>'
        '<circle cx="{}" cy="{}" r="2.5"/></svg>'
    ).format(wide + 4, high, wide + 4, high, line, x, y)


def render(found: Sequence[Series], language: str) -> list[str]:
    """The score for a terminal: a line for each measure, with its history."""
    if not found:
        return [word("no-score", language)]
    names = [word(one.metric, language) for one in found]
    width = max(map(len, names))
    lines = []
    for name, one in zip(names, found, strict=True):
        now = number(one.metric, one.points[-1].value, language)
        lines.append(f"{name.ljust(width)}  {now.rjust(7)}  {bars(one)}")
    return lines


def as_dqv(rows: Sequence[Mapping[str, Any]], iris: Iris) -> dict[str, Any]:
    """Measurements as JSON-LD: a dqv:QualityMeasurement each, newest first.

    ``rows`` have ``run`` and ``computed_on`` (IRIs), ``metric`` (notation), ``value`` and ``time``. Source: Data
    on the Web Best Practices: Data Quality Vocabulary (W3C Note 2016).
    """
    return {
        "@context": _CONTEXT,
        "@graph": [
            {
                "@id": f"{row['run']}/quality/{row['metric']}",
                "@type": "dqv:QualityMeasurement",
                "dqv:isMeasurementOf": str(iris.concept("quality-metric", row["metric"])),
                "dqv:computedOn": row["computed_on"],
                "dqv:value": {"@type": "xsd:decimal", "@value": f"{row['value']:.4f}"},
                "prov:generatedAtTime": row["time"],
                "prov:wasGeneratedBy": row["run"],
            }
            for row in rows
        ],
    }
