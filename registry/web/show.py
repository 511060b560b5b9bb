"""A document as rows of words for people: which fields, in which order, with which links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry import vocabulary
from registry.web.wording import Voice, best

MAX_VALUES = 60
FACET = 12
"""How many terms of one list a filter shows."""
Counts = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its text, a link ("" for none), its language, a remark. ``outside`` leaves the registry."""

    text: str
    href: str = ""
    lang: str = ""
    note: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """What a person put right in a field: what its academy's list says, by whom, when, why."""

    source: tuple[Value, ...]
    by: Value
    when: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One field with its values. ``more`` counts those that are not listed, ``fixes`` tell what was put right."""

    name: str
    label: str
    values: tuple[Value, ...]
    more: int = 0
    fixes: tuple[Fix, ...] = ()


Link = Callable[..., str]


def web(address: str | None) -> str:
    """An address that a browser may be sent to, "" for any other."""
    return address if address and address.lower().startswith(("http://", "https://")) else ""


def _texts(values: Mapping[str, str], voice: Voice) -> list[Value]:
    """All languages of a text, the reader's first."""
    first = best(values, voice.language)[0]
    order = sorted(values, key=lambda tag: (tag != first, tag))
    return [Value(values[tag], lang="" if tag == "und" else tag) for tag in order]


def _concepts(
    values: Iterable[Mapping[str, Any]], voice: Voice, link: Link, facet: str, *, noted: bool = True
) -> list[Value]:
    shown = []
    for concept in values:
        note = voice("resource.inferred") if concept.get("inferred") and noted else ""
        text = voice.best(concept["prefLabel"]) or voice.concept(concept["id"] or "", {})
        href = link("/search", **{facet: concept["id"]}) if concept["id"] and facet else ""
        shown.append(Value(text, href, voice.tag(concept["prefLabel"]), note))
    return shown


def _address(value: str) -> Value:
    return Value(value, web(value), outside=True)


def _itself(agent: Mapping[str, Any], academy: Mapping[str, Any], voice: Voice, link: Link) -> Value:
    """A person or organisation; the academy itself is known by its name."""
    if not agent["name"] and (agent["id"] or "").endswith(f"/id/agent/{academy['id']}"):
        return Value(voice.best(academy["name"]), link(f"/academy/{academy['id']}"))
    name = voice.best(agent["name"]) or agent["id"]
    return Value(name, _person_page(agent["id"]), voice.tag(agent["name"]), outside=True)


def _person_page(iri: str | None) -> str:
    """ORCID and ROR identifiers are pages; our own identifiers of persons are not."""
    return iri if iri and iri.startswith(("https://orcid.org/", "https://ror.org/")) else ""


def _place(place: Mapping[str, Any], voice: Voice) -> str:
    parts = (voice.best(place["name"]), place["locality"], place["country"], place["url"])
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _offer(offer: Mapping[str, Any], voice: Voice) -> Value:
    text = " ".join(part for part in (offer["price"], offer["priceCurrency"]) if part)
    dates = voice.period(offer["validFrom"], offer["validThrough"])
    enrol = voice("run.enrolment", dates=dates) if dates else ""
    return Value(text or enrol, web(offer["url"]), note=enrol if text else "", outside=True)


def _run(run: Mapping[str, Any], voice: Voice) -> Value:
    """A session as one line (when, where, how, in which language), with people, fee and seats as a remark."""
    modes = [_mode(mode, voice) for mode in (*run["courseMode"], *run["eventAttendanceMode"])]
    parts = [
        *_status(run["eventStatus"], voice),
        voice.period(run["startDate"], run["endDate"]),
        *(_place(place, voice) for place in run["location"]),
        *(voice.best(mode["prefLabel"]) for mode in modes),
        *(voice.language_name(tag) for tag in run["inLanguage"]),
    ]
    people = [voice.best(agent["name"]) for key in ("instructor", "organizer") for agent in run[key]]
    offers = [_offer(offer, voice) for offer in run["offers"]]
    remarks = [
        *people,
        *(f"{offer.text} {offer.note}".strip() for offer in offers),
        run["courseWorkload"] and voice.duration(run["courseWorkload"]),
        run["maximumAttendeeCapacity"] and voice("run.seats", count=run["maximumAttendeeCapacity"]),
    ]
    name = voice.best(run["name"])
    told = list(dict.fromkeys(part for part in parts if part))
    text = " · ".join(told) or name or "?"
    noted = [name] * bool(told and name) + [remark for remark in remarks if remark]
    return Value(text, web(run["url"]), note=" · ".join(dict.fromkeys(noted)), outside=True)


def _status(values: Iterable[Mapping[str, Any]], voice: Voice) -> list[str]:
    """What an event says of itself beside that it takes place."""
    names = [(value["id"] or "").rsplit("/", 1)[-1] for value in values]
    return [voice(f"status.{name}") for name in names if f"status.{name}" in voice.words.pages]


