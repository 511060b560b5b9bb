"""The verb about a store elsewhere that answers /sparql, and what publishing tells of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from registry.console import OK, TO_MEND, Json, house, out
from registry.pipeline.house import House


def add_to(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command()(mirror)


def mirror(
    check: Annotated[bool, typer.Option("--check", help="Only compare it with the current release.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the store that the setting STORE names to the current release, and compare both."""
    with house() as opened:
        raise typer.Exit(tell(opened, check=check, as_json=as_json))


def after(opened: House, *, quiet: bool) -> int:
    """What building anew does for a mirror, where there is one: bring it up and compare all; the exit code."""
    return tell(opened, quiet=quiet) if opened.settings.store else OK


def follow(opened: House, *, quiet: bool) -> int:
    """What publishing does for a mirror, where there is one: bring it up; the exit code."""
    from registry.graph.remote import StoreFailed
    from registry.pipeline import mirror as mirroring
    from registry.pipeline.progress import progress

    if not opened.settings.store:
        return OK
    try:
        with progress(quiet=quiet) as shown:
            mirroring.bring_up(
                opened.settings, opened.iris.base, lambda done, total: shown("mirror", "publish", done, total)
            )
    except StoreFailed as error:
        typer.echo(f"mirror: {error}", err=True)
        return TO_MEND
    return OK


def tell(opened: House, *, check: bool = False, as_json: bool = False, quiet: bool = False) -> int:
    """Bring the mirror up unless it is only to be compared, compare, say what each holds; the exit code."""
    from registry.graph.remote import StoreFailed
    from registry.pipeline import mirror as mirroring
    from registry.pipeline.progress import progress

    settings, base = opened.settings, opened.iris.base
    try:
        if not check:
            with progress(quiet=as_json or quiet) as shown:
                mirroring.bring_up(settings, base, lambda done, total: shown("mirror", "publish", done, total))
        found = mirroring.compare(settings, base)
    except StoreFailed as error:
        if as_json:
            out({"same": False, "message": str(error)})
        else:
            typer.echo(f"mirror: {error}", err=True)
        return TO_MEND
    if as_json:
        out(asdict(found))
    elif not quiet:
        typer.echo(f"release {found.release}: {found.here.triples} statements, checksum {found.here.digest}")
        typer.echo(f"mirror: {found.there.triples} statements, checksum {found.there.digest}")
        typer.echo("the same" if found.same else "NOT the same: run meta-academy rebuild graph")
    return OK if found.same else TO_MEND
