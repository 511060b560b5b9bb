"""What an academy's own headings and words probably mean, as lines to paste into its entry.

Made from the words of a heading (a table of synonyms, slips of the pen) and from what stands below it (dates, lengths,
addresses, languages, words of our schemes). A guess that is not sure stands behind a "#".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from harvesters import table
from harvesters.base import FeedFailed
from harvesters.table_files import Sheet
from harvesters.table_headings import MANY, SEARCHED, Header, aliases, field_of, fold
from registry.crosswalk import clean, table_dates, table_lengths
from registry.crosswalk.values import Values, load
from registry.iris import Iris
from registry.model import Feed
from registry.vocabulary import Scheme

SAMPLES = 3
READ = 200  # rows that are looked at below a heading
SURE, LIKELY = 0.8, 0.5
# Fields whose words are those of a scheme, by the field's name in the feed's entry.
CONTROLLED = {
    "type": "resource-type", "level": "level", "audience": "audience", "mode": "modality", "access": "access",
    "status": "work-status",
}  # fmt: skip
MAX_WORDS = 200
MAX_COLUMNS = 100
_STOP = frozenset(
    "de la le les des du d l of the for en el los las del y et and a au aux por para o ou or pour à in".split()
)
_NUMBER = re.compile(r"[\d\s.,]{1,15}(?:€|eur|usd|\$|£|chf|mxn)?", re.IGNORECASE)
_MONEY = re.compile(r"€|\beur\b|\busd\b|\$|£|\bchf\b|\bmxn\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column or word probably means; ``score`` from 0 to 1."""

    given: str
    meaning: str
    score: float
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to add to a feed's entry: headings, and by field the words that are not understood."""

    columns: tuple[Guess, ...] = ()
    values: Mapping[str, tuple[Guess, ...]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many lines it has, sure and unsure."""
        return len(self.columns) + sum(map(len, self.values.values()))


def propose(
    feed: Feed,
    body: bytes,
    vocabulary: Mapping[str, Mapping[str, str]],
    media: str = "",
    frameworks: Mapping[str, Scheme] | None = None,
) -> Proposal:
    """The proposal for one table. Raises FeedFailed where the file is no table at all.

    ``vocabulary`` and ``frameworks`` as for ``values.load``.
    """
    values = load(Iris("https://registry.invalid"), feed, vocabulary, frameworks)
    own = table.own_columns(feed)
    sheets = [sheet for sheet in table.sheets_of(feed, body, media)[0] if not table.is_help(sheet)]
    headed = [(sheet, table.header_of(sheet, own)) for sheet in sheets]
    if not any(header for _, header in headed):
        headed = [(sheet, _likely_header(sheet, own)) for sheet in sheets]
    columns: dict[str, Guess] = {}
    for sheet, header in headed:
        if header is not None:
            for guess in _columns(sheet, header, values):
                columns.setdefault(fold(guess.given), guess)
    meant = {guess.given: guess.meaning for guess in columns.values() if guess.score >= SURE}
    wider = Feed(feed.id, feed.academy, feed.protocol, feed.address, language=feed.language,
                 columns={**feed.columns, **meant}, values=feed.values, options=feed.options)  # fmt: skip
    try:
        rows = [row.cells for row in table.reading(wider, body, media).rows]
    except FeedFailed:
        rows = []  # no column of titles was found, and none could be guessed
    return Proposal(tuple(columns.values()), _words(rows, values, str(feed.options.get("separator", ""))))


# --- headings --------------------------------------------------------------------------------------------


def _likely_header(sheet: Sheet, own: Mapping[str, str]) -> Header | None:
    """The row that is most like a header: many short different words, with rows as wide below it."""
    best: tuple[float, int] | None = None
    for number, cells in enumerate(sheet.rows[:SEARCHED]):
        words = [cell for cell in cells if cell and len(cell) <= 80 and not _NUMBER.fullmatch(cell)]
        below = [sum(map(bool, row)) for row in sheet.rows[number + 1 : number + 6]]
        if len(set(words)) < 2 or not any(width >= 2 for width in below):
            continue
        known = sum(field_of(cell, own) is not None for cell in words)
        score = len(set(words)) + 2 * known - number / 10
        if best is None or score > best[0]:
            best = (score, number)
    if best is None:
        return None
    texts = tuple(sheet.rows[best[1]])
    fields = {column: field_of(text, own) for column, text in enumerate(texts) if text}
    known_columns = {column: (found[0], texts[column]) for column, found in fields.items() if found is not None}
    unknown = {column: texts[column] for column, found in fields.items() if found is None}
    return Header(best[1] + 1, known_columns, unknown, texts, {})


def _columns(sheet: Sheet, header: Header, values: Values) -> list[Guess]:
    taken = {name for name, _ in header.columns.values()}
    candidates: list[tuple[int, Guess]] = []
    for column, text in list(header.unknown.items())[:MAX_COLUMNS]:
        below = [row for row in sheet.rows[header.data : header.data + READ] if sum(map(bool, row)) > 1]
        cells = [row[column] for row in below if column < len(row) and row[column]]
        cells = [cell for cell in cells if fold(cell) != fold(text)]
        name, score = _meaning(text, cells, values, taken)
        candidates.append((column, Guess(text, name, score, samples(cells))))
    if not any(name == "title" or name.startswith("title_") for name in taken):
        candidates = _titles(sheet, header, candidates)
    found: list[Guess] = []
    for _, guess in sorted(candidates, key=lambda item: -item[1].score):
        double = guess.meaning in taken and guess.meaning not in MANY
        found.append(Guess(guess.given, guess.meaning, min(guess.score, 0.6), guess.samples) if double else guess)
        taken |= {guess.meaning} if guess.score >= SURE else set()
    return sorted(found, key=lambda guess: -guess.score)


def _meaning(heading: str, cells: Sequence[str], values: Values, taken: Iterable[str]) -> tuple[str, float]:
    """The field that heading and cells speak for, and how strongly."""
    spoken = _spoken(heading)
    seen = _seen(cells, values)
    scores: dict[str, float] = {}
    for name, score in spoken.items():
        scores[name] = score
    for name, share in seen.items():
        # Cells alone tell a date from a language, not a start from an update.
        scores[name] = max(scores.get(name, 0.0), 0.0) * 0.55 + share * 0.6 if name in spoken else share * 0.75
    for name in spoken:
        if name in _STRICT and cells and seen.get(name, 0.0) < 0.2:
            scores[name] *= 0.6  # "Date" above words that are no dates
    usable = {name: score for name, score in scores.items() if name not in taken or name in MANY} or scores
    name = max(usable, key=lambda one: (usable[one], one), default="ignored")
    return (name, min(1.0, usable[name])) if usable and usable[name] >= 0.35 else ("ignored", 0.0)


_STRICT = frozenset(
    ["start", "end", "created", "published", "modified", "duration", "url", "languages", "capacity", "free"]
)


def _spoken(heading: str) -> dict[str, float]:
    """{field: how well a heading speaks for it} by synonyms inside it and by likeness."""
    words = fold(re.sub(r"\([^()]*\)", " ", heading)) or fold(heading)
    tokens = _stems(words)
    if not tokens:
        return {}
    known = aliases()
    found: dict[str, float] = {}
    for alias, name in known.items():
        inner = _stems(alias)
        if inner and len("".join(inner)) > 2 and _inside(inner, tokens):
            # The first word says what a French or Spanish heading is about, the last an English one.
            leads = tokens[0] == inner[0] or tokens[-1] == inner[-1]
            score = 0.45 + 0.4 * len(inner) / len(tokens) + (0.15 if leads else 0.0)
            found[name] = max(found.get(name, 0.0), min(score, 0.95))
    for alias, likeness, _ in process.extract(words, list(known), scorer=fuzz.ratio, limit=3, score_cutoff=82):
        found[known[alias]] = max(found.get(known[alias], 0.0), likeness / 100)
    return {name: score for name, score in found.items() if name not in ("ignored", "secret")}


def _stems(words: str) -> list[str]:
    """The words that say something, without the s of plurals."""
    return [word.rstrip("s") if len(word) > 4 else word for word in words.split() if word not in _STOP]


def _inside(inner: Sequence[str], tokens: Sequence[str]) -> bool:
    return any(list(tokens[at : at + len(inner)]) == list(inner) for at in range(len(tokens) - len(inner) + 1))


def _seen(cells: Sequence[str], values: Values) -> dict[str, float]:
    """{field: share of the cells that are of its kind}."""
    if not cells:
        return {}
    found: Counter[str] = Counter()
    for cell in cells:
        items = clean.split_list(cell, comma=True) or [cell]
        for name, scheme in CONTROLLED.items():
            if all(values.concept(scheme, item) for item in items):
                found[name] += 1
        if clean.url(cell) or clean.is_private(cell):
            found["url"] += 1
        elif clean.drop_emails(cell)[1]:
            found["contact"] += 1
        elif clean.doi(cell):
            found["doi"] += 1
        dates = table_dates.read(cell, "dmy")
        found["start"] += bool(dates.spans or (dates.rough and not cell.isdecimal())) and not dates.unread
        found["duration"] += bool(table_lengths.length(cell)) and not cell.isdecimal()
        found["languages"] += all(values.language(item) and len(item) > 1 for item in items)
        found["license"] += values.licence(cell) is not None
        found["free"] += clean.boolean(cell) is not None and not cell.isdecimal()
        found["cost"] += bool(_MONEY.search(cell) and _NUMBER.fullmatch(cell))
        found["description"] += len(cell) > 150
    shares = {name: count / len(cells) for name, count in found.items() if count}
    if "level" in shares and shares["level"] >= shares.get("free", 0):
        shares.pop("free", None)
    return shares


def _titles(sheet: Sheet, header: Header, candidates: list[tuple[int, Guess]]) -> list[tuple[int, Guess]]:
    """Without a column of titles: the one whose cells are most different and as long as titles are."""

    def fit(column: int) -> float:
        below = [row for row in sheet.rows[header.data : header.data + READ] if sum(map(bool, row)) > 1]
        cells = [row[column] for row in below if column < len(row) and row[column]]
        if not cells:
            return 0.0
        usual = sum(8 <= len(cell) <= 120 and not _NUMBER.fullmatch(cell) and "://" not in cell for cell in cells)
        return len(set(cells)) / len(cells) * usual / len(cells)

    fits = {column: fit(column) for column, guess in candidates if guess.score < SURE or guess.meaning == "title"}
    if not fits or max(fits.values()) < 0.5:
        return candidates
    spoken = {column for column, guess in candidates if guess.meaning == "title"}
    first = max(fits, key=lambda column: (column in spoken, round(fits[column], 1), -column))
    # Without any title nothing can be read, so that the best guess stands without "#".
    return [
        (column, Guess(guess.given, "title", max(SURE, guess.score), guess.samples) if column == first else guess)
        for column, guess in candidates
    ]


def samples(cells: Iterable[str]) -> tuple[str, ...]:
    """Three different values, short, without addresses of persons."""
    short = dict.fromkeys(" ".join(clean.drop_emails(cell)[0].split())[:60] for cell in cells)
    return tuple(cell for cell in short if cell)[:SAMPLES]


# --- words -----------------------------------------------------------------------------------------------


def _words(rows: Iterable[Mapping[str, str]], values: Values, separator: str) -> dict[str, tuple[Guess, ...]]:
    """The words of controlled columns that no table knows, the commonest first, each with the nearest concept."""
    unknown: dict[str, Counter[str]] = {}
    for row in rows:
        frameworks = [name for name in row if name in values.subjects or name.startswith("scheme:")]
        for name in (*CONTROLLED, "languages", "license", "about", *frameworks):
            cell = row.get(name, "")
            if separator:
                cell = cell.replace(separator, "|")
            for item in clean.split_list(cell, comma=name in CONTROLLED or name == "languages"):
                if not _known(name, item, values):
                    unknown.setdefault(name, Counter())[item[:200]] += 1
    return {
        name: tuple(_nearest(name, word, values) for word, _ in counts.most_common(MAX_WORDS))
        for name, counts in sorted(unknown.items())
    }


def _known(name: str, item: str, values: Values) -> bool:
    if values.is_ignored(name, item):
        return True
    if name == "languages":
        parts = re.split(r"\s*[/+&]\s*|\s+(?:and|et|y)\s+", item)
        return values.language(item) is not None or all(map(values.language, parts))
    if name == "license":
        return values.licence(item) is not None
    if name == "about":
        return values.topic(item) is not None
    scheme = _scheme(name)
    if values.concept(scheme, item) is not None or (name == "mode" and clean.boolean(item) is not None):
        return True
    return "/" in item and all(values.concept(scheme, part) for part in item.split("/"))


def _scheme(name: str) -> str:
    """The list whose terms a column names."""
    return CONTROLLED.get(name, name.removeprefix("scheme:"))


_STEPS = {"1": "basic", "2": "intermediate", "3": "advanced", "i": "basic", "ii": "intermediate", "iii": "advanced"}
_STEP = re.compile(r"(?:n|niv|niveau|nivel|level|lvl|stufe|l)?\s*([123]|i{1,3})")


def _nearest(name: str, word: str, values: Values) -> Guess:
    """The concept that is most like a word."""
    step = _STEP.fullmatch(fold(word)) if name == "level" else None
    if step is not None:
        return Guess(word, _STEPS[step[1]], 0.7)
    schemes: tuple[str, ...] = values.subjects if name == "about" else ()
    if name not in ("about", "languages", "license"):
        schemes = (_scheme(name),)
    best = Guess(word, "", 0.0)
    plain = fold(word)
    for scheme in schemes:
        labels = [label for label in values.schemes.get(scheme, {}) if "://" not in label and not label.isdigit()]
        for scorer, weight in ((fuzz.ratio, 1.0), (fuzz.token_set_ratio, 0.85)):
            for label, likeness, _ in process.extract(plain, labels, scorer=scorer, limit=1, score_cutoff=70):
                if len(label) < 4 or likeness / 100 * weight <= best.score:
                    continue
                notation = values.schemes[scheme][label]
                best = Guess(word, f"{scheme} {notation}" if name == "about" else notation, likeness / 100 * weight)
    return best


# --- lines -----------------------------------------------------------------------------------------------

_HEAD = {
    "en": "To paste below [[feeds]] in the academy’s file. Lines with # are guesses: correct or delete them.",
    "fr": "À coller sous [[feeds]] dans le fichier de l’académie. Les lignes avec # sont des suppositions à vérifier.",
    "es": "Para pegar bajo [[feeds]] en el archivo de la academia. Las líneas con # son suposiciones por revisar.",
}
_NOTHING = {
    "en": "All headings and words are understood: there is nothing to add.",
    "fr": "Tous les en-têtes et mots sont compris : il n’y a rien à ajouter.",
    "es": "Se entienden todos los encabezados y palabras: no hay nada que añadir.",
}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(guess: Guess) -> str:
    line = f"{_quoted(guess.given)} = {_quoted(guess.meaning or '…')}"
    note = " · ".join("".join(c if c.isprintable() else " " for c in sample) for sample in guess.samples)
    return ("" if guess.score >= SURE and guess.meaning else "# ") + line + (f"  # {note}" if note else "")


def as_toml(proposal: Proposal, language: str = "en") -> str:
    """The proposal as TOML, ready to paste; sure lines count, unsure ones are comments."""
    lines = [f"# {_HEAD[language] if proposal.count else _NOTHING[language]}"]
    if proposal.columns:
        lines += ["", "[feeds.columns]", *map(_line, proposal.columns)]
    for name, guesses in proposal.values.items():
        lines += ["", f"[feeds.values.{name}]", *map(_line, guesses)]
    return "\n".join(lines) + "\n"
