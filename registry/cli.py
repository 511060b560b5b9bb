"""The command line: one verb per stage. ``docs/commands.md`` lists verbs, options and exit codes.

Exit codes: 0 all went well; 1 something was refused, failed or has to be mended; 2 the call, a setting or a
file cannot be used.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from registry import cli_access, cli_add, cli_frameworks, cli_match, cli_mirror, cli_reports, cli_review
from registry.console import OK, TO_MEND, UNUSABLE, Json, fail, house, out, report_form, settings, tell_report
from registry.settings import BadSettings

app = typer.Typer(
    name="meta-academy",
    help="A registry of the training that statistical offices offer: who teaches what, and who teaches the same.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

NO_ROOM_PAUSE = 30.0


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Serve the registry when it is ready.")] = True,
    as_json: Json = False,
) -> None:
    """Build a registry from the sample academies, then serve it."""
    from registry.pipeline.demo import run_demo

    raise typer.Exit(run_demo(settings(), serve=serve, as_json=as_json))


@app.command()
def harvest(
    source: Annotated[list[str] | None, typer.Argument(help="Academies or feeds; all when none is named.")] = None,
    full: Annotated[bool, typer.Option(help="Read the whole list again, not only what is new.")] = False,
    accept_drop: Annotated[bool, typer.Option(help="Let this visit remove more than the feed's max_drop.")] = False,
    every: Annotated[int, typer.Option(min=0, help="Stay, and visit again after so many seconds.")] = 0,
    as_json: Json = False,
) -> None:
    """Visit the academies' lists and take in what changed."""
    if every:
        _stay(source or [], full, accept_drop, as_json, every)
    raise typer.Exit(_harvest(source or [], full, accept_drop, as_json))


def _stay(source: list[str], full: bool, accept_drop: bool, as_json: bool, every: int) -> None:
    """Visit again and again; what is asked for meanwhile is done by a process beside this one."""
    from registry.pipeline.serve import start_beside

    beside = start_beside(settings(), "work", "--watch")
    try:
        while True:
            _harvest(source, full, accept_drop, as_json)
            time.sleep(every)
    finally:
        beside.terminate()
        beside.wait(30)


def _harvest(source: list[str], full: bool, accept_drop: bool, as_json: bool) -> int:
    from registry.pipeline import visits
    from registry.pipeline.harvest import harvest_feeds, pick
    from registry.pipeline.progress import progress

    with house() as opened:
        try:
            chosen = pick(opened, source)
        except LookupError as error:
            raise fail(str(error.args[0])) from error
        if not chosen:
            raise fail(f"there is no academy in {opened.settings.academies}; see docs/academies.md")
        with progress(quiet=as_json) as shown:
            runs = harvest_feeds(opened, chosen, shown, full=full, accept_drop=accept_drop)
    if as_json:
        out([asdict(run) for run in runs])
    else:
        typer.echo(visits.summary(runs))
    return OK if all(run.outcome == "done" for run in runs) else TO_MEND


