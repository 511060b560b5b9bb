"""One entry of the release by its id, or by the two parts of it, as routes have them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from registry.web.problems import Problem
from registry.web.shared import Visit

Part = Annotated[str, Path(max_length=300)]
FeedPart = Annotated[str, Path(alias="list", max_length=300, description="Id of an academy's list")]


def published(visit: Visit, identifier: str) -> dict[str, Any]:
    """The document of a resource by its id. Raises Problem: 410 with the tombstone when it was withdrawn, else 404."""
    item = visit.opened.reader.get(identifier)
    if item is None:
        raise Problem(404, f"There is no resource {identifier!r}.")
    if "deleted" in item:
        raise Problem(410, "Its academy no longer lists it.", tombstone=item)
    return item


def entry(visit: Visit, feed: str, key: str) -> dict[str, Any]:
    """The same by the two parts of its id."""
    return published(visit, f"{feed}/{key}")
