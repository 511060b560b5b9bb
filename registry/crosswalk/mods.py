"""Metadata Object Description Schema (MODS 3.x) → the profile.

A value is mapped, ignored by name (``-`` in ``tables/mods.tsv``) or an issue. Sources: MODS User Guidelines
3.x, https://www.loc.gov/standards/mods/userguide/; docs/profile.md, transforms T1 to T7.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from registry import iris
from registry.crosswalk import clean, oai_record
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.oai_identifiers import target
from registry.crosswalk.oai_tree import Node, find, tell_unread, tree
from registry.crosswalk.oai_values import Mapper, Text
from registry.model import RawRecord
from registry.terms import Iri, Literal

FORMAT_IRI = "http://www.loc.gov/mods/v3"
_TITLE_PARTS = ("nonsort", "title", "subtitle", "partnumber", "partname")


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one record of MODS. A record that is not one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    root = oai_record.parse(record.payload)
    if root is None:
        build.issue("xml-unreadable", "/record")
        return build.mapped()
    mods = find(tree(root, "mods"), frozenset({"mods"}))
    if mods is None:
        metadata = oai_record.child(root, "metadata")
        inner = str(root.tag if metadata is None or not len(metadata) else metadata[0].tag)
        build.issue("mods-not-mods", "/record/metadata", inner)
        return build.mapped()
    mods.used = True
    mapper = Mapper(build, context)
    _languages(mods, mapper)
    mapper.titles((text, mapper.tag(one), one.place) for one in _titles(mods, False) if (text := _title(one)))
    for one in _titles(mods, True):
        mapper.text("alternateName", _title(one), mapper.tag(one), one.place)
    event = _types(mods, mapper)
    for one in mods.all("name"):
        _name(one, mapper)
    for one in mods.all("origininfo"):
        _origin(one, mapper, event)
    _texts(mods, mapper)
    for one in mods.all("subject"):
        _subject(one, mapper)
    mods.skip("classification")  # codes of other schemes
    _audience(mods, mapper)
    _pages(mods, mapper, record.key)
    _files(mods, mapper)
    for one in mods.all("accesscondition"):
        mapper.rights([one.get("href"), one.get("valueuri"), one.words()], one.place)
    for one in mods.all("relateditem"):
        _relation(one, mapper)
    mods.skip("recordinfo", "extension", "part")
    tell_unread(mods, build)
    return mapper.finish(record, root, FORMAT_IRI)


@cache
def terms() -> Mapping[tuple[str, str], str]:
    """{(element, value folded): what it means here}, from ``tables/mods_terms.tsv``."""
    lines = files(__package__).joinpath("tables", "mods_terms.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {(row["element"], clean.fold(row["value"])): row["meaning"] for row in rows}


def _languages(mods: Node, mapper: Mapper) -> None:
    """language/languageTerm; a code and a name of one language are one. The record's own is that of texts."""
    found: list[tuple[str, str]] = []
    for one in mods.all("language"):
        spoken = [(text, part) for part in one.all("languageterm") if (text := part.words())]
        codes = [pair for pair in spoken if pair[1].get("type") == "code"]
        found += [(text, part.place) for text, part in (codes or spoken)[:1]]
        if not spoken and one.own:
            one.taken = not one.children
            found.append((one.own, one.place))
        one.skip("scriptterm")
    known = mapper.languages(found)
    stated = next((text for info in mods.all("recordinfo") for one in info.all("languageofcataloging")
                   for part in one.all("languageterm") if (text := part.words())), "")  # fmt: skip
    # The catalogue's language is that of its notes; a title is in that of the resource where there is one.
    mapper.default_language(known, "" if len(known) == 1 else stated)


def _titles(node: Node, other: bool) -> Iterator[Node]:
    """The titles proper (translated ones with their language too), or all other ones."""
    for one in node.all("titleinfo"):
        proper = one.get("type").lower() in ("", "translated") and not (one.get("type") and not one.language)
        if proper is not other:
            yield one


def _title(one: Node) -> str:
    """A title as one would write it: "The R book: an introduction. Part 2, Graphs"."""
    parts = {name: " ".join(part.words() for part in one.all(name)).strip() for name in _TITLE_PARTS}
    text = " ".join(filter(None, (parts["nonsort"], parts["title"]))) or (one.own if not one.children else "")
    one.taken = not one.children
    text = text.replace("' ", "'") if parts["nonsort"].endswith("'") else text
    text = text.rstrip(" /:;=") if text.endswith((" /", " :", " ;", " =")) or parts["subtitle"] else text  # ISBD
    if parts["subtitle"]:
        text = f"{text}: {parts['subtitle']}" if text else parts["subtitle"]
    more = ", ".join(filter(None, (parts["partnumber"], parts["partname"])))
    return f"{text.rstrip('.')}. {more}" if more and text else text or more


