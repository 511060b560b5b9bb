"""jCal (iCalendar as JSON) to content lines, so that there is one reader for both.

Source: RFC 7265 (jCal: The JSON Format for iCalendar), §3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 6
_STAMPS = ("date", "date-time", "time", "utc-offset", "period")


def to_lines(body: bytes) -> str | None:
    """The text of a jCal document, or of an array of them; None for other JSON."""
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    several = data if isinstance(data, list) and data and isinstance(data[0], list) else [data]
    lines: list[str] = []
    for one in several:
        if not _is_component(one) or str(one[0]).lower() != "vcalendar":
            return None
        lines += _component(one, 0)
    return "\n".join(lines) + "\n"


def _is_component(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and isinstance(value[0], str) and isinstance(value[1], list)


def _component(value: list[Any], depth: int) -> Iterator[str]:
    name = _word(value[0])
    yield f"BEGIN:{name}"
    for item in value[1]:
        if isinstance(item, list) and len(item) >= 4 and isinstance(item[0], str):
            yield _property(item)
        elif _is_component(item) and depth < MAX_DEPTH:  # some writers put components among the properties
            yield from _component(item, depth + 1)
    for item in value[2] if len(value) > 2 and isinstance(value[2], list) else ():
        if _is_component(item) and depth < MAX_DEPTH:
            yield from _component(item, depth + 1)
    yield f"END:{name}"


def _property(item: list[Any]) -> str:
    kind = str(item[2]).lower()
    parameters = item[1] if isinstance(item[1], dict) else {}
    head = _word(item[0])
    for name, value in sorted(parameters.items()):
        several = value if isinstance(value, list) else [value]
        quoted = ",".join('"' + _flat(str(one)).replace('"', "'") + '"' for one in several)
        head += f";{_word(name)}={quoted}"
    if kind in ("date", "period"):
        head += f";VALUE={kind.upper()}"
    separator = ";" if item[0].lower() in ("geo", "request-status") else ","
    return f"{head}:{separator.join(_value(one, kind) for one in item[3:])}"


def _value(value: Any, kind: str) -> str:
    if kind == "recur" and isinstance(value, dict):
        return ";".join(f"{_word(name)}={_listed(part)}" for name, part in sorted(value.items()))
    if isinstance(value, list):
        return ("/" if kind == "period" else ";").join(_value(one, kind) for one in value)
    text = str(value)
    if kind in _STAMPS:
        return _stamp(text)
    if kind == "text":
        text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return _flat(text.replace("\r\n", "\n").replace("\n", "\\n"))
    return _flat(text)


def _listed(part: Any) -> str:
    several = part if isinstance(part, list) else [part]
    return ",".join(_stamp(str(one)) if "T" in str(one) or "-" in str(one)[1:] else _flat(str(one)) for one in several)


def _stamp(text: str) -> str:
    """ "2004-01-10T03:28:45Z" without its marks; the sign of an offset ("-05:00") and of a duration stays."""
    sign, rest = (text[:1], text[1:]) if text[:1] in "+-" else ("", text)
    return _flat(sign + rest.replace("-", "").replace(":", ""))


def _flat(text: str) -> str:
    return " ".join(text.splitlines()) if text.splitlines() else ""


def _word(name: Any) -> str:
    return "".join(char for char in str(name).upper() if char.isalnum() or char == "-")[:80]
