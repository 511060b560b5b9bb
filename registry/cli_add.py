"""The verb that adds an academy from an address."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.console import TO_MEND, Json, fail, out, settings


def add_to(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command()(add)


def add(
    address: Annotated[str, typer.Argument(help="The address of a site, or of a list of courses.")],
    id_: Annotated[str, typer.Option("--id", help="The academy's short name, such as istat; its file's name.")] = "",
    name: Annotated[str, typer.Option(help="The academy's name; else what its site calls itself.")] = "",
    language: Annotated[str, typer.Option(help="What its texts are written in, such as fr; else as declared.")] = "",
    feed_id: Annotated[str, typer.Option(help="A name for the list; else made of the academy's.")] = "",
    protocol: Annotated[str, typer.Option(help="oai_pmh, web_pages, table …; found when not given.")] = "",
    allow_private: Annotated[bool, typer.Option("--allow-private", help="The address may be a private one.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Find an academy's list, read a sample, and write the academy's file."""
    from registry.pipeline import add as adding

    wish = adding.Wish(id_, name, language, feed_id, protocol, allow_private)
    try:
        made = adding.plan(settings(), address, wish)
        if not as_json:
            for line in made.checked.report.found:
                typer.echo(line["en"])
            typer.echo(f"\n{made.path}{' (added at its end)' if made.before is not None else ''}:\n")
            typer.echo(made.added)
        if not yes and not typer.confirm("Write it?", err=as_json):
            raise fail("nothing was written", TO_MEND)
        adding.write(made)
    except adding.CannotAdd as error:
        raise fail(str(error)) from error
    counts = made.checked.run.counts
    if as_json:
        out({"file": str(made.path), "academy": made.academy, "feed": made.feed, "next": made.command,
             "counts": dict(counts)} | made.checked.told)  # fmt: skip
    else:
        typer.echo(f"{made.path} is written. Look it through, then: {made.command}")
