"""The verbs of matching: compare, learn from decisions, look at what a model changes, take one into use or go back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.console import Json, fail, house, out

Version = Annotated[str, typer.Argument(help="The model: m1, m2 …; “match models” lists them.")]
By = Annotated[str, typer.Option("--by", help="Who; it is kept with the model.")]
First = Annotated[int, typer.Option("--first", min=0, max=20, help="How many pairs of each kind are named.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write all pairs that change into this file (TSV).")]

match = typer.Typer(
    invoke_without_command=True, help="Compare the published entries; learn from decisions how to compare them."
)


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.add_typer(match, name="match")


@match.callback()
def match_(context: typer.Context, as_json: Json = False) -> None:
    """Compare the published entries with one another; learn from decisions how to compare them."""
    if context.invoked_subcommand is not None:
        return
    from registry.pipeline.publisher import match_all

    with house() as opened:
        counts = match_all(opened)
    if as_json:
        out(counts)
    else:
        for relation, number in counts.items():
            typer.echo(f"{relation}: {number}")


@match.command()
def train(
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Estimate the weights from all pairs first, without answers.")
    ] = False,
    by: By = "operator",
    first: First = 3,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Make a draft of a model from the decisions, and say what it would change; nothing public changes."""
    from registry.pipeline import learned
    from registry.pipeline.learned_words import report_lines

    with house() as opened:
        try:
            made = learned.train(opened, by=by, unlabelled=unlabelled)
        except learned.CannotLearn as error:
            raise fail(str(error)) from error
        if output is not None and not made.same_as:
            _write(output, learned.table_of(opened, made.version))
    if as_json:
        out({"version": made.version or None, "same_as": made.same_as or None, **made.report})
        return
    typer.echo("\n".join(report_lines(made.report, first)))
    if made.same_as:
        typer.echo(f"This is {made.same_as}, which is in use: no draft was made.")
    else:
        typer.echo(f"{made.version} is a draft: nothing public changes until “match use {made.version}”.")


@match.command()
def models(as_json: Json = False) -> None:
    """List the models: when and by whom, from how many answers, which is in use."""
    from registry.pipeline import learned
    from registry.pipeline.learned_words import model_line

    with house() as opened:
        found = learned.listed(opened)
    if as_json:
        out(found)
        return
    for one in found:
        typer.echo(model_line(one))


@match.command()
def report(version: Version, first: First = 3, output: Output = None, as_json: Json = False) -> None:
    """Say what a model learnt, and what it changed against the one that was in use when it was made."""
    from registry.pipeline import learned
    from registry.pipeline.learned_words import report_lines

    with house() as opened:
        try:
            found = learned.report_of(opened, version)
            if output is not None:
                _write(output, learned.table_of(opened, version))
        except learned.CannotLearn as error:
            raise fail(str(error)) from error
    if as_json:
        out({"version": found.version, "time": found.time, "by": found.by, "state": found.state, **found.report})
        return
    typer.echo(f"{found.version}, {found.time}, {found.by}: {found.state}")
    typer.echo("\n".join(report_lines(found.report, first)))


@match.command()
def use(version: Version, by: By = "operator", as_json: Json = False) -> None:
    """Take a draft into use, or go back to an earlier model; the next publication matches with it."""
    from registry.pipeline import learned

    with house() as opened:
        try:
            sequence = learned.use(opened, version, by=by)
        except learned.CannotLearn as error:
            raise fail(str(error)) from error
    if as_json:
        out({"version": version, "sequence": sequence})
    elif sequence is None:
        typer.echo(f"{version} is in use already.")
    else:
        typer.echo(f"{version} is in use; public after publish.")


def _write(file: Path, table: str) -> None:
    try:
        file.write_text(table, "utf-8")
    except OSError as error:
        raise fail(f"{file}: {error.strerror}") from error
    typer.echo(str(file), err=True)
