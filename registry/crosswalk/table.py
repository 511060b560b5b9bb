"""Rows of a table, by the fields of the template, to profile triples.

Source: docs/profile.md, "CSV (own template)", with the headings of TeSS. The place of a value is
"column «heading»" with the heading as the academy wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from registry.crosswalk import clean, table_dates
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.record_node import describe
from registry.crosswalk.table_lengths import length
from registry.crosswalk.table_row import ORGANISATION, Row, agent, people
from registry.crosswalk.table_runs import OCCASION, occasions, read_dates, usual_order, write_run, write_status
from registry.crosswalk.values import EVENT_TYPES, types_for
from registry.iris import DCAT, MA, SCHEMA
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal
from registry.vocabulary import of_role

PROFILE = MA.rstrip("#") + "/table-template"
TRANSLATED = {
    "title": "name", "description": "description", "subtitle": "alternateName", "keywords": "keywords",
    "outcomes": "teaches", "prerequisites": "coursePrerequisites",
}  # fmt: skip
# What is no one's business but the academy's: people who are not authors, and how to reach them.
PERSONAL = ("contact", "instructor")
# Types that do not take place at a time; a date in such a row is not the date of a run.
UNDATED = frozenset(
    ["video", "webinar-recording", "slides", "manual", "handbook-textbook", "guideline", "case-study", "glossary",
     "dataset-for-teaching", "software-demo", "podcast", "git-lesson", "train-the-trainer-kit"]
)  # fmt: skip
COURSES = frozenset(["course", "mooc", "learning-path", "module"])
_UNITS = (
    (re.compile(r"\b(?:horaires?|horarias?|heures?|hours?|horas?|stunden?|ore|hrs?|h|std)\b"), "h"),
    (re.compile(r"\b(?:jours?|days?|dias?|tagen?|giorni|j|d)\b"), "days"),
    (re.compile(r"\b(?:minutes?|minutos?|minuten|minuti|mins?|mn)\b"), "min"),
    (re.compile(r"\b(?:semaines?|weeks?|semanas?|wochen?|settimane)\b"), "weeks"),
)
_NUMBER = re.compile(r"\d{1,5}(?:[.,]\d{1,3})?")
_BOTH = re.compile(r"\s*[/+&]\s*(?!/)|(?<=\w)\s+(?:and|et|y|e|und|ou|or|o)\s+(?=\w)")
_BEFORE_ADDRESS = re.compile(r"[\s;|,*]+(?=https?:|www\.|doi:|10\.\d{4})", re.IGNORECASE)
_FREE_PRICE = re.compile(r"(?:0+(?:[.,]0+)?)\s*(?:[A-Z]{3}|[€$£])?")
_PRICE = re.compile(r"(?:([A-Z]{3}|[€$£])\s*)?(\d{1,3}(?:[ \u00a0,.']?\d{3})*(?:[.,]\d{1,2})?)\s*([A-Z]{3}|[€$£])?")


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one row. Never raises on data: a payload that is not a table row gives an issue and no triples."""
    builder = Builder(context.iris.resource(context.feed.id, record.key))
    try:
        data = json.loads(record.payload)
        cells, header, unknown, order = (
            {str(key): str(value) for key, value in data.get(part, {}).items()}
            for part in ("row", "header", "unknown", "order")
        )
        known = (*OCCASION, "order")
        sessions = [{str(k): str(v) for k, v in one.items() if k in known} for one in data.get("sessions", [])]
    except (ValueError, AttributeError, TypeError, RecursionError):
        builder.issue("table-bad-payload", "", record.payload[:100].decode("utf-8", "replace"))
        return builder.mapped()
    _frameworks(cells, header, unknown, context)
    row = replace(_prepare(cells, header, builder, context), order=order)
    titles = [name for name in row.cells if (name == "title" or name.startswith("title_")) and name != "title_lang"]
    if not any(row.get(name) for name in titles):
        builder.issue("table-no-name", row.place("title"), cells.get("title", ""))
        return builder.mapped()
    describe(builder, record, context, PROFILE)
    kinds = _concepts(row, "type", "resource-type", "learningResourceType")
    dates = read_dates(row)
    runs = occasions(row, dates, [_safe(one) for one in sessions])
    # An event takes place once; what has several dates is offered several times.
    event = bool(len(runs) == 1 and kinds and kinds[0] in EVENT_TYPES)
    _types(row, kinds, bool(runs), event)
    _texts(row)
    _links(row)
    _agents(row)
    _values(row, event)
    if dates.bad or dates.rough:
        row.issue("table-date" if dates.bad else "table-date-rough", "start", dates.bad or dates.rough)
    elif runs and not event and _undated(kinds):
        row.issue("table-date-unused", "start", row.get("start"))
    if event or (runs and not _undated(kinds)):
        for number, (own, when) in enumerate(runs, start=1):
            target = builder.resource if event else builder.child("run", number)
            if not event:
                builder.add("hasCourseInstance", target, row.place("start"))
                builder.type(SCHEMA + "CourseInstance", row.place("start"), target)
            write_run(own, when, target, [mode for mode in _modes(row) if mode], number)
    elif not runs:
        _place_words(row)
    return builder.mapped()


