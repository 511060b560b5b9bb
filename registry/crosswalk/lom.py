"""IEEE Learning Object Metadata as XML → the profile, with LOM-FR, SupLOMFR, HS-OER-LOM and IMS MD 1.2.

Every element of LOM is optional and most repeat; a value is mapped, ignored by name (``-`` in
``tables/lom.tsv``) or an issue. Sources: IEEE 1484.12.1 (elements, numbered as there) and 1484.12.3 (XML);
IMS Learning Resource Meta-Data 1.2; NF Z76-040 (LOM-FR); HS-OER-LOM; docs/profile.md, crosswalk of LOM.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from registry.crosswalk import clean, lom_parts, oai_record
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.lom_read import date, identifier, strings, texts, vocabulary
from registry.crosswalk.oai_identifiers import target
from registry.crosswalk.oai_tree import Node, find, tell_unread, tree
from registry.crosswalk.oai_values import Mapper
from registry.model import RawRecord
from registry.terms import Iri

FORMAT_IRI = "http://ltsc.ieee.org/xsd/LOM"
_PROFILES = (
    ("oerbw.de/hsoerlom", "https://w3id.org/kim/hs-oer-lom-profil/latest/"), ("lom-fr.fr", "http://www.lom-fr.fr/xsd/LOMFR"),
    ("lomfr", "http://www.lom-fr.fr/xsd/LOMFR"), ("imsmd", "http://www.imsglobal.org/xsd/imsmd_v1p2"),
)  # fmt: skip
_FILE = re.compile(
    r"\.(?:pdf|mp4|mp3|webm|ogg|m4v|zip|epub|docx?|pptx?|xlsx?|csv|odt|odp|ods|h5p|jpe?g|png|gif|svg)$", re.IGNORECASE
)
_INTERACTIVITY = "http://purl.org/dcx/lrmi-vocabs/interactivityType/"


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one record of LOM. A record that is not one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    root = oai_record.parse(record.payload)
    if root is None:
        build.issue("xml-unreadable", "/record")
        return build.mapped()
    whole = tree(root, "lom")
    lom = find(whole, frozenset({"lom"}))
    if lom is None:
        metadata = oai_record.child(root, "metadata")
        inner = str(root.tag if metadata is None or not len(metadata) else metadata[0].tag)
        build.issue("lom-not-lom", "/record/metadata", inner)
        return build.mapped()
    lom.used = True
    mapper = Mapper(build, context)
    meta = lom.all("metametadata")
    stated = next((text for one in meta if (text := one.word("language"))), "")
    for one in meta:
        one.skip()  # who catalogued it and when is of the record, not of the resource
    general = lom.all("general")
    known = mapper.languages((text, one.place) for part in general for one in part.all("language")
                             if (text := one.words()))  # fmt: skip
    mapper.default_language(known, stated)
    pages = _general(general, mapper, record.key)
    level = next((at for part in general if (at := _level(part, mapper))), ("", ""))
    lom_parts.lifecycle(lom.all("lifecycle"), mapper, terms())
    locations = _technical(lom.all("technical"), mapper)
    _pages(pages, locations, mapper)
    _educational(lom.all("educational"), general, level, mapper)
    lom_parts.rights(lom.all("rights"), mapper)
    lom_parts.relations(lom.all("relation"), mapper, terms())
    lom_parts.classifications(lom.all("classification"), mapper, terms())
    lom.skip("annotation", "schemaversion", "schema")
    tell_unread(lom, build)
    return mapper.finish(record, root, _profile(lom))


@cache
def terms() -> Mapping[tuple[str, str], str]:
    """{(element, value folded): what it means here}, from ``tables/lom_terms.tsv``."""
    lines = files(__package__).joinpath("tables", "lom_terms.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {(row["element"], clean.fold(row["value"])): row["meaning"] for row in rows}


def _profile(lom: Node) -> str:
    """Which profile of LOM it is, by its namespace or that of what it holds."""
    spaces = " ".join([lom.space, *(one.space for part in lom.children for one in part.children)]).lower()
    return next((iri for word, iri in _PROFILES if word in spaces), FORMAT_IRI)


def _general(parts: list[Node], mapper: Mapper, key: str) -> list[tuple[str, str]]:
    """1 General; gives the web addresses among the identifiers, with their places."""
    pages: list[tuple[str, str]] = []
    for part in parts:
        mapper.titles(texts(part, mapper, "title"))
        for text, language, place in texts(part, mapper, "keyword"):
            mapper.subject([text], language, place, text)
        for text, language, place in texts(part, mapper, "coverage"):
            mapper.text("spatialCoverage", text, language, place)
        for one in part.all("identifier", "catalogentry"):
            catalog, entry = identifier(one, mapper)
            kind = clean.fold(catalog)
            found = target(entry, kind) if entry else None
            if found is None and entry and entry != key:
                mapper.string("identifier", entry, one.place)
            elif found is not None and found.startswith(("https://doi.org/", "https://hdl.handle.net/")):
                mapper.build.add("identifier", found, one.place)
                pages.append((found, one.place))
            elif found is not None and found.startswith("http"):
                pages.append((found, one.place))
            elif found is not None and found != key:
                mapper.build.add("identifier", found, one.place)
        part.skip("structure")
    return pages


def _level(part: Node, mapper: Mapper) -> tuple[str, str]:
    """1.8 aggregation level: ("3", place): 3 is a course, 4 a set of courses, 1 and 2 are parts."""
    for one in part.all("aggregationlevel"):
        for said in vocabulary(one, mapper):
            if found := re.fullmatch(r"(?:level|niveau|nivel)?\s*([1-4])", said.strip(), re.IGNORECASE):
                return found[1], one.place
            mapper.issue("xml-value", one.place, said, field="aggregationLevel")
    return "", ""


def _technical(parts: list[Node], mapper: Mapper) -> list[tuple[str, str]]:
    """4 Technical: files; gives the locations with their places."""
    locations: list[tuple[str, str]] = []
    for part in parts:
        here: list[tuple[str, str]] = []
        for one in part.all("location"):
            text = " ".join(one.words().split())
            address = clean.url(text) or clean.doi(text)
            if address:
                here.append((address, one.place))
            elif text and not mapper.context.values.is_ignored("url", text):
                mapper.issue("lom-location", one.place, text)
        media: list[tuple[str, str]] = []
        for one in part.all("format"):
            found = [mapper.media_type(said, one.place, "format") for said in vocabulary(one, mapper)]
            media += [(kind, one.place) for kind in found if kind]
        sizes = [size for one in part.all("size") if (size := one.words())]
        length, _, place = date(part.first("duration"), mapper)
        files_ = [one for one in here if _FILE.search(one[0].partition("?")[0])]
        content = files_[0][0] if files_ else ""
        size = f"{sizes[0]} B" if sizes and sizes[0].isdecimal() else (sizes[0] if sizes else "")
        spot = media[0][1] if media else files_[0][1] if files_ else place or part.place
        mapper.encoding(spot, media[0][0] if media else "", content, size, (length, place) if length else None)
        for kind, where in media[1:]:
            mapper.encoding(where, kind)
        part.skip("requirement", "installationremarks", "otherplatformrequirements", "facet")
        locations += here
    return locations


def _pages(identifiers: list[tuple[str, str]], locations: list[tuple[str, str]], mapper: Mapper) -> None:
    """The page: a location that is no file, else an address among the identifiers, else the file."""
    files_ = [one for one in locations if _FILE.search(one[0].partition("?")[0])]
    pages = [one for one in locations if one not in files_]
    own = [one for one in identifiers if not one[0].startswith(("https://doi.org/", "https://hdl.handle.net/"))]
    resolvers = [one for one in identifiers if one not in own]
    first = (pages or own or files_ or resolvers)[:1]
    for address, place in first:
        mapper.build.add("url", Iri(address), place)
    stated = {address for address, _ in first}
    for address, place in own:
        if address not in stated:
            mapper.build.add("identifier", Iri(address), place)
    for address, place in pages[1:]:
        if address not in stated:
            mapper.build.add("sameAs", Iri(address), place)
    for address, place in files_[1:]:
        if address not in stated:
            mapper.encoding(place, content=address)


def _educational(parts: list[Node], general: list[Node], level: tuple[str, str], mapper: Mapper) -> None:
    """5 Educational, with what 1.4 and 1.8 say of the same: description, type, audience, level, time."""
    build, values = mapper.build, mapper.context.values
    notations: list[tuple[str, str]] = []
    event: str | None = None
    further: list[tuple[str, str, str]] = []
    for part in [*general, *parts]:
        for one in part.all("learningresourcetype", "documenttype"):
            said = vocabulary(one, mapper)
            meant = next((m for w in said if (m := terms().get((one.name.lower(), clean.fold(w))))), "")
            if meant == "event":
                event = one.place
                continue
            if one.name.lower() == "documenttype" and (not meant or meant == "-"):
                continue  # "texte", "image": less than any type of learning resource says
            notation = mapper.concept("resource-type", "learningResourceType", [meant, *said] if meant else said,
                                      one.place, "type")  # fmt: skip
            if notation:
                notations.append((notation, one.place))
    for part in parts:
        for one in part.all("interactivitytype"):
            for text in vocabulary(one, mapper):
                kind = terms().get(("interactivitytype", clean.fold(text)))
                if kind and kind != "-":
                    build.add("interactivityType", Iri(_INTERACTIVITY + kind), one.place)
                elif kind is None:
                    mapper.issue("xml-value", one.place, text, field="interactivityType")
        for one in part.all("intendedenduserrole"):
            said = vocabulary(one, mapper)
            meant = next((m for w in said if (m := terms().get(("intendedenduserrole", clean.fold(w))))), "")
            mapper.concept("audience", "audience", [meant, *said] if meant else said, one.place)
        for one in part.all("context"):
            for text in vocabulary(one, mapper)[:1]:
                if terms().get(("context", clean.fold(text))) != "-" and not clean.url(text):
                    mapper.keyword(text, lom_parts.vocabulary_language(one), one.place)
        for one in part.all("difficulty"):
            said = vocabulary(one, mapper)
            meant = next((m for w in said if (m := terms().get(("difficulty", clean.fold(w))))), "")
            mapper.concept("level", "educationalLevel", [meant, *said] if meant else said, one.place)
        for one in part.all("typicallearningtime"):
            length, about, place = date(one, mapper)
            if length or about:
                if not (length and clean.duration(length)) and about and clean.duration(about):
                    length = about
                mapper.duration("timeRequired", length or about, place)
        further += texts(part, mapper, "description")
        for one in part.all("credit", "credits"):
            for text, _, place in strings(one, mapper):
                mapper.string("numberOfCredits", text, place)
        for one in part.all("educationalmode", "place"):
            for text in vocabulary(one, mapper):
                mode = values.concept("modality", text)
                if mode is not None:
                    build.add("courseMode", mode, one.place)
        part.skip("interactivitylevel", "semanticdensity", "typicalagerange", "language", "activity", "tool",
                  "educationalmethod", "inducedactivity", "pedagogicalmethod", "validationmode")  # fmt: skip
    mapper.descriptions([text for part in general for text in texts(part, mapper, "description")], further)
    if level[0] in ("3", "4") and not notations and event is None:
        notation = {"3": "course", "4": "learning-path"}[level[0]]
        concept = values.concept("resource-type", notation)
        if concept is not None:
            build.add("learningResourceType", concept, level[1])
            notations.append((notation, level[1]))
    mapper.types(notations, event)
    if level[0] in ("3", "4") and event is None:
        build.type("http://schema.org/Course", level[1])
