"""Controlled values of schema.org descriptions: subjects, kinds, levels, audiences, outcomes, rights.

A value that no table names keeps its literal, and an issue tells it. Source: docs/profile.md, T6.
"""

from __future__ import annotations

import re
from typing import Any

from registry.crosswalk import clean
from registry.crosswalk.schemaorg_read import Object, Reader, bare, scalar
from registry.terms import Iri

_ISCED = re.compile(r"https?://data\.europa\.eu/snb/isced-f/\d{2,4}")


def subjects(read: Reader, node: Object) -> None:
    """about (concepts, ISCED-F, else the word as it stands) and keywords."""
    build, values = read.build, read.context.values
    for value, place in read.values(node, "about"):
        words = [scalar(value)]
        if isinstance(value, dict) and "@value" not in value:
            words = [scalar(value.get(key)) for key in ("@id", "url", "sameAs", "name")]
            words += [text for text, _, _ in read.texts_of(value, place, node)]
            words.append(scalar(value.get("termCode")))  # last: for people the name says more
        _about(read, [word for word in words if word], place)
    for value, place in read.values(node, "keywords"):
        if isinstance(value, dict) and "@value" not in value:
            found = values.subject(scalar(value.get("@id"))) or values.subject(scalar(value.get("url")))
            if found is not None:
                build.add("about", found, place)
    # In a list each item is a keyword; a string alone is a list by whatever separates it.
    alone = not isinstance(node.get("keywords"), list) or len(node["keywords"]) == 1
    for text, language, place in read.texts(node, "keywords"):
        words = re.split(r"[,;|\n]", text) if alone else [text]
        for word in dict.fromkeys(word.strip() for word in words):
            if values.is_ignored("keywords", word) or clean.url(word):
                if clean.url(word):
                    read.issue("schemaorg-unmapped", place, word, field="keywords")
                continue
            build.text("keywords", word, language, place)
            if _names_scheme(read, word) and (concept := values.subject(word)) is not None:
                build.add("about", concept, place)


def _names_scheme(read: Reader, word: str) -> bool:
    """Whether a keyword names the list that it is taken from: "GSBPM 5.3"."""
    return any(scheme in clean.fold(word).split() for scheme in read.context.values.subjects)


def _about(read: Reader, words: list[str], place: str) -> None:
    for word in words:
        if (concept := read.context.values.subject(word)) is not None:
            read.build.add("about", concept, place)
            return
        if _ISCED.fullmatch(word):
            read.build.add("about", Iri(word.replace("https:", "http:", 1)), place)
            return
    for word in words:
        if (concept := read.context.values.topic(word)) is not None:
            read.build.add("about", concept, place)
            return
    names = [word for word in words if not word.startswith(("http", "_:"))] or words
    if names and not read.context.values.is_ignored("keywords", names[0]):
        read.string("about", clean.line(names[0]), place)
        read.issue("schemaorg-unmapped", place, names[0], field="about")


def mapped(read: Reader, node: Object, scheme: str, predicate: str, *keys: str) -> list[str]:
    """A controlled property: concepts, else the literal and an issue. Returns the notations found."""
    found: list[str] = []
    for value, place in read.values(node, *keys):
        if isinstance(value, dict) and "@value" not in value:
            words = [scalar(value.get(key)) for key in ("@id", "url", "name")]
            words += [text for text, _, _ in read.texts_of(value, place, node)]
            words.append(scalar(value.get("termCode")))  # last: for people the name says more
        else:
            words = [scalar(value)]
            several = clean.split_list(words[0], comma=True)
            if len(several) > 1 and read.context.values.concept(scheme, bare(words[0])) is None:
                for word in several:
                    found += _concept(read, scheme, predicate, [word], place)
                continue
        words = list(dict.fromkeys(word for word in words if word and not word.startswith("_:")))
        if words:
            found += _concept(read, scheme, predicate, words, place)
    return found


def _concept(read: Reader, scheme: str, predicate: str, words: list[str], place: str) -> list[str]:
    for word in words:
        concept = read.context.values.concept(scheme, bare(word))
        if concept is not None:
            read.build.add(predicate, concept, place)
            return [concept.rpartition("/")[2]]
    names = [word for word in words if "://" not in word] or words
    if not read.context.values.is_ignored({"resource-type": "type"}.get(scheme, scheme), names[0]):
        read.string(predicate, clean.line(names[0]), place)
        read.issue("schemaorg-unmapped", place, names[0], field=predicate)
    return []