def _prepare(cells: Mapping[str, str], header: Mapping[str, str], builder: Builder, context: MapContext) -> Row:
    """The cells without e-mail addresses and without the fields that are ignored by name."""
    kept: dict[str, str] = {}
    for field, value in cells.items():
        if field in PERSONAL:
            continue
        name = header.get(field, field)
        value, found = clean.drop_emails(value)
        if found:
            builder.issue("table-email", f"column «{name}»", "", field=name)
        value, found = clean.drop_private(value)
        if found:
            builder.issue("table-private", f"column «{name}»", "", field=name)
        if value:
            kept[field] = value
    values = context.values
    if "languages" in kept:  # "fr/en", "English and French"
        kept["languages"] = _BOTH.sub("|", kept["languages"])
    spoken = [values.language(item) for item in clean.split_list(kept.get("languages", ""), comma=True)]
    own = values.language(kept.get("title_lang", ""))
    # A French list of courses taught in French and English has French titles.
    usual = context.feed.language if context.feed.language in spoken else None
    language = own or usual or next((tag for tag in spoken if tag), None)
    return Row(kept, header, builder, context, language or context.feed.language or "und")


def _frameworks(
    cells: dict[str, str], header: dict[str, str], unknown: Mapping[str, str], context: MapContext
) -> None:
    """Columns whose heading is a list of terms, also where the list was added after the table was read."""
    for heading, text in unknown.items():
        scheme = context.values.framework(heading)
        if scheme is not None and scheme not in cells:
            cells.setdefault(f"scheme:{scheme}", text)
            header.setdefault(f"scheme:{scheme}", heading)


