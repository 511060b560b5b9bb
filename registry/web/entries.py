"""One entry of the release by the two parts of its id, for the routes of the API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from registry.web.problems import Problem
from registry.web.shared import Visit

Part = Annotated[str, Path(max_length=300)]
FeedPart = Annotated[str, Path(alias="list", max_length=300, description="Id of an academy's list")]


def entry(visit: Visit, feed: str, key: str) -> dict[str, Any]:
    """The document of a resource. Raises Problem: 410 with the tombstone when it was withdrawn, else 404."""
    identifier = f"{feed}/{key}"
    item = visit.opened.reader.get(identifier)
    if item is None:
        raise Problem(404, f"There is no resource {identifier!r}.")
    if "deleted" in item:
        raise Problem(410, "Its academy no longer lists it.", tombstone=item)
    return item
