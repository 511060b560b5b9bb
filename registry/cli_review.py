"""The verbs of review: who reviews, what they are asked next, what they decide, how it comes in and goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.console import OK, TO_MEND, Json, fail, house, operator, out

Reviewer = Annotated[str, typer.Option("--reviewer", help="Who decides: a name that “review reviewer add” knows.")]
Source = Annotated[str, typer.Option(help="Which of the two the other comes from; “unknown” where nobody knows.")]
Note = Annotated[str, typer.Option(help="Why; it is kept with the decision, and public.")]
Left = Annotated[str, typer.Argument(help="An entry: list/key, or its address.")]
Right = Annotated[str, typer.Argument(help="The other entry.")]
Word = Annotated[str, typer.Argument(help="same, hardly-changed, other-edition, another-date, translation …")]
Language = Annotated[str, typer.Option(help="en, fr or es; else the reviewer's first language of these.")]

review = typer.Typer(
    no_args_is_help=True, help="Look at pairs of courses: who reviews, what is next, what is decided."
)
reviewer = typer.Typer(no_args_is_help=True, help="The people who review pairs: add one, or list all.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    review.add_typer(reviewer, name="reviewer")
    app.add_typer(review, name="review")


@contextmanager
def _noted(opened: Any, action: str, target: str, detail: str = "") -> Iterator[Callable[[Any], None]]:
    """The audit trail of an act: what this gives writes the row in the act's transaction; a refusal has a row too."""
    from registry.ledger import audit, utc_now
    from registry.pipeline.reviewing import CannotReview

    who = operator()
    try:
        yield lambda connection: audit.append(connection, who, action, target, "done", utc_now(), detail)
    except CannotReview as error:
        audit.tell(opened.connection, who, action, target, "refused", utc_now(), str(error))
        raise fail(str(error)) from error


@reviewer.command("add")
def reviewer_add(
    name: Annotated[str, typer.Argument(help="A name or an ORCID address; it is public.")],
    languages: Annotated[str, typer.Option(help="What they read, such as en,fr.")],
    academy: Annotated[str, typer.Option(help="Where they work: its entries are never theirs to decide on.")] = "",
    as_json: Json = False,
) -> None:
    """Add a person who reviews, or change what they read and where they work."""
    from registry.pipeline import reviewing

    with house() as opened, _noted(opened, "reviewer kept", name) as beside:
        made = reviewing.add_reviewer(opened, name, languages, academy, beside=beside)
    out(asdict(made)) if as_json else typer.echo(_person(made))


@reviewer.command("list")
def reviewer_list(as_json: Json = False) -> None:
    """List the people who review."""
    from registry.ledger import reviews

    with house() as opened:
        found = list(reviews.reviewers(opened.connection).values())
    if as_json:
        out([asdict(one) for one in found])
        return
    for one in found:
        typer.echo(_person(one))


def _person(one: Any) -> str:
    return f"{one.name}: reads {', '.join(one.languages)}" + (f"; works for {one.academy}" if one.academy else "")


