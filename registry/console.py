"""What every verb of the command line needs: settings, the opened registry, how things are said."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.settings import BadSettings, Settings, load

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
OK, TO_MEND, UNUSABLE = 0, 1, 2


def settings() -> Settings:
    """The settings of this call; ends it with exit code 2 when they cannot be used."""
    try:
        return load(os.environ)
    except BadSettings as error:
        raise fail(str(error)) from error


def fail(message: str, code: int = UNUSABLE) -> typer.Exit:
    """Say what went wrong; raise what this returns."""
    typer.echo(message, err=True)
    return typer.Exit(code)


def out(value: Any) -> None:
    """JSON on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def house() -> Iterator[Any]:
    """The opened registry; what cannot be opened ends the call with exit code 2."""
    from registry.academies import BadAcademy
    from registry.ledger import LedgerError
    from registry.pipeline.house import opened

    try:
        with opened(settings()) as found:
            yield found
    except (BadAcademy, LedgerError) as error:
        raise fail(str(error)) from error


def report_form(form: str, language: str) -> str:
    """The form of a report, if it and the language are known; else the end of the call."""
    from registry.messages import LANGUAGES
    from registry.report.forms import FORMS

    if language not in LANGUAGES:
        raise fail(f"{language!r} is none of {', '.join(LANGUAGES)}")
    if form not in FORMS:
        raise fail(f"{form!r} is none of {', '.join(FORMS)}")
    return form


def tell_report(
    report: Any, form: str, language: str, output: Path | None, *, standing: bool = False, extra: Any = None
) -> None:
    """Print a report, or write it to a file; ``extra`` stands beside it in JSON."""
    from registry.report.forms import rendered

    text = rendered(report, form, language, standing=standing, extra=extra)
    if output is None:
        typer.echo(text)
        return
    try:
        output.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise fail(f"{output}: {error.strerror}") from error
    typer.echo(str(output), err=True)


def operator() -> Any:
    """Whoever has the command line, by the name that the system knows them by, as the audit trail names people."""
    from registry.ledger.tokens import Actor

    name = os.environ.get("SUDO_USER") or os.environ.get("USER") or "operator"
    return Actor(name[:100], "operator", "", frozenset(), "command line")