def _file(file: Mapping[str, Any]) -> Value:
    parts = (file["contentUrl"], file["encodingFormat"], file["contentSize"])
    return Value(" · ".join(part for part in parts if part), web(file["contentUrl"]), outside=True)


def _mode(value: Mapping[str, Any], voice: Voice) -> Mapping[str, Any]:
    """schema.org's attendance modes, which no vocabulary of ours labels."""
    if value["id"] and "EventAttendanceMode" in value["id"] and not value["prefLabel"]:
        name = value["id"].rsplit("/", 1)[-1].removesuffix("EventAttendanceMode").lower()
        key = f"mode.{name}"
        if key in voice.words.pages:
            return {**value, "prefLabel": {voice.language: voice(key)}}
    return value


def rows(
    item: Mapping[str, Any],
    academy: Mapping[str, Any],
    voice: Voice,
    link: Link,
    known: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Row]:
    """The fields of a document that say something or were put right, in the order of the page.

    ``known`` are entries of the registry by address: where a field points to one, its title is shown.
    """
    free = item["isAccessibleForFree"]
    stated, inferred = ([c for c in item["about"] if bool(c.get("inferred")) is sort] for sort in (False, True))
    filled: list[tuple[str, list[Value]]] = [
        ("name", _texts(item["name"], voice)),
        ("alternateName", _texts(item["alternateName"], voice)),
        ("academy", [Value(voice.best(academy["name"]), link(f"/academy/{academy['id']}"))]),
        ("url", [_address(item["url"])] if item["url"] else []),
        ("description", _texts(item["description"], voice)),
        ("abstract", _texts(item["abstract"], voice)),
        ("inLanguage", [Value(voice.language_name(tag)) for tag in item["inLanguage"]]),
        ("learningResourceType", _concepts(item["learningResourceType"], voice, link, "type")),
        ("educationalLevel", _concepts(item["educationalLevel"], voice, link, "level")),
        ("audience", _concepts(item["audience"], voice, link, "audience")),
        ("about", _concepts(stated, voice, link, "about")),
        ("found", _concepts(inferred, voice, link, "about", noted=False)),
        ("license", [_licence(licence, voice) for licence in item["license"]]),
        ("isAccessibleForFree", [] if free is None else [Value(voice("free.true" if free else "free.false"))]),
        ("conditionsOfAccess", _concepts(item["conditionsOfAccess"], voice, link, "access")),
        ("courseMode", _concepts(
            [_mode(mode, voice) for mode in (*item["courseMode"], *item["eventAttendanceMode"])],
            voice, link, "modality",
        )),
        ("startDate", [Value(voice.period(item["startDate"], None))] if item["startDate"] else []),
        ("endDate", [Value(voice.period(item["endDate"], None))] if item["endDate"] else []),
        ("location", [Value(_place(place, voice)) for place in item.get("location", ())]),
        ("eventStatus", [Value(text) for text in _status(item["eventStatus"], voice)]),
        ("offers", [_offer(offer, voice) for offer in item.get("offers", ())]),
        ("hasCourseInstance", [_run(run, voice) for run in item["hasCourseInstance"]]),
        ("timeRequired", [Value(voice.duration(item["timeRequired"]))] if item["timeRequired"] else []),
        ("courseWorkload", [Value(voice.duration(item["courseWorkload"]))] if item["courseWorkload"] else []),
        ("syllabusSections", _contents(item["syllabusSections"], voice)),
        ("teaches", _concepts(item["teaches"], voice, link, "")),
        ("competencyRequired", _concepts(item["competencyRequired"], voice, link, "")),
        ("coursePrerequisites", _concepts(item["coursePrerequisites"], voice, link, "")),
    ]  # fmt: skip
    for name in ("author", "contributor", "translator", "instructor", "organizer", "publisher"):
        filled.append((name, [_itself(agent, academy, voice, link) for agent in item[name]]))
    filled.append(("keywords", [Value(word, link("/search", q=f'"{word}"')) for word in item["keywords"]]))
    filled.append(("encoding", [_file(file) for file in item["encoding"]]))
    for name in ("isBasedOn", "translationOfWork", "previousVersion", "isPartOf", "hasPart", "sameAs", "relation",
                 "recordedAt", "codeRepository", "identifier"):  # fmt: skip
        filled.append((name, [_entry(value, item["iri"], known or {}, voice, link) for value in item[name]]))
    for name in ("courseCode", "version", "numberOfCredits", "maximumAttendeeCapacity"):
        filled.append((name, [Value(item[name])] if item[name] else []))
    filled.append(("educationalCredentialAwarded", _texts(item["educationalCredentialAwarded"], voice)))
    filled.append(("creativeWorkStatus", _concepts(item["creativeWorkStatus"], voice, link, "")))
    for name in ("dateModified", "datePublished", "dateCreated", "added"):
        filled.append((name, [Value(voice.date(item[name]))] if item[name] else []))
    fixes = _fixes(item["corrections"], voice)
    filled += [(name, []) for name in fixes if name not in dict(filled)]
    found = []
    for name, values in filled:
        kept = tuple(value for value in values if value.text)
        more = max(0, len(kept) - MAX_VALUES)
        if kept or name in fixes:
            found.append(Row(name, voice.field(name), kept[:MAX_VALUES], more, fixes.get(name, ())))
    return found


