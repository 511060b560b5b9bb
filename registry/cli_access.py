"""The verbs about who may write: tokens for programs, invitations for people, the audit trail, the work asked for."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from registry.console import OK, TO_MEND, Json, fail, house, operator, out, settings

Role = Annotated[str, typer.Option(help="publisher, reviewer or admin.")]
AcademyOption = Annotated[str, typer.Option(help="A publisher's academy, or a reviewer's own office.")]
Name = Annotated[
    str,
    typer.Option(help="Who it is for; it stands in the audit trail, and in public beside what they decide or answer."),
]
Languages = Annotated[str, typer.Option(help="What a new reviewer reads, such as en,fr.")]

NO_ROOM_PAUSE = 30.0
token = typer.Typer(no_args_is_help=True, help="Tokens by which programs write: make one, list all, revoke one.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.add_typer(token, name="token")
    app.command()(invite)
    app.command()(audit)
    app.command()(work)


def _later(**spans: float) -> str:
    return (datetime.now(UTC) + timedelta(**spans)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _checked(opened: Any, role: str, academy: str, name: str, languages: str) -> str:
    """The academy of somebody's rights; a reviewer is one that the registry knows, or becomes one."""
    from registry.ledger import audit, reviews, utc_now
    from registry.pipeline import reviewing

    if academy and academy not in opened.academies:
        raise fail(f"no academy is called {academy!r}; there are: {', '.join(opened.academies)}")
    if role != "reviewer":
        return academy
    known = reviews.reviewers(opened.connection).get(name)
    try:
        if known is None or languages:
            if not languages:
                raise fail(f"{name!r} is no reviewer yet: say what they read with --languages")
            known = reviewing.add_reviewer(
                opened, name, languages, academy or (known.academy if known else ""),
                beside=lambda connection: audit.append(
                    connection, operator(), "reviewer kept", name, "done", utc_now()
                ),
            )  # fmt: skip
    except reviewing.CannotReview as error:
        raise fail(str(error)) from error
    if academy and academy != known.academy:
        raise fail(f"{name!r} works for {known.academy or 'no academy'}; see: review reviewer add")
    return str(known.academy)


@token.command("make")
def token_make(
    name: Name,
    role: Role,
    academy: AcademyOption = "",
    scope: Annotated[list[str] | None, typer.Option(help="Less than the role may; repeatable.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it is good.")] = 90,
    languages: Languages = "",
    as_json: Json = False,
) -> None:
    """Make a token and print it, once: nothing shows it again."""
    from registry.ledger import tokens, utc_now

    with house() as opened:
        of = _checked(opened, role, academy, name, languages)
        try:
            number, text = tokens.make(
                opened.connection, name=name, role=role, academy=of, scopes=scope or [], expires=_later(days=days),
                now=utc_now(), by=operator(),
            )  # fmt: skip
        except tokens.BadGrant as error:
            raise fail(str(error)) from error
        made = next(one for one in tokens.listed(opened.connection) if one.id == number)
    if as_json:
        out({**asdict(made), "token": text})
        return
    typer.echo(
        f"token {number} of {name} ({_rights(made)}), good until {made.expires}; keep it, it is not shown again:",
        err=True,
    )
    typer.echo(text)


def _rights(one: Any) -> str:
    return " ".join(filter(None, [one.role, one.academy])) + f": {', '.join(one.scopes)}"


@token.command("list")
def token_list(as_json: Json = False) -> None:
    """List all tokens, never the secrets: whose, what they may, until when, last used."""
    from registry.ledger import tokens, utc_now

    with house() as opened:
        found = tokens.listed(opened.connection)
    if as_json:
        out([asdict(one) for one in found])
        return
    now = utc_now()
    for one in found:
        state = f"revoked {one.revoked}" if one.revoked else f"until {one.expires}"
        state = f"expired {one.expires}" if not one.revoked and one.expires <= now else state
        typer.echo(f"{one.id} {one.name} ({_rights(one)}); {state}; last used {one.used or 'never'}; by {one.made_by}")
    if not found:
        typer.echo("no token yet")