@app.command()
def runs(
    feed: Annotated[str, typer.Argument(help="An academy or a feed; all when none is named.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="The most visits that are listed.")] = 50,
    as_json: Json = False,
) -> None:
    """List the visits: how each ended, what it counted, how long it took."""
    from registry.ledger import runs as kept
    from registry.pipeline import visits

    with house() as opened:
        academies = kept.academies_of_feeds(opened.connection)
        feeds = [name for name, academy in academies.items() if feed in ("", name, academy)]
        known = {name for academy, entry in opened.feeds for name in (academy.id, entry.id)}
        if feed and not feeds and feed not in known:
            raise fail(f"no academy or feed is called {feed}; there are: {', '.join(sorted(known))}")
        found = kept.listed(opened.connection, limit=limit, feeds=feeds)
    if as_json:
        out([visits.as_json(run) for run in found])
    else:
        typer.echo(visits.log(found) if found else "no visit yet")


@app.command()
def prepare(
    source: Annotated[list[str] | None, typer.Argument(help="Academies or feeds; all when none is named.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")] = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Let pass what the gate holds because it changes much.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prepare again what a changed rule, scheme, shape or entry of an academy's file touches."""
    from registry.pipeline.again import prepare_feeds
    from registry.pipeline.harvest import pick
    from registry.pipeline.progress import progress

    with house() as opened:
        try:
            chosen = pick(opened, source or [])
        except LookupError as error:
            raise fail(str(error.args[0])) from error
        with progress(quiet=as_json) as shown:
            plans = prepare_feeds(opened, chosen, shown, dry_run=dry_run, accept=accept_changes)
    if as_json:
        out([asdict(plan) for plan in plans])
    else:
        for plan in plans:
            typer.echo(_plan_lines(plan))
    raise typer.Exit(TO_MEND if any(plan.waits for plan in plans) and not dry_run else OK)


def _plan_lines(plan: Any) -> str:
    lines = [
        f"{plan.feed}: {plan.examined} examined, {plan.altered} altered, {plan.new} new, {plan.withdrawn} withdrawn,"
        f" {plan.held} held back"
    ]
    if plan.waits:
        lines.append(f"  waits: {plan.message}")
    for example in plan.examples:
        lines += [f"  {example.what}: {plan.feed}/{example.key}", *(f"    {line}" for line in example.lines)]
    return "\n".join(lines)


@app.command()
def correct(
    record: Annotated[str, typer.Argument(help="The entry: list/key, or its address.")] = "",
    property: Annotated[str, typer.Argument(help="name, license, about …")] = "",
    value: Annotated[str, typer.Argument(help="The right value; “Titre@fr” with its language; remove.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it is public.")] = "",
    author: Annotated[str, typer.Option(help="Who: a name or an ORCID address; it is public.")] = "",
    instead_of: Annotated[str, typer.Option(help="The one value of the source that is replaced.")] = "",
    end: Annotated[int, typer.Option(min=0, help="End the correction of this number.")] = 0,
    list_: Annotated[bool, typer.Option("--list", help="List corrections, of one entry if it is named.")] = False,
    as_json: Json = False,
) -> None:
    """Correct one property of an entry, whatever its source says; list corrections, end one."""
    from registry.pipeline import correct as correcting

    with house() as opened:
        try:
            if list_:
                found = correcting.listed(opened, record)
            elif end:
                correcting.end(opened, end, author)
                found = [one for one in correcting.listed(opened) if one.id == end]
            elif record and property and value:
                made = correcting.correct(
                    opened, record, property, value, reason=reason, author=author, instead=instead_of
                )
                found = [one for one in correcting.listed(opened) if one.id == made.id]
            else:
                raise fail("name an entry, a property and a value, or use --list or --end")
        except correcting.BadCorrection as error:
            raise fail(str(error)) from error
    if as_json:
        out([asdict(one) for one in found])
        return
    for one in found:
        typer.echo(
            f"{one.id} {one.record} {one.field}: {one.old or '–'} → {one.new or '–'} ({one.author}, {one.time}:"
            f" {one.reason}){f'; ended {one.ended}' if one.ended else ''}"
        )
        if one.now:
            typer.echo(f"  the source now says: {one.now}")


@app.command()
def check(
    what: Annotated[str, typer.Argument(help="An address, a file or a folder: a site, a feed, a table …")],
    protocol: Annotated[str, typer.Option(help="oai_pmh, web_pages, table …; found when not given.")] = "",
    whole: Annotated[bool, typer.Option("--all", help="Read the whole list, not a sample of a long one.")] = False,
    language: Annotated[str, typer.Option(help="en, fr or es: the language of the report.")] = "en",
    annotate: Annotated[
        Path | None, typer.Option(help="Write the table back as XLSX, cells to mend coloured.")
    ] = None,
    propose: Annotated[Path | None, typer.Option(help="Write what its headings and words mean, as TOML.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="text, markdown, html or json: the form of the report.")
    ] = "text",
    output: Annotated[Path | None, typer.Option(help="Write the report into this file.")] = None,
    as_json: Json = False,
) -> None:
    """Say how a list will be read and what to mend, without keeping anything.

    Exit code 0: nothing would be held back; 1: something would, or the list breaks off; 2: unreadable.
    """
    from registry.pipeline.check import Unreadable, check_list
    from registry.pipeline.table_report import NoTable, annotator, write_proposal

    form = report_form("json" if as_json else form, language)
    try:
        if propose is not None:
            lines = write_proposal(settings(), what, propose, language)
            typer.echo(f"{propose}: {lines}", err=True)
        after = annotator(settings(), what, annotate, language) if annotate is not None else None
        checked = check_list(settings(), what, protocol, after, whole=whole)
    except NoTable as error:
        raise fail(str(error)) from error
    except Unreadable as error:
        if form == "json":
            out({"readable": False, "message": str(error)})
            raise typer.Exit(UNUSABLE) from error
        raise fail(str(error)) from error
    tell_report(checked.report, form, language, output, extra=checked.told)
    raise typer.Exit(TO_MEND if checked.violations or not checked.complete else OK)


cli_add.add_to(app)
cli_reports.add_to(app)


@app.command()
def template(
    file: Annotated[Path | None, typer.Argument(help="A file to write: .xlsx or .csv.")] = None,
    language: Annotated[str, typer.Option(help="en, fr or es: the language of headings and lists.")] = "en",
) -> None:
    """Write an empty workbook in which an academy lists its courses."""
    from registry.pipeline.template import BadTemplate, write_template

    try:
        written, columns = write_template(file, language, settings().schemes_folder)
    except BadTemplate as error:
        raise fail(str(error)) from error
    typer.echo(f"{written}: {columns} columns")


cli_match.add_to(app)


@app.command()
def publish(
    watch: Annotated[bool, typer.Option(help="Stay, and publish whenever something changed.")] = False,
    as_json: Json = False,
) -> None:
    """Put everything that changed into a new release."""
    from registry.pipeline.mirror import following
    from registry.pipeline.progress import progress
    from registry.pipeline.publisher import make_ready, publish_now, watch_log

    with house() as opened:
        while watch:
            try:
                with following(opened.settings, opened.iris.base):
                    watch_log(opened, lambda release: typer.echo(f"release {release.number}"))
            except Exception as error:
                typer.echo(_disk_fault(error), err=True)
                time.sleep(NO_ROOM_PAUSE)
        with progress(quiet=as_json) as shown:
            release = publish_now(opened, shown)
        if as_json:
            out(dict(release.manifest))
        else:
            typer.echo(f"release {release.number}: {release.manifest['counts']}")
        make_ready(opened)
        raise typer.Exit(cli_mirror.follow(opened, quiet=as_json))


@app.command()
def serve(
    publisher: Annotated[bool, typer.Option(help="Also run the publisher, so that changes become public.")] = True,
) -> None:
    """Serve pages, the JSON API and /sparql."""
    from registry.pipeline.serve import serve_registry

    raise typer.Exit(serve_registry(settings(), publisher=publisher))


@app.command()
def query(
    text: Annotated[str, typer.Argument(help="A SPARQL query, @file.rq, a stored query's @file.ttl, or -.")],
    form: Annotated[str, typer.Option("--format", help="table, json, xml, csv, tsv, ttl, nt, rdf, jsonld.")] = "table",
) -> None:
    """Ask the current release a SPARQL query."""
    from registry.pipeline.query import BadQuery, Bindings, ask, stored

    bindings: Bindings = ()
    try:
        source = sys.stdin.read() if text == "-" else text
        if text.startswith("@") and text.endswith(".ttl"):
            source, bindings = stored(settings(), Path(text[1:]))
        elif text.startswith("@"):
            source = Path(text[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"{text}: {getattr(error, 'strerror', None) or 'the file is not UTF-8'}") from error
    except BadQuery as error:
        raise fail(str(error)) from error
    try:
        ask(settings(), source, form, sys.stdout.buffer, bindings)
    except BadQuery as error:
        raise fail(str(error)) from error


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="A file to write: .nq, .trig, .ttl, .nt, each also .gz.")],
) -> None:
    """Write the current release's graph to a file."""
    from registry.pipeline.query import BadQuery, export_graph

    try:
        triples = export_graph(settings(), target)
    except BadQuery as error:
        raise fail(str(error)) from error
    typer.echo(f"{target}: {triples} statements")


@app.command()
def rebuild(
    projection: Annotated[str, typer.Argument(help="graph, search, matches or all.")] = "all",
    as_json: Json = False,
) -> None:
    """Drop what is served and build it again from the ledger."""
    from registry.pipeline.progress import progress
    from registry.pipeline.publisher import PROJECTIONS, drop, publish_now

    if projection not in (*PROJECTIONS, "all"):
        raise fail(f"{projection!r} is none of {', '.join(PROJECTIONS)}, all")
    with house() as opened:
        drop(opened, PROJECTIONS if projection == "all" else (projection,))
        with progress(quiet=as_json) as shown:
            release = publish_now(opened, shown, anew=True)
        mirrored = cli_mirror.after(opened, quiet=as_json)
    if as_json:
        out(dict(release.manifest))
    else:
        typer.echo(f"release {release.number}: {release.manifest['counts']}")
    raise typer.Exit(mirrored)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check settings, academies, ledger, release and what the checks outside the shapes find."""
    from registry.pipeline.doctor import examine

    with house() as opened:
        findings = examine(opened)
    if as_json:
        out([asdict(one) for one in findings])
    else:
        for one in findings:
            typer.echo(f"{'ok  ' if one.ok else 'MEND'} {one.what}: {one.detail}")
    raise typer.Exit(OK if all(one.ok for one in findings) else TO_MEND)


cli_frameworks.add_to(app)
cli_mirror.add_to(app)
cli_review.add_to(app)
cli_access.add_to(app)


def main() -> None:
    """The entry point. A full disk is said in words, with exit code 1, a setting that cannot be used with 2; any other
    error is a bug and crashes."""
    try:
        app()
    except BadSettings as error:
        typer.echo(str(error), err=True)
        sys.exit(UNUSABLE)
    except Exception as error:
        typer.echo(_disk_fault(error), err=True)
        sys.exit(TO_MEND)


def _disk_fault(error: Exception) -> str:
    """What to say of a fault of the disk. Raises any other error again."""
    from registry.pipeline.disk import fault

    if told := fault(error, settings().data):
        return told
    raise error


if __name__ == "__main__":
    main()