def _contents(sections: Iterable[Mapping[str, str]], voice: Voice) -> list[Value]:
    """What a course consists of, a line each (chapters, sections), in the reader's language where there is one."""
    found = []
    for texts in sections:
        tag, text = best(texts, voice.language)
        lines = [line.strip() for line in text.splitlines()]
        found += [Value(line, lang="" if tag == "und" else tag) for line in lines if line]
    return found


def _entry(address: str, own: str, known: Mapping[str, Mapping[str, Any]], voice: Voice, link: Link) -> Value:
    """An address; one of the registry's entries by its title."""
    entry = known.get(address)
    if entry is None or entry["iri"] == own:
        return _address(address)
    return Value(voice.best(entry["name"]) or address, link(f"/resource/{entry['id']}"), voice.tag(entry["name"]))


def _fixes(corrections: Iterable[Mapping[str, Any]], voice: Voice) -> dict[str, tuple[Fix, ...]]:
    """What was put right, by field."""
    found: dict[str, tuple[Fix, ...]] = {}
    for one in corrections:
        source = tuple(_said(value, one["property"], voice) for value in one["sourceValue"])
        by = Value(one["by"], web(one["by"]), outside=True)
        fix = Fix(source, by, voice.date(one["when"]), one["why"])
        found[one["property"]] = (*found.get(one["property"], ()), fix)
    return found


def _said(value: Mapping[str, Any], name: str, voice: Voice) -> Value:
    """A value of a source in words: of a corrected field only the kind of its property is known."""
    if name == "license":
        return Value(voice.licence(value)[0])
    text = voice.best(value["prefLabel"]) or value["id"] or ""
    if value["id"] and value["prefLabel"]:
        return Value(text, lang=voice.tag(value["prefLabel"]))
    words: dict[str, Callable[[str], str]] = {
        "inLanguage": voice.language_name,
        "availableLanguage": voice.language_name,
        "timeRequired": voice.duration,
        "isAccessibleForFree": lambda told: voice("free.true" if told in ("true", "1") else "free.false"),
    }
    return Value(words[name](text) if name in words else text, web(value["id"]), voice.tag(value["prefLabel"]),
                 outside=True)  # fmt: skip


def _licence(licence: Mapping[str, Any], voice: Voice) -> Value:
    name, may = voice.licence(licence)
    return Value(name, web(licence["id"]), note=may, outside=True)


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of two documents; ``mark`` is same, partly, different or one."""

    label: str
    left: tuple[Value, ...]
    right: tuple[Value, ...]
    mark: str


def compared(left: list[Row], right: list[Row]) -> list[Compared]:
    """Two documents field by field, in the order of the left one; letter case and order do not count."""
    sides = tuple({row.name: row for row in side if row.values} for side in (left, right))
    names = list(dict.fromkeys([*sides[0], *sides[1]]))
    result = []
    for name in sorted(names, key=lambda name: _ORDER.get(name, len(_ORDER))):
        if name in ("added", "academy"):
            continue
        one, two = (side[name].values if name in side else () for side in sides)
        row = sides[0].get(name) or sides[1][name]
        result.append(Compared(row.label, one, two, _mark(one, two)))
    return result


_ORDER = {name: place for place, name in enumerate(("name", "url", "description", "inLanguage"))}


def _mark(one: tuple[Value, ...], two: tuple[Value, ...]) -> str:
    if not one or not two:
        return "one"
    plain = [{" ".join(value.text.casefold().split()) for value in side} for side in (one, two)]
    if plain[0] == plain[1]:
        return "same"
    return "partly" if plain[0] & plain[1] else "different"


def filters(
    facets: Mapping[str, Counts], names: Iterable[str], axes: Iterable[Mapping[str, Any]], voice: Voice
) -> list[tuple[str, str, Counts]]:
    """(filter, heading, [(value, count)]) of the filters of the search; subjects list by list."""
    titles = {axis["id"]: voice.best(axis["title"]) for axis in axes}
    found: list[tuple[str, str, Counts]] = []
    for name in names:
        counts = facets[name]
        if name != "about":
            found.append((name, voice(f"facet.{name}"), counts))
            continue
        parts: dict[str, list[tuple[str, int]]] = {scheme: [] for scheme in titles}
        for value, count in counts:
            parts.setdefault(vocabulary.scheme_of(value) or "", []).append((value, count))
        for scheme, part in parts.items():
            found.append((name, titles.get(scheme) or voice("facet.about"), part[:FACET]))
    return [one for one in found if one[2]]