def concepts(read: Reader, node: Object) -> None:
    """Level, audience, access, state of the work; accessMode and interactivityType as they stand."""
    mapped(read, node, "level", "educationalLevel", "educationalLevel")
    for value, _ in read.values(node, "audience"):
        if isinstance(value, dict) and "@value" not in value:
            keys = [key for key in ("audienceType", "educationalRole") if value.get(key)]
            if keys or value.get("name"):
                mapped(read, value, "audience", "audience", *(keys or ["name"]))
            else:  # a concept, as AMB has it
                alone = {"@place": node.get("@place", ""), "audience": value}
                mapped(read, alone, "audience", "audience", "audience")
            list(read.values(value, "name", "prefLabel"))
    plain = [value for value, _ in read.values(node, "audience") if not isinstance(value, dict) or "@value" in value]
    if plain:
        place = {"@place": node.get("@place", ""), "audience": plain if len(plain) > 1 else plain[0]}
        mapped(read, place, "audience", "audience", "audience")
    mapped(read, node, "access", "conditionsOfAccess", "conditionsOfAccess", "eligibility")
    mapped(read, node, "work-status", "creativeWorkStatus", "creativeWorkStatus")
    for key in ("accessMode", "interactivityType"):
        for word, place_of in read.strings(node, key):
            read.string(key, word, place_of)


def outcomes(read: Reader, node: Object) -> None:
    """teaches, assesses, competencyRequired, coursePrerequisites, educationalAlignment."""
    for predicate, keys in (
        ("teaches", ("teaches",)), ("assesses", ("assesses",)), ("competencyRequired", ("competencyRequired",)),
        ("coursePrerequisites", ("coursePrerequisites", "prerequisite")), ("syllabusSections", ("syllabusSections",)),
    ):  # fmt: skip
        for key in keys:
            for value, place in read.values(node, key):
                _statement(read, predicate, value, place, node)
    for value, place in read.values(node, "educationalAlignment"):
        if not isinstance(value, dict):
            read.issue("schemaorg-unmapped", place, scalar(value), field="educationalAlignment")
            continue
        words = [word for key in ("targetUrl", "targetName") for word, _ in read.strings(value, key)]
        list(read.strings(value, "educationalFramework", "targetDescription", "name", "url"))
        kind = "".join(word for word, _ in read.strings(value, "alignmentType")).replace(" ", "").casefold()
        if not words:
            continue
        if kind in ("teaches", "assesses"):
            _statement(read, kind, words[-1], place, node)
        elif kind in ("requires", "prerequisite"):
            _statement(read, "competencyRequired", words[-1], place, node)
        elif kind == "educationallevel":
            _concept(read, "level", "educationalLevel", words, place)
        else:
            _about(read, words, place)


def _statement(read: Reader, predicate: str, value: Any, place: str, node: Object) -> None:
    """A competency: its text; an address where there is no text, or where ESCO names it."""
    target = read.target(value)
    said = False
    if not (isinstance(value, str) and target is not None):
        for text, language, where in read.texts(
            {"@place": place, "value": value, **_tongue(node)}, "value", long=True
        ):
            if not clean.url(text):
                said = True
                read.build.text(predicate, text, language, where if isinstance(value, dict) else place)
    if target is not None and (not said or "data.europa.eu/esco/" in target):
        read.build.add(predicate, target, place)


def _tongue(node: Object) -> dict[str, Any]:
    return {"@language": node["@language"]} if node.get("@language") else {}


def rights(read: Reader, node: Object) -> None:
    """The licence, by address, id or name."""
    for value, place in read.values(node, "license"):
        words = [scalar(value)]
        if isinstance(value, dict) and "@value" not in value:
            words = [scalar(value.get(key)) for key in ("@id", "url", "identifier", "name", "sameAs")]
        words = [word for word in words if word and not word.startswith("_:")]
        licence = next((found for word in words if (found := read.context.values.licence(word))), None)
        if licence is not None:
            read.build.add("license", licence, place)
        elif words and not read.context.values.is_ignored("license", words[0]):
            read.string("license", clean.line(words[0]), place)
            read.issue("schemaorg-unmapped", place, words[0], field="license")