@review.command("next")
def next_(
    reviewer: Reviewer,
    size: Annotated[int, typer.Option(min=1, max=200, help="How many answers are asked for.")] = 15,
    output: Annotated[Path | None, typer.Option(help="Write the batch into this workbook (.xlsx).")] = None,
    new: Annotated[bool, typer.Option("--new", help="A new batch, although one is open.")] = False,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Show the pairs that somebody is asked next, or write them into a workbook."""
    from registry.messages import LANGUAGES
    from registry.pipeline import review_files, reviewing
    from registry.review.shown import answers, plain
    from registry.review.texts import say

    if language not in ("", *LANGUAGES):
        raise fail(f"{language!r} is none of {', '.join(LANGUAGES)}")
    with house() as opened:
        try:
            served = reviewing.next_batch(opened, reviewer, size=size, fresh=new, language=language)
            if output is not None and served.pairs:
                review_files.write_batch(served, output)
        except reviewing.CannotReview as error:
            raise fail(str(error)) from error
    tongue, batch = served.language, served.batch
    if as_json:
        out({"batch": batch.id, "reviewer": batch.reviewer, "time": batch.time, "minutes": batch.minutes,
             "items": served.items, "pairs": [_shown(one) for one in served.pairs]})  # fmt: skip
        return
    if not served.pairs:
        typer.echo(say("batch-empty", tongue, reviewer=reviewer))
        return
    typer.echo(say("batch", tongue, batch=batch.id, reviewer=reviewer, items=served.items, minutes=batch.minutes))
    if output is not None:
        typer.echo(str(output))
        return
    sizes = {one.given.position: one.given.part for one in served.pairs}
    for one in served.pairs:
        typer.echo("")
        if one.given.part == 1:
            typer.echo(say("family", tongue, parts=sizes[one.given.position]))
        typer.echo("\n".join(plain(one, tongue)))
    first = served.pairs[0]
    typer.echo("")
    typer.echo(say("answers", tongue, answers=answers(tongue)))
    places = {"left": first.sides[0].place, "right": first.sides[1].place, "reviewer": f'"{reviewer}"'}
    typer.echo(say("how", tongue, **places))


def _shown(one: Any) -> dict[str, Any]:
    left, right = (asdict(side) for side in one.sides)
    given = one.given
    left["resource"], right["resource"] = given.left, given.right
    return {
        "number": one.number, "family": bool(given.part), "part": given.part, "second": given.second,
        "stream": given.stream, "left": left, "right": right, "relation": given.relation, "source": given.source,
        "proposed": one.proposed, "evidence": list(one.evidence),
    }  # fmt: skip


@review.command()
def decide(
    left: Left,
    right: Right,
    answer: Word,
    reviewer: Reviewer,
    source: Source = "",
    note: Note = "",
    family: Annotated[bool, typer.Option("--family", help="The answer is for all pairs of its family.")] = False,
    except_: Annotated[str, typer.Option("--except", help="Parts of the family that it is not for: 3,7.")] = "",
    as_json: Json = False,
) -> None:
    """Decide on a pair, or on a family of parts at once."""
    from registry.pipeline import deciding

    excepted = [text.strip() for text in except_.split(",") if text.strip()]
    if excepted and not family:
        raise fail("--except strikes parts out of a family: say --family too")
    with house() as opened, _noted(opened, "decision", f"{left} {right}", f"{answer}, by {reviewer}") as beside:
        made = deciding.decide(
            opened, left, right, answer, reviewer=reviewer, source=source or None, note=note, family=family,
            excepted=excepted, beside=beside,
        )  # fmt: skip
    _tell(made, as_json)


@review.command("answer")
def answer_(
    academy: Annotated[str, typer.Argument(help="The academy that speaks: one of the two entries is its own.")],
    left: Left,
    right: Right,
    answer: Word,
    source: Source = "",
    note: Note = "",
    by: Annotated[str, typer.Option(help="Who answers for the academy; else the academy itself. It is public.")] = "",
    as_json: Json = False,
) -> None:
    """Keep what an academy says of its own entry and another; it outranks the registry."""
    from registry.pipeline import deciding

    with house() as opened, _noted(opened, "answer", f"{left} {right}", f"{answer}, by {by or academy}") as beside:
        made = deciding.answer(
            opened, academy, left, right, answer, source=source or None, note=note, person=by, beside=beside
        )
    _tell([made], as_json)


def _tell(made: list[Any], as_json: bool) -> None:
    if as_json:
        out([asdict(one) for one in made])
        return
    for one in made:
        typer.echo(f"{one.left} – {one.right}: {_said(one)}")
    typer.echo("Public after publish.")


def _said(one: Any) -> str:
    from registry.review.answers import answer_for

    source = f", from {one.source}" if one.source else ""
    return f"{answer_for(one.verdict, one.relation)}{source} ({one.academy or one.reviewer}, {one.time})"


@review.command()
def undo(
    number: Annotated[int, typer.Argument(min=1, help="The number of the decision, as “review list” shows it.")],
    reviewer: Reviewer,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the decision.")],
    as_json: Json = False,
) -> None:
    """Take a decision back; the one before it counts again."""
    from registry.pipeline import deciding

    with house() as opened, _noted(opened, "decision taken back", str(number), f"by {reviewer}") as beside:
        made = deciding.undo(opened, number, by=reviewer, reason=reason, beside=beside)
    out(asdict(made)) if as_json else typer.echo(f"{made.id} taken back: {made.left} – {made.right}")


@review.command("list")
def list_(
    pair: Annotated[tuple[str, str] | None, typer.Option(help="Only the decisions on these two entries.")] = None,
    as_json: Json = False,
) -> None:
    """List the decisions, oldest first, those that were taken back too."""
    from registry.pipeline import deciding, reviewing
    from registry.review.texts import say

    with house() as opened:
        try:
            found = deciding.listed(opened, pair)
        except reviewing.CannotReview as error:
            raise fail(str(error)) from error
    if as_json:
        out([asdict(one) for one in found])
        return
    for one in found:
        made = one.decision
        typer.echo(f"{made.id} {one.left_title or made.left} – {one.right_title or made.right}: {_said(made)}")
        for text in (
            made.note,
            f"taken back {made.undone} by {one.taken_back[0]}: {one.taken_back[1]}" if made.undone else "",
            say("under-discussion", "en") if one.discussed else "",
            "" if one.found else "one of the entries is gone, and no other says the same",
        ):
            if text:
                typer.echo(f"  {text}")


@review.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A batch's workbook, or SSSOM/TSV.")],
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Read decisions from a workbook that came back or from SSSOM; shows first what it would write."""
    from registry.pipeline import review_files, reviewing
    from registry.review.answers import answer_for

    with house() as opened:
        try:
            found = review_files.preview(opened, file, language)
            rows = [
                {"left": one.left, "right": one.right, "answer": answer_for(one.verdict, one.relation),
                 "source": one.source, "reviewer": one.reviewer, "note": one.note}
                for one in (row.decision for row in found.rows)
            ]  # fmt: skip
            if not as_json:
                _preview(found, rows)
            waits = bool(found.rows or found.undo) and not dry_run
            if waits and not yes and not typer.confirm("Write it?", err=as_json):
                raise fail("nothing was written", TO_MEND)
            written = 0
            if waits:
                with _noted(opened, "decisions read from a file", file.name) as beside:
                    written = review_files.apply(opened, found, beside)
        except reviewing.CannotReview as error:
            raise fail(str(error)) from error
    if as_json:
        out({"new": rows, "taken_back": len(found.undo), "known": found.known, "empty": found.empty,
             "written": written, "errors": [asdict(one) for one in found.faults],
             "remarks": [asdict(one) for one in found.remarks]})  # fmt: skip
    else:
        typer.echo(f"{written} written" + ("; public after publish" if written else ""))
    raise typer.Exit(TO_MEND if found.faults else OK)


def _preview(found: Any, rows: list[dict[str, str]]) -> None:
    for row in rows:
        typer.echo(f"  {row['left']} – {row['right']}: {row['answer']} ({row['reviewer']})")
    for one in (*found.faults, *found.remarks):
        typer.echo(f"  {one.place}: {one.message}", err=True)
    typer.echo(
        f"{len(rows)} new, {len(found.undo)} to take back, {found.known} known already, {found.empty} without an"
        f" answer, {len(found.faults)} that cannot be taken"
    )


@review.command()
def export(
    target: Annotated[Path, typer.Argument(help="A file to write.")],
    form: Annotated[str, typer.Option("--format", help="sssom, or a table for people: tsv or xlsx.")] = "sssom",
    standing: Annotated[bool, typer.Option("--standing", help="Only those that count now.")] = False,
    as_json: Json = False,
) -> None:
    """Write all decisions to a file, those that were taken back too."""
    from registry.pipeline import review_files, reviewing

    with house() as opened:
        try:
            number = review_files.write_export(opened, form, target, standing=standing)
        except reviewing.CannotReview as error:
            raise fail(str(error)) from error
    out({"file": str(target), "decisions": number}) if as_json else typer.echo(f"{target}: {number} decisions")


@review.command()
def agreement(as_json: Json = False) -> None:
    """Say how far people agree who read the same pairs, and where they differ."""
    from registry.pipeline import deciding

    with house() as opened:
        found = deciding.agreed(opened)
    if as_json:
        out(asdict(found))
        return
    typer.echo(_agreement("all", found.overall))
    for name, one in found.by_answer.items():
        typer.echo(_agreement(name, one))
    for differ in found.disagreements:
        typer.echo(f"{differ.left} – {differ.right}: {_said(differ.first)} / {_said(differ.second)}")


def _agreement(name: str, one: Any) -> str:
    raw = "–" if one.raw is None else f"{one.raw:.2f}"
    kappa = "not defined" if one.kappa is None else f"{one.kappa:.2f}"
    return f"{name}: {one.pairs} pairs read twice, {one.agreed} agreed ({raw}), kappa {kappa}"


@review.command()
def status(as_json: Json = False) -> None:
    """Say how many pairs wait, how long they take, and what changed because of the reviewers."""
    from registry.pipeline import deciding

    with house() as opened:
        found = deciding.status(opened)
    if as_json:
        out(asdict(found))
        return
    people = ", ".join(f"{name} {count}" for name, count in found.by_reviewer.items()) or "nobody yet"
    academies = ", ".join(f"{name} {count}" for name, count in found.answers.items()) or "none"
    for line in (
        f"{found.queue} pairs wait, {found.cross_academy} of them between academies: about {found.minutes} minutes",
        f"{found.decisions} decisions, {found.undone} taken back; reviewers: {people}; academies: {academies}",
        f"because of reviewers: {found.confirmed} pairs confirmed, {found.retyped} of another kind, {found.rejected}"
        f" not related, {found.unsure} that nobody can tell; {found.joined} hold a course together",
        f"{found.discussed} pairs under discussion; {found.unanchored} decisions whose entries are gone;"
        f" {found.random_sample} pairs in the random sample",
    ):
        typer.echo(line)