def _safe(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells of a further session, without e-mail addresses and those of the house."""
    return {name: clean.drop_private(clean.drop_emails(text)[0])[0] for name, text in cells.items()}


def _undated(kinds: list[str]) -> bool:
    return bool(kinds) and all(kind in UNDATED for kind in kinds)


def _types(row: Row, kinds: list[str], dated: bool, event: bool) -> None:
    """rdf:type: the profile's choice of event, course or plain resource (docs/profile.md, "choice rule")."""
    builder, place = row.builder, row.place("type")
    builder.type(DCAT + "Resource", place)
    for kind in kinds or [""]:
        for iri in types_for(kind, dated=event):
            if not (event and iri == SCHEMA + "LearningResource"):
                builder.type(iri, place)
    if dated and not event and not _undated(kinds):
        builder.type(SCHEMA + "Course", row.place("start"))


def _texts(row: Row) -> None:
    """Titles, descriptions and the like, also in columns of their own for a language."""
    builder = row.builder
    for name in sorted(row.cells):
        field, _, suffix = name.rpartition("_")
        if field not in TRANSLATED or name.endswith("_lang"):
            field, suffix = name, ""
        if field not in TRANSLATED or not row.get(name):
            continue
        given = suffix or (row.cells.get("description_lang", "") if field == "description" else "")
        language = (row.context.values.language(given) if given else None) or row.language
        predicate, place = TRANSLATED[field], row.place(name)
        if field in ("keywords", "outcomes", "prerequisites"):
            for item in row.items(name, comma=field == "keywords"):
                builder.text(predicate, item, language, place)
        elif field == "description":
            builder.text(predicate, clean.text(row.get(name)), language, place)
        else:
            builder.text(predicate, clean.line(row.get(name)), language, place)
    for field in ("fields", "section"):
        for item in row.items(field, comma=field == "fields"):
            _topic(row, field, item)
    if row.get("syllabus"):
        node = builder.child("syllabus", 1)
        builder.add("syllabusSections", node, row.place("syllabus"))
        builder.type(SCHEMA + "Syllabus", row.place("syllabus"), node)
        builder.text("description", clean.text(row.get("syllabus")), row.language, row.place("syllabus"), node)
    builder.text(
        "educationalCredentialAwarded", clean.line(row.get("recognition")), row.language, row.place("recognition")
    )
    for field, predicate in (("version", "version"), ("id", "identifier"), ("code", "identifier")):
        builder.string(predicate, clean.line(row.get(field)), row.place(field))


def _topic(row: Row, field: str, item: str) -> None:
    """A category or the heading of a section: a subject that is known, else a keyword. Of a path each step."""
    for step in [item] if row.context.values.subject(item) else re.split(r"\s+[/>»→]\s+", item):
        subject = row.context.values.subject(step)
        if subject is not None:
            row.builder.add("about", subject, row.place(field))
        elif not re.fullmatch(r"[\d\W]*", step) and not row.context.values.is_ignored("keywords", step):
            # A heading speaks the language of the list, not that of one course.
            language = (row.context.feed.language if field == "section" else None) or row.language
            row.builder.text("keywords", step.strip(" :"), language, row.place(field))


def _addresses(cell: str) -> list[str]:
    """The addresses of a cell that may hold several, DOIs last."""
    words = [
        part.strip()
        for word in _BEFORE_ADDRESS.split(cell)
        for part in ([word] if clean.url(word) or clean.doi(word) else re.split(r"[;|\n]", word))
    ]
    return sorted(dict.fromkeys(filter(None, words)), key=lambda word: clean.doi(word) is not None)


def _links(row: Row) -> None:
    """Addresses: the page, the DOI, and what the resource comes from or belongs to."""
    builder = row.builder
    for word in _addresses(row.get("url")):
        doi, address = clean.doi(word), clean.url(word)
        if address is None and doi is None:
            row.issue("table-address", "url", word)
        elif not builder.objects("url"):
            builder.add("url", Iri(address or str(doi)), row.place("url"))
        else:
            builder.add("identifier" if doi else "sameAs", Iri(doi or str(address)), row.place("url"))
    for item in row.items("doi"):
        doi = clean.doi(item)
        if doi is not None:
            builder.add("identifier", Iri(doi), row.place("doi"))
        else:
            row.issue("table-doi", "doi", item)
            builder.string("identifier", item, row.place("doi"))
    for field, predicate in (
        ("is_based_on", "isBasedOn"), ("translation_of", "translationOfWork"),
        ("not_same_as", MA + "notSameAs"), ("is_part_of", "isPartOf"),
    ):  # fmt: skip
        for item in row.items(field):
            target = clean.doi(item) or clean.url(item)
            if target is not None:
                builder.add(predicate, Iri(target), row.place(field))
            else:
                row.issue("table-relation", field, item)
                builder.string(predicate, item, row.place(field))


def _agents(row: Row) -> None:
    builder, context = row.builder, row.context
    academy = context.academy
    builder.add("provider", context.iris.academy(academy.id), "")
    known = {clean.fold(name) for name in (*academy.name.values(), academy.acronym or "", academy.id)}
    for item in row.items("provider"):
        if clean.fold(item) not in known:
            builder.add("provider", agent(row, item, "Organization", row.place("provider")), row.place("provider"))
    for field, predicate in (("authors", "author"), ("contributors", "contributor"), ("publisher", "publisher")):
        for item in people(row, field):
            organisation = field == "publisher" or ORGANISATION.search(item) or clean.fold(item) in known
            kind = "Organization" if organisation else "Person"
            builder.add(predicate, agent(row, item, kind, row.place(field)), row.place(field))


def _concepts(row: Row, field: str, scheme: str, predicate: str) -> list[str]:
    """The notations of a controlled column; what no table knows stays as a literal, with an issue."""
    notations = []
    for item in row.items(field, comma=True):
        concepts = [row.context.values.concept(scheme, item)]
        if concepts == [None] and "/" in item:  # "beginner/intermediate"
            concepts = [row.context.values.concept(scheme, part) for part in item.split("/")]
        if all(concepts):
            for concept in filter(None, concepts):
                row.builder.add(predicate, concept, row.place(field))
                notations.append(concept.rsplit("/", 1)[1])
        else:
            row.issue("value-unknown", field, item, scheme=scheme)
            row.builder.string(predicate, item, row.place(field))
    return notations


def _modes(row: Row) -> list[str]:
    """Notations of the modality column; in a column "Online" yes and no are answers too."""
    found = []
    for item in row.items("mode", comma=True):
        concept = row.context.values.concept("modality", item)
        flag = clean.boolean(item) if concept is None else None
        found.append(concept.rsplit("/", 1)[1] if concept else {True: "online", False: "onsite"}.get(flag, ""))  # type: ignore[arg-type]
    return found


def _values(row: Row, event: bool) -> None:
    """Controlled values, dates, duration, cost."""
    builder, values = row.builder, row.context.values
    _subjects(row)
    _concepts(row, "level", "level", "educationalLevel")
    _concepts(row, "audience", "audience", "audience")
    for item, mode in zip(row.items("mode", comma=True), _modes(row), strict=True):
        if mode:
            builder.add("courseMode", row.context.iris.concept("modality", mode), row.place("mode"))
        else:
            row.issue("value-unknown", "mode", item, scheme="modality")
            builder.string("courseMode", item, row.place("mode"))
    _each(
        row, "languages", "inLanguage", lambda item: (tag := values.language(item)) and Literal(tag), "value-language"
    )
    _each(row, "license", "license", values.licence, "value-licence", whole=True)
    _access(row)
    lasts = _duration(row)
    if lasts is not None:
        builder.add("duration" if event else "timeRequired", Literal(lasts, XSD + "duration"), row.place("duration"))
    for field, predicate in (("created", "dateCreated"), ("published", "datePublished"), ("modified", "dateModified")):
        if row.get(field):
            date = clean.date(table_dates.serial(row.get(field)), usual_order(row, field))
            if date is not None:
                builder.add(predicate, date, row.place(field))
            else:
                row.issue("table-date", field, row.get(field))
    write_status(row)


def _each(
    row: Row,
    field: str,
    predicate: str,
    find: Callable[[str], Iri | Literal | str | None],
    code: str,
    whole: bool = False,
) -> None:
    """Look every item up; an unknown one stays as a literal, but for a language, whose form is a rule."""
    items = row.items(field, comma=True)
    if whole and row.get(field) and (find(row.get(field)) is not None or not any(map(find, items))):
        items = [clean.line(row.get(field))]  # a comma may stand in a licence's name
    for item in items:
        found = find(item)
        if isinstance(found, Iri | Literal):
            row.builder.add(predicate, found, row.place(field))
            continue
        row.issue(code, field, item)
        if predicate != "inLanguage":
            row.builder.string(predicate, item, row.place(field))


def _subjects(row: Row) -> None:
    """What it is about, by any list of subjects; a column of its own says which list is meant."""
    values = row.context.values
    for scheme in values.subjects:
        _concepts(row, scheme, scheme, "about")
        _concepts(row, f"scheme:{scheme}", scheme, "about")
    for scheme in [one.id for one in of_role(values.frameworks, "audience")]:
        _concepts(row, f"scheme:{scheme}", scheme, "audience")
    for item in row.items("about"):
        subject = row.context.values.topic(item)
        if subject is not None:
            row.builder.add("about", subject, row.place("about"))
        elif (address := clean.url(item)) is not None and "isced-f" in address:
            row.builder.add("about", Iri(address), row.place("about"))
        else:
            row.issue("value-unknown", "about", item, scheme=", ".join(values.subjects))
            row.builder.string("about", item, row.place("about"))


def _access(row: Row) -> None:
    """Who may take part, whether it is free, and the price."""
    builder, free = row.builder, None
    _concepts(row, "access", "access", "conditionsOfAccess")
    for field in ("free", "cost"):
        value = row.get(field)
        if not value:
            continue
        said = clean.boolean(value) if field == "free" or not _NUMBER.search(value) else None
        if field == "cost" and _FREE_PRICE.fullmatch(value.strip()):
            said = True
        if said is not None and free is None:
            free = said
            builder.add("isAccessibleForFree", Literal("true" if said else "false", XSD + "boolean"), row.place(field))
        elif field == "free" and said is None:
            row.issue("table-yes-no", field, value)
        elif field == "cost" and said is None:
            free = _price(row, value, free)


def _price(row: Row, value: str, free: bool | None) -> bool | None:
    """An offer with its price; a price above nothing also says that it is not free."""
    builder, place = row.builder, row.place("cost")
    found = _PRICE.fullmatch(value.strip())
    if found is None:
        row.issue("table-price", "cost", value)
        return free
    number = re.sub(r"[ \u00a0']|[,.](?=\d{3}(?!\d))", "", found[2]).replace(",", ".")
    money = found[1] or found[3] or clean.line(row.get("currency")).upper()
    money = {"€": "EUR", "£": "GBP"}.get(money, money)
    offer = builder.child("offer", 1)
    builder.add("offers", offer, place)
    builder.type(SCHEMA + "Offer", place, offer)
    builder.add("price", Literal(number, XSD + "decimal"), place, offer)
    if re.fullmatch(r"[A-Z]{3}", money):
        builder.string("priceCurrency", money, row.place("currency" if row.get("currency") else "cost"), offer)
    elif money:
        row.issue("table-currency", "currency" if row.get("currency") else "cost", money)
    if free is None:
        builder.add("isAccessibleForFree", Literal("false", XSD + "boolean"), place)
        return False
    return free


def _duration(row: Row) -> str | None:
    """The duration; a bare number takes its unit from the heading ("Durée (heures)")."""
    value = row.get("duration")
    if not value:
        return None
    span = length(value)
    if span is None and _NUMBER.fullmatch(value.strip()):
        heading = clean.fold(row.header.get("duration", ""))
        unit = next((unit for pattern, unit in _UNITS if pattern.search(heading)), "")
        span = length(f"{value} {unit}") if unit else None
    if span is None:
        row.issue("table-duration", "duration", value)
    return span


def _place_words(row: Row) -> None:
    """A place without a date has no run to belong to: told, not lost."""
    for field in ("end", "city", "country", "venue", "postcode", "online_url", "timezone", "capacity"):
        if row.get(field):
            row.issue("table-needs-date", field, row.get(field))