@token.command("revoke")
def token_revoke(number: Annotated[int, typer.Argument(min=1, help="Its number, as “token list” shows it.")]) -> None:
    """Take a token back: from now on it is nobody's."""
    from registry.ledger import tokens, utc_now

    with house() as opened:
        if not tokens.revoke(opened.connection, number, utc_now(), operator()):
            raise fail(f"there is no token {number} that counts", TO_MEND)
    typer.echo(f"token {number} revoked")


def invite(
    name: Name = "",
    role: Role = "",
    academy: AcademyOption = "",
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long the link can be used.")] = 72,
    days: Annotated[int, typer.Option(min=1, max=90, help="How long somebody stays signed in.")] = 14,
    languages: Languages = "",
    list_: Annotated[bool, typer.Option("--list", help="List the invitations.")] = False,
    revoke: Annotated[int, typer.Option(min=0, help="Take this one back, and end its session.")] = 0,
    as_json: Json = False,
) -> None:
    """Make a link that signs somebody in, once; list invitations, take one back."""
    from registry.ledger import invites, tokens, utc_now

    with house() as opened:
        if list_:
            found = invites.listed(opened.connection)
            _tell_invites(found, as_json)
            return
        if revoke:
            if not invites.revoke(opened.connection, revoke, utc_now(), operator()):
                raise fail(f"there is no invitation {revoke} that counts", TO_MEND)
            typer.echo(f"invitation {revoke} taken back, its session ended")
            return
        if not role:
            raise fail("say --role publisher, reviewer or admin; or --list, or --revoke NUMBER")
        name = name or (academy if role == "publisher" else "")
        of = _checked(opened, role, academy, name, languages)
        try:
            number, secret = invites.make(
                opened.connection, name=name, role=role, academy=of, expires=_later(hours=hours),
                session_days=days, now=utc_now(), by=operator(),
            )  # fmt: skip
        except tokens.BadGrant as error:
            raise fail(str(error)) from error
        base = (opened.settings.base or opened.iris.base).rstrip("/")
    link = f"{base}/invitation/{secret}"
    if as_json:
        out({"invitation": number, "name": name, "role": role, "academy": of, "link": link})
        return
    typer.echo(
        f"invitation {number} for {name} ({' '.join(filter(None, [role, of]))}), good for {hours} hours, once:",
        err=True,
    )
    typer.echo(link)


def _tell_invites(found: Any, as_json: bool) -> None:
    if as_json:
        out([asdict(one) for one in found])
        return
    for one in found:
        state = f"used {one.redeemed}" if one.redeemed else f"until {one.expires}"
        state = f"taken back {one.revoked}" if one.revoked else state
        typer.echo(
            f"{one.id} {one.name} ({' '.join(filter(None, [one.role, one.academy]))}); {state}; by {one.made_by}"
        )
    if not found:
        typer.echo("no invitation yet")


def audit(
    academy: Annotated[str, typer.Option(help="Only what people of this academy did.")] = "",
    who: Annotated[str, typer.Option(help="Only what this person did.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The most lines.")] = 100,
    as_json: Json = False,
) -> None:
    """Say who wrote what through tokens, sessions and these verbs, refused ones too; newest first."""
    from registry.ledger import audit as trail

    with house() as opened:
        found = trail.listed(opened.connection, limit=limit, academy=academy, who=who)
    if as_json:
        out([asdict(one) for one in found])
        return
    for one in found:
        by = f"{one.who or 'nobody known'} ({', '.join(filter(None, [one.role, one.academy, one.credential]))})"
        typer.echo(
            f"{one.time} {one.outcome}: {one.action} {one.target}; {by.replace(' ()', '')}; {one.detail}".rstrip("; ")
        )
    if not found:
        typer.echo("nothing was written yet")


def work(
    watch: Annotated[bool, typer.Option(help="Stay, and do whatever is asked for.")] = False,
) -> None:
    """Do what was asked for through the web: visits, lists sent in. “serve” and “harvest --every” start it."""
    from registry.pipeline.disk import fault
    from registry.pipeline.upload_queue import work as do

    known = settings()
    while True:
        try:
            done = do(known, watch=watch)
        except Exception as error:
            full = fault(error, known.data)
            if not watch or not full:
                raise
            typer.echo(full, err=True)
            time.sleep(NO_ROOM_PAUSE)
            continue
        typer.echo(f"{done} done")
        raise typer.Exit(OK)
