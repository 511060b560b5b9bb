"""A document as rows of words for people: which fields, in which order, with which links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.web.wording import Voice, best

MAX_VALUES = 60


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its text, a link ("" for none), its language, a remark. ``outside`` leaves the registry."""

    text: str
    href: str = ""
    lang: str = ""
    note: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One field with its values."""

    name: str
    label: str
    values: tuple[Value, ...]


Link = Callable[..., str]


def web(address: str | None) -> str:
    """An address that a browser may be sent to, "" for any other."""
    return address if address and address.lower().startswith(("http://", "https://")) else ""


def _texts(values: Mapping[str, str], voice: Voice) -> list[Value]:
    """All languages of a text, the reader's first."""
    first = best(values, voice.language)[0]
    order = sorted(values, key=lambda tag: (tag != first, tag))
    return [Value(values[tag], lang="" if tag == "und" else tag) for tag in order]


def _concepts(values: Iterable[Mapping[str, Any]], voice: Voice, link: Link, facet: str) -> list[Value]:
    shown = []
    for concept in values:
        note = voice("resource.inferred") if concept.get("inferred") else ""
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


def _offer(offer: Mapping[str, Any]) -> str:
    return " ".join(part for part in (offer["price"], offer["priceCurrency"]) if part)


def _run(run: Mapping[str, Any], voice: Voice) -> Value:
    dates = " – ".join(voice.date(date) for date in (run["startDate"], run["endDate"]) if date)
    places = [_place(place, voice) for place in run["location"]]
    text = " · ".join(part for part in (dates, *places) if part) or voice.best(run["name"]) or "?"
    return Value(text, web(run["url"]), outside=True)


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


def rows(item: Mapping[str, Any], academy: Mapping[str, Any], voice: Voice, link: Link) -> list[Row]:
    """The fields of a document that say something, in the order of the page."""
    free = item["isAccessibleForFree"]
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
        ("about", _concepts(item["about"], voice, link, "about")),
        ("license", [_licence(licence, voice) for licence in item["license"]]),
        ("isAccessibleForFree", [] if free is None else [Value(voice("free.true" if free else "free.false"))]),
        ("conditionsOfAccess", _concepts(item["conditionsOfAccess"], voice, link, "access")),
        ("courseMode", _concepts(
            [_mode(mode, voice) for mode in (*item["courseMode"], *item["eventAttendanceMode"])],
            voice, link, "modality",
        )),
        ("startDate", [Value(voice.date(item["startDate"]))] if item["startDate"] else []),
        ("endDate", [Value(voice.date(item["endDate"]))] if item["endDate"] else []),
        ("location", [Value(_place(place, voice)) for place in item.get("location", ())]),
        ("offers", [Value(_offer(offer)) for offer in item.get("offers", ())]),
        ("hasCourseInstance", [_run(run, voice) for run in item["hasCourseInstance"]]),
        ("timeRequired", [Value(voice.duration(item["timeRequired"]))] if item["timeRequired"] else []),
        ("teaches", _concepts(item["teaches"], voice, link, "")),
        ("competencyRequired", _concepts(item["competencyRequired"], voice, link, "")),
        ("coursePrerequisites", _concepts(item["coursePrerequisites"], voice, link, "")),
    ]  # fmt: skip
    for name in ("author", "contributor", "translator", "instructor", "organizer", "publisher"):
        filled.append((name, [_itself(agent, academy, voice, link) for agent in item[name]]))
    filled.append(("keywords", [Value(word, link("/search", q=f'"{word}"')) for word in item["keywords"]]))
    filled.append(("encoding", [_file(file) for file in item["encoding"]]))
    for name in ("isBasedOn", "translationOfWork", "previousVersion", "isPartOf", "hasPart", "codeRepository",
                 "identifier"):  # fmt: skip
        filled.append((name, [_address(value) for value in item[name]]))
    for name in ("courseCode", "version"):
        filled.append((name, [Value(item[name])] if item[name] else []))
    for name in ("dateModified", "datePublished", "dateCreated", "added"):
        filled.append((name, [Value(voice.date(item[name]))] if item[name] else []))
    kept = ((name, tuple(value for value in values if value.text)[:MAX_VALUES]) for name, values in filled)
    return [Row(name, voice(f"field.{name}"), values) for name, values in kept if values]


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
    sides = ({row.name: row for row in left}, {row.name: row for row in right})
    names = list(dict.fromkeys([row.name for row in left] + [row.name for row in right]))
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