def _types(mods: Node, mapper: Mapper) -> str | None:
    """learningResourceType from genre, else from typeOfResource; gives the place that says it is an event."""
    notations: list[tuple[str, str]] = []
    event: str | None = None
    for name in ("genre", "typeofresource"):
        if notations or event is not None:
            mods.skip(name)
            continue
        for one in mods.all(name):
            text = one.words()
            meant = terms().get((name, clean.fold(text)), "")
            if meant == "event":
                event = one.place
            elif meant != "-" and text:
                words = list(filter(None, (meant, one.get("valueuri"), text)))
                if notation := mapper.concept("resource-type", "learningResourceType", words, one.place, "type"):
                    notations.append((notation, one.place))
    mapper.types(notations, event)
    return event


def _name(one: Node, mapper: Mapper) -> None:
    """A person or body by its role; the first of a record is an author where no role is said."""
    said = [text for role in one.all("role") for part in (role.all("roleterm") or [role]) if (text := part.words())]
    meant = next((found for text in said if (found := terms().get(("role", clean.fold(text))))), "")
    if said and not meant:
        mapper.issue("mods-role", one.place, said[-1])
    predicate = meant or ("contributor" if said else "author")
    parts: dict[str, list[str]] = {}
    for part in one.all("namepart"):
        parts.setdefault(part.get("type").lower(), []).append(part.words())
    family, given = " ".join(parts.get("family", [])), " ".join(parts.get("given", []))
    # Authority files add years of life to a name.
    whole = re.sub(r",? \(?\d{3,4}\??-(?:\d{3,4})?\)?$", "", " ".join(parts.get("", [])))
    name = ", ".join(filter(None, (family, given))) or whole
    shown = one.word("displayform")
    kind = {"personal": "Person", "family": "Person", "corporate": "Organization", "conference": "Organization"}.get(
        one.get("type").lower(), "Person" if family and given else ""
    )
    identifiers = [_identifier(part) for part in one.all("nameidentifier")]
    identifiers += [one.get("valueuri")]
    places = [(text, part.get("valueuri"), part.place) for part in one.all("affiliation") if (text := part.words())]
    one.skip("description", "etal", "alternativename", "nametitle")
    mapper.agent(name or shown, predicate, one.place, kind, identifiers, places)


def _identifier(node: Node) -> str:
    text, kind = node.words(), node.get("type").lower()
    if kind == "ror" and "/" not in text:
        return f"https://ror.org/{text}"
    if kind in ("wikidata", "gnd", "isni", "viaf", "idref") and "/" not in text:
        sites = {"wikidata": "www.wikidata.org/entity", "gnd": "d-nb.info/gnd", "isni": "isni.org/isni",
                 "viaf": "viaf.org/viaf", "idref": "www.idref.fr"}  # fmt: skip
        return f"https://{sites[kind]}/{text.replace(' ', '')}"
    return text


def _origin(one: Node, mapper: Mapper, event: str | None) -> None:
    """originInfo: publisher, edition, dates. Two points of a date are its first and last."""
    for agent in one.all("agent"):
        _name(agent, mapper)
    for publisher in one.all("publisher"):
        mapper.agent(publisher.words(), "publisher", publisher.place, "Organization")
    for edition in one.all("edition"):
        if not mapper.build.objects("version"):
            mapper.string("version", edition.words()[:200], edition.place)
    for name, predicate in (
        ("dateissued", "datePublished"), ("datecreated", "dateCreated"), ("datemodified", "dateModified"),
        ("datevalid", "-"), ("dateother", "-"), ("copyrightdate", "-"), ("datecaptured", "-"),
    ):  # fmt: skip
        found: list[tuple[Literal, str, Node]] = []
        for part in one.all(name):
            text = part.words().strip("[]()c©. ?")
            if (predicate != "-" or event is not None) and text and (stamp := mapper.date(text, part.place)):
                found.append((stamp, part.place, part))
        days = [entry for entry in found if entry[0].value.count("-") >= 2]
        if event is not None and days and not mapper.build.objects("startDate") and name != "datemodified":
            starts = [entry for entry in days if entry[2].get("point") != "end"] or days
            ends = [entry for entry in days if entry[2].get("point") == "end"]
            mapper.build.add("startDate", *starts[0][:2])
            if ends and ends[0][0].datatype == starts[0][0].datatype:
                mapper.build.add("endDate", *ends[0][:2])
            continue
        if predicate != "-" and not mapper.build.objects(predicate):
            whole = [entry[:2] for entry in found if entry[2].get("point") != "end"]
            key = [entry[:2] for entry in found if entry[2].get("keydate") == "yes"]
            # One date in several encodings is one: the key date, else the first that a machine can read.
            mapper.dates(predicate, (key or whole)[:1] if predicate != "dateModified" else whole, last=True)
    one.skip("place", "issuance", "frequency", "displaydate")


