"""The verbs about reports: what an academy has to mend, and whether its addresses open."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from registry.console import OK, TO_MEND, Json, fail, house, out, report_form, tell_report


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command()(report)
    app.command()(links)


def report(
    academy: Annotated[str, typer.Argument(help="An academy.")],
    language: Annotated[str, typer.Option(help="en, fr or es: the language of the report.")] = "en",
    form: Annotated[str, typer.Option("--format", help="text, markdown, html or json.")] = "text",
    output: Annotated[Path | None, typer.Option(help="Write the report into this file.")] = None,
) -> None:
    """Report on an academy's lists: score with its history, what the public sees, what to mend."""
    from registry.pipeline.reporting import of_academy
    from registry.pipeline.score import of_feeds

    form = report_form(form, language)
    with house() as opened:
        found = opened.academies.get(academy)
        if found is None:
            raise fail(f"no academy is called {academy}; there are: {', '.join(sorted(opened.academies))}")
        told = of_academy(opened, found, language, of_feeds(opened.connection, found.feeds))
        tell_report(told, form, language, output, standing=True)


def links(
    source: Annotated[list[str] | None, typer.Argument(help="Academies or feeds; all when none is named.")] = None,
    older: Annotated[int, typer.Option(min=0, help="Ask those again that were not asked for so many days.")] = 7,
    as_json: Json = False,
) -> None:
    """Ask whether the addresses of published entries open, and note the answer with its date."""
    from registry.pipeline.harvest import pick
    from registry.pipeline.links import Offline, check_links
    from registry.pipeline.progress import progress

    with house() as opened:
        try:
            chosen = pick(opened, source or [])
        except LookupError as error:
            raise fail(str(error.args[0])) from error
        try:
            with progress(quiet=as_json) as shown:
                found = check_links(opened, chosen, older=older, progress=shown)
        except Offline as error:
            raise fail(str(error), TO_MEND) from error
    if as_json:
        out([asdict(one) for one in found])
    else:
        for one in found:
            typer.echo(
                f"{one.feed}: {one.published} addresses, {one.asked} asked, {one.dead} dead"
                + (f", {one.left} left for the next time" if one.left else "")
            )
    raise typer.Exit(TO_MEND if any(one.dead for one in found) else OK)
