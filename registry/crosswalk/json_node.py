"""JSON of an API as the objects that schema.org's reader takes: each with its place, a JSON pointer.

``id`` and ``@id`` become ``@id`` (its own pointer under ``@at``), ``type`` and ``@type`` a list of bare names
under ``@type`` (its pointer under ``@type-at``). Source: RFC 6901 (JSON pointer).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from registry.crosswalk.schemaorg_read import bare

MAX_LEVELS = 12
MAX_ITEMS = 1000


def payload(data: bytes) -> Mapping[str, Any] | None:
    """The object of a payload; None where it is no object, or empty."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found else None


def node(value: Any, place: str = "", level: int = 0) -> Any:
    """A value with places; lists are cut at MAX_ITEMS, objects and lists deeper than MAX_LEVELS are empty."""
    if isinstance(value, list):
        if level > 2 * MAX_LEVELS:
            return []
        return [node(one, f"{place}/{number}", level + 1) for number, one in enumerate(value[:MAX_ITEMS])]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {"@place": place}
    if level > MAX_LEVELS:
        return found
    for key, inner in value.items():
        where = f"{place}/" + key.replace("~", "~0").replace("/", "~1")
        if key in ("id", "@id"):
            if isinstance(inner, str) and inner.strip():
                found["@id"] = inner.strip()
                found["@at"] = where
        elif key in ("type", "@type"):
            names = inner if isinstance(inner, list) else [inner]
            found["@type"] = [bare(name) for name in names if isinstance(name, str)]
            found["@type-at"] = where
        elif key == "@language" or not key.startswith("@"):
            found[key] = node(inner, where, level + 1)
    return found


def items(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]
