"""The report as Markdown: to be kept beside the list, or sent."""

from __future__ import annotations

import re

from registry.messages import fill
from registry.report.model import Card, Cause, Report, Texts
from registry.report.plain import MARKS, changed
from registry.report.score import bars, number
from registry.report.texts import best, colon, language_name, place, whys, word

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&])")


def escaped(text: str) -> str:
    """A text of a feed on one line, without any meaning in Markdown or HTML."""
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    # A number, plus or minus at its beginning would make a list; "www." and "://" a link.
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([+-])", r"\\\1", line))


def code(text: str) -> str:
    """A value or place as it stands, in a code span of a table's cell."""
    line = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    marks = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{marks}{space}{line}{space}{marks}" if line else ""


def render(report: Report, language: str, *, standing: bool = False) -> str:
    """The report in one of ``messages.LANGUAGES``; ``standing``: its entries are public already."""
    counts = report.counts
    lines = [f"# {word('title', language, what=escaped(report.what))}", ""]
    moment = report.time.replace("T", " ").removesuffix("Z")
    lines += [f"{word('of', language, time=moment)} · {', '.join(report.protocols)}", ""] if moment else []
    lines += [f"## {word('found', language)}", ""]
    lines += [f"- {escaped(best(text, language))}" for text in report.found]
    lines += [f"- {counts[name]} {word(key, language)}" for name, key in numbers(report, standing)]
    lines += ["", f"**{word('incomplete', language)}**"] if not report.complete else []
    lines += _score(report, language) if report.score else []
    lines += ["", f"## {word('sees-heading', language)}", ""]
    for card in report.cards:
        lines += _card(card, language)
    more = counts["published"] - len(report.cards)
    if not report.cards:
        lines += [word("none-published", language), ""]
    elif more > 0:
        lines += [f"… {more} {word('more', language)}", ""]
    lines += [f"## {word('to-mend-heading', language)}", ""]
    lines += [word("nothing", language), ""] if not report.causes else []
    for cause in report.causes:
        lines += _cause(cause, language)
    return "\n".join(lines).rstrip() + "\n"


def _score(report: Report, language: str) -> list[str]:
    note = word("score-public" if report.score_public else "score-note", language)
    heads = [word(key, language) for key in ("measure", "now", "history")]
    lines = ["", f"## {word('score', language)}", "", note, "", f"| {' | '.join(heads)} |", "|---|---|---|"]
    for one in report.score:
        now = number(one.metric, one.points[-1].value, language)
        lines.append(f"| {word(one.metric, language)} | {now} | {bars(one)} |")
    return lines


def numbers(report: Report, standing: bool) -> list[tuple[str, str]]:
    """(count, key of its words) of the counts that are told."""
    told = [("records", "read"), ("published", "are-published" if standing else "published"), ("held", "held")]
    return told + [
        (name, key) for name, key in (("by_rule", "by-rule"), ("missing", "missing")) if report.counts[name]
    ]


def details(card: Card) -> list[tuple[str, list[Texts]]]:
    """(key of its words, values) of what a card says, in the order in which it is shown."""
    plain = [language_name(tag) for tag in card.languages]
    dates = [{"und": " – ".join(dict.fromkeys(text[:10] for text in (card.start, card.end) if text))}]
    rows: list[tuple[str, list[Texts]]] = [
        ("type", list(card.kinds)), ("language", [*plain]), ("level", list(card.levels)),
        ("licence", list(card.licences)), ("about", list(card.topics)),
    ]  # fmt: skip
    rows += [("when", [*dates])] if card.start or card.end else []
    rows += [("where", list(card.places))] if card.places else []
    return rows


def _card(card: Card, language: str) -> list[str]:
    lines = [f"### {escaped(best(card.title, language) or card.entry)}", ""]
    text = best(card.description, language)
    lines += [escaped(text), ""] if text else []
    for key, values in details(card):
        shown = ", ".join(escaped(best(value, language)) for value in values) or f"*{word('unstated', language)}*"
        lines.append(f"- {word(key, language)}{colon(language)} {shown}")
    address = code(card.address) if card.address else word("own-page", language)
    return [*lines, f"- {word('address', language)}{colon(language)} {address}", ""]


def _cause(cause: Cause, language: str) -> list[str]:
    text = escaped(fill(cause.message.text[language], cause.common))
    lines = [f"### {MARKS[cause.severity]} {text}", ""]
    key = "times" if cause.records and cause.examples[0].entry else "times-list"
    told = word(key, language, count=cause.count, records=cause.records)
    lines += [f"*{word(cause.severity, language)} · {told}*", ""]
    mend = fill(cause.message.mend.get(language, ""), cause.common)
    lines += [f"**{word('mend', language)}{colon(language)}** {escaped(mend)}", ""] if mend else []
    lines += [f"**{word('why', language)}{colon(language)}** {whys()[cause.field].why[language]}", ""]
    heads = [word(key, language) for key in ("entry", "place", "value", "change")]
    lines += [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
    for example in cause.examples:
        name = best(example.title, language) or example.entry or word("whole", language)
        parts = [escaped(example.where and place(example.where, language)), code(place(example.issue.place, language))]
        cells = (
            escaped(name), " ".join(part for part in parts if part), code(example.issue.value),
            code(changed(example.change, language)),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]
