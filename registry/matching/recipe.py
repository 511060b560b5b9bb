"""What decides matches besides records, decisions and model: the code and the tables of this room."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files


class OtherRecipe(Exception):
    """The working file was made by another version of the rules: ``rebuild`` it."""


def recipe_digest() -> str:
    """The digest of this room's code and tables; another digest means rebuild."""
    found = sha256()
    folder = files("registry.matching")
    for where in (folder, *(folder.joinpath(name) for name in ("tables", "sql", "models"))):
        for entry in sorted(where.iterdir(), key=lambda item: item.name):
            if entry.name.endswith((".py", ".tsv", ".sql", ".json")):
                found.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
    return found.hexdigest()
