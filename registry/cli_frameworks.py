"""The verb about frameworks: lists of terms that an operator adds, by which entries are then found and counted."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from registry.console import Json, fail, house, out, settings


def add_to(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command()(scheme)


def scheme(
    action: Annotated[str, typer.Argument(help="add, list or remove.")] = "list",
    what: Annotated[str, typer.Argument(help="add: a file, SKOS or a table; remove: the framework's name.")] = "",
    id_: Annotated[str, typer.Option("--id", help="Its name in addresses; by default from the file's.")] = "",
    role: Annotated[str, typer.Option(help="subject, level or audience.")] = "subject",
    title: Annotated[list[str] | None, typer.Option(help="Its title, such as “Compétences@fr”; repeatable.")] = None,
    rank: Annotated[int, typer.Option(min=1, max=9, help="In which order lists are asked: 1 first.")] = 3,
    language: Annotated[str, typer.Option(help="The language of names that say none.")] = "en",
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of the one of this name.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Remove it although entries name it.")] = False,
    as_json: Json = False,
) -> None:
    """Add a framework from a file, list all, or remove one."""
    from registry.frameworks.terms import BadFramework
    from registry.pipeline import scheme as schemes

    try:
        if action == "add" and what:
            made = schemes.add(
                settings().schemes_folder, Path(what), name=id_, role=role, titles=title or [], rank=rank,
                usual=language, replace_=replace,
            )  # fmt: skip
            if as_json:
                out(asdict(made))
            else:
                typer.echo("\n".join([f"{made.id}: {made.terms} terms in {made.file}", *made.remarks]))
                typer.echo("Next: meta-academy prepare --dry-run, then prepare and publish.")
            return
        if action not in ("list", "remove") or (action == "remove" and not what):
            raise fail("say: scheme add FILE, scheme list, or scheme remove NAME")
        with house() as opened:
            if action == "remove":
                left = schemes.remove(opened, what, force)
                told = f"; {left} public entries name it until prepare and publish were run" if left else ""
                out({"removed": what, "entries": left}) if as_json else typer.echo(f"{what} removed{told}")
                return
            found = schemes.listed(opened)
    except BadFramework as error:
        raise fail(str(error)) from error
    if as_json:
        out([asdict(one) for one in found])
        return
    for one in found:
        title_ = one.title.get("en") or next(iter(one.title.values()), "")
        typer.echo(f"{one.id}: {one.role}, {one.terms} terms{', added' if one.added else ''} · {title_}")