def _texts(mods: Node, mapper: Mapper) -> None:
    first = [(text, mapper.tag(one), one.place) for one in mods.all("abstract") if (text := one.words())]
    further: list[Text] = []
    for one in mods.all("tableofcontents", "note"):
        kind, text = clean.fold(one.get("type")), one.words()
        if one.name.lower() == "note" and kind in ("version", "version identification"):
            mapper.string("version", text[:200], one.place)
        elif text and (one.name.lower() != "note" or kind in ("", "content", "summary", "description")):
            further.append((text, mapper.tag(one), one.place))
        # Other notes (thanks, funding, acquisition …) are about the copy or the record.
    mapper.descriptions(first, further)


def _subject(one: Node, mapper: Mapper) -> None:
    for part in one.all("topic", "genre", "occupation", "temporal"):
        text = part.words()
        keyword = "" if part.name.lower() == "temporal" else text
        mapper.subject([part.get("valueuri") or one.get("valueuri"), text], mapper.tag(part), part.place, keyword)
    for part in one.all("geographic"):
        mapper.text("spatialCoverage", part.words(), mapper.tag(part), part.place)
    for part in one.all("name", "titleinfo"):
        words = " ".join(inner.words() for inner in part.all("namepart", "title", "nonsort", "subtitle"))
        mapper.keyword(words, mapper.tag(part), part.place)
        part.skip()
    if one.own and not one.children:
        mapper.subject([one.words()], mapper.tag(one), one.place, one.own)
    one.skip("hierarchicalgeographic", "cartographics", "geographiccode")


def _audience(mods: Node, mapper: Mapper) -> None:
    for one in mods.all("targetaudience"):
        text = one.words()
        meant = terms().get(("targetaudience", clean.fold(text)), "")
        if meant == "-":
            continue
        if mapper.context.values.concept("level", text) is not None:
            mapper.concept("level", "educationalLevel", [text], one.place)
        else:
            mapper.concept("audience", "audience", [meant, text] if meant else [text], one.place)


def _pages(mods: Node, mapper: Mapper, key: str) -> None:
    """location/url (the primary display first; raw objects are files), then identifiers."""
    pages: list[tuple[str, str]] = []
    for location in mods.all("location"):
        for one in location.all("url"):
            address, access = clean.url(one.words()), one.get("access").lower()
            if address is None:
                if one.words():
                    mapper.issue("mods-url", one.place, one.words())
            elif access == "preview":
                mapper.build.add("thumbnailUrl", Iri(address), one.place)
            elif access == "raw object":
                mapper.encoding(one.place, content=address)
            elif one.get("usage").startswith("primary"):
                pages.insert(0, (address, one.place))
            else:
                pages.append((address, one.place))
        location.skip("physicallocation", "shelflocator", "holdingsimple", "holdingexternal")
    resolvers: list[tuple[str, str]] = []
    for one in mods.all("identifier"):
        text, kind = " ".join(one.words().split()), one.get("type").lower()
        if not text or text == key or one.get("invalid") == "yes":
            continue
        found = target(text, kind)
        if found is None:
            mapper.string("identifier", text, one.place)
        elif found.startswith(("https://doi.org/", "https://hdl.handle.net/")):
            mapper.build.add("identifier", found, one.place)
            resolvers.append((found, one.place))
        elif found.startswith("http"):
            pages.append((found, one.place))
        elif found != key:
            mapper.build.add("identifier", found, one.place)
    mapper.page(pages or resolvers[:1])


def _files(mods: Node, mapper: Mapper) -> None:
    for one in mods.all("physicaldescription"):
        for part in one.all("internetmediatype"):
            if media := mapper.media_type(part.words(), part.place, "internetMediaType"):
                mapper.encoding(part.place, media)
        one.skip("form", "extent", "digitalorigin", "reformattingquality", "note")


def _relation(one: Node, mapper: Mapper) -> None:
    kind = one.get("type") or one.get("otherrelation", "othertype")
    meant = terms().get(("relateditem", clean.fold(kind)), "dcterms:relation")
    title = next((text for part in one.all("titleinfo") if (text := _title(part))), "")
    words = [one.get("href")]
    identifiers = [(part.words(), part.get("type").lower()) for part in one.all("identifier")]
    words += [str(found) for text, form in identifiers if (found := target(text, form))]
    words += [text for part in one.all("location") for url in part.all("url") if (text := url.words())]
    one.skip()
    prefix, colon, local = meant.partition(":")
    predicate = iris.PREFIXES[prefix] + local if colon else prefix
    mapper.relation(predicate, list(filter(None, words)), one.place, title)
