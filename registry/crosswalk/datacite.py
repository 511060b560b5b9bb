"""DataCite metadata (kernel 3 and 4 up to 4.7) as XML → the profile, alone or wrapped in oai_datacite.

A value is mapped, ignored by name (``-`` in ``tables/datacite.tsv``) or an issue. Sources: DataCite
Metadata Schema 4.7 and 3.1; schema.datacite.org/oai; docs/profile.md, crosswalk of Zenodo and DataCite.
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
from registry.terms import Literal

_BYTES = re.compile(r"\d[\d.,\s]{0,20}(?:bytes?|[kmgt]i?b|b)", re.IGNORECASE)
_EVENT_DATES = ("valid", "coverage", "collected", "other", "available", "issued", "created")
_RANGE = re.compile(r"(\d{4}(?:-\d{2}(?:-\d{2})?)?)\s*[-–]\s*(\d{4}(?:-\d{2}(?:-\d{2})?)?)")
_SCHEMES = {"orcid": "https://orcid.org/", "ror": "https://ror.org/", "isni": "https://isni.org/isni/",
            "gnd": "https://d-nb.info/gnd/", "wikidata": "https://www.wikidata.org/entity/",
            "viaf": "https://viaf.org/viaf/", "idref": "https://www.idref.fr/"}  # fmt: skip


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one record of DataCite. A record that is not one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    root = oai_record.parse(record.payload)
    if root is None:
        build.issue("xml-unreadable", "/record")
        return build.mapped()
    whole = tree(root, "datacite")
    resource = find(whole, frozenset({"resource"}))
    if resource is None:
        metadata = oai_record.child(root, "metadata")
        inner = str(root.tag if metadata is None or not len(metadata) else metadata[0].tag)
        build.issue("datacite-not-datacite", "/record/metadata", inner)
        return build.mapped()
    resource.used = True
    mapper = Mapper(build, context)
    spoken = [(text, one.place) for one in _all(resource, "languages", "language") if (text := one.words())]
    mapper.default_language(mapper.languages(spoken))
    _titles(resource, mapper)
    _identifiers(resource, mapper, record.key)
    event = _types(resource, mapper)
    _agents(resource, mapper)
    _dates(resource, mapper, event)
    _descriptions(resource, mapper)
    _subjects(resource, mapper)
    _files(resource, mapper)
    _rights(resource, mapper)
    _relations(resource, mapper)
    for one in _all(resource, "geolocations", "geolocation"):
        for place in one.all("geolocationplace"):
            mapper.text("spatialCoverage", place.words(), mapper.tag(place), place.place)
        one.skip("geolocationpoint", "geolocationbox", "geolocationpolygon")
    if version := resource.word("version"):
        mapper.string("version", version[:200], f"{resource.place}/datacite:version")
    tell_unread(resource, build)
    return mapper.finish(record, root, _profile(resource))


@cache
def terms() -> Mapping[tuple[str, str], str]:
    """{(attribute, value folded): what it means here}, from ``tables/datacite_terms.tsv``."""
    lines = files(__package__).joinpath("tables", "datacite_terms.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {(row["attribute"], clean.fold(row["value"])): row["meaning"] for row in rows}


def _profile(resource: Node) -> str:
    kernel = re.search(r"kernel-(\d)", resource.space)
    return f"http://datacite.org/schema/kernel-{kernel[1] if kernel else '4'}"


def _all(node: Node, around: str, *names: str) -> Iterator[Node]:
    """The elements of a list; also those that a server put beside it, without the element around them."""
    for outer in node.all(around):
        yield from outer.all(*names)
    if around not in names:
        yield from node.all(*names)


def _identifiers(resource: Node, mapper: Mapper, key: str) -> None:
    """The page: an address of the resource's own before a DOI's; all that is no page identifies."""
    pages: list[tuple[str, str]] = []
    stated = list(resource.all("identifier"))
    for one in [*stated, *_all(resource, "alternateidentifiers", "alternateidentifier")]:
        text = " ".join(one.words().split())
        kind = one.get("identifiertype", "alternateidentifiertype").lower()
        if not text or text == key or kind == "oai" or text.startswith("(:"):
            continue
        found = target(text, kind)
        if found is not None and found.startswith("https://doi.org/"):
            mapper.build.add("identifier", found, one.place)
            pages.append((found, one.place))
        elif found is not None and found.startswith("http"):
            pages.append((found, one.place))
        elif found is not None:
            mapper.build.add("identifier", found, one.place)
        else:
            mapper.string("identifier", text, one.place)
    mapper.page([pair for pair in pages if not pair[0].startswith("https://doi.org/")] or pages[:1])


def _titles(resource: Node, mapper: Mapper) -> None:
    """A title without a type is the name, so is a translated one in its language; others are alternative."""
    found: list[tuple[str, Text]] = []
    for one in _all(resource, "titles", "title"):
        if text := one.words():
            found.append((clean.fold(one.get("titletype")), (text, mapper.tag(one), one.place)))
    mapper.titles(text for kind, text in found if kind == "")
    mapper.titles(text for kind, text in found if kind == "translatedtitle")
    for kind, (text, language, place) in found:
        if kind not in ("", "translatedtitle"):
            if mapper.build.objects("name"):
                mapper.text("alternateName", text, language, place)
            else:
                mapper.titles([(text, language, place)])


def _types(resource: Node, mapper: Mapper) -> str | None:
    """learningResourceType by the words before the general type; gives the place that says it is an event."""
    notations: list[tuple[str, str]] = []
    event: str | None = None
    for one in resource.all("resourcetype"):
        general = one.get("resourcetypegeneral")
        words = [word.strip() for word in re.split(r"[/;|]", one.words()) if word.strip()]
        words = [one.words(), *(words if len(words) > 1 else []), general]
        meant = terms().get(("resourceTypeGeneral", clean.fold(general)), "")
        if meant == "event" or "event" in map(clean.fold, words):
            event = one.place
            continue
        if meant and meant != "-":
            words.append(meant)
        if notation := mapper.concept("resource-type", "learningResourceType", words, one.place, "type"):
            notations.append((notation, one.place))
    mapper.types(notations, event)
    return event


def _agents(resource: Node, mapper: Mapper) -> None:
    for one in _all(resource, "creators", "creator"):
        _agent(one, "creatorname", "author", mapper)
    for one in _all(resource, "contributors", "contributor"):
        kind = one.get("contributortype")
        predicate = terms().get(("contributorType", clean.fold(kind)), "contributor")
        if predicate == "-":
            one.skip()  # whom to write to is no statement on the resource, and personal
        else:
            _agent(one, "contributorname", predicate, mapper)
    for one in resource.all("publisher"):
        mapper.agent(one.words(), "publisher", one.place, "Organization", [_identifier(one, "publisher")])
    for one in _all(resource, "fundingreferences", "fundingreference"):
        ids = [_identifier(part, "funder") or part.words() for part in one.all("funderidentifier")]
        for name in one.all("fundername"):
            mapper.agent(name.words(), "funder", name.place, "Organization", ids)
        one.skip("funderidentifier", "awardnumber", "awardtitle")


def _identifier(node: Node, role: str) -> str:
    """The identifier that an element's attributes or text give, as an address where its scheme is known."""
    text = node.get(f"{role}identifier") or (node.words() if role in ("name", "funder") else "")
    scheme = clean.fold(node.get(f"{role}identifierscheme", f"{role}identifiertype"))
    bare = re.sub(r"^https?://(?:www\.)?[^/]+/(?:.*/)?", "", text.strip().rstrip("/"))
    return _SCHEMES[scheme] + bare.replace(" ", "") if scheme in _SCHEMES and bare else text


def _agent(one: Node, name: str, predicate: str, mapper: Mapper) -> None:
    given, family = one.word("givenname"), one.word("familyname")
    named = one.first(name)
    text = named.words() if named is not None else ""
    text, place = text or " ".join(filter(None, (given, family))), named.place if named else one.place
    kind = {"personal": "Person", "organizational": "Organization"}.get(
        (named.get("nametype") if named else "").lower(), ""
    )
    if not kind and given and family:
        kind = "Person"
    identifiers = [_identifier(part, "name") for part in one.all("nameidentifier")]
    places = [(part.words(), _identifier(part, "affiliation"), part.place) for part in one.all("affiliation")]
    mapper.agent(text, predicate, place, kind, identifiers, [pair for pair in places if pair[0]])


def _span(text: str) -> list[Literal] | None:
    """The one or two dates of an RKMS-ISO8601 date or range; None for what is neither. An end may be open."""
    whole = clean.date(text)
    if whole is not None:
        return [whole]
    years = _RANGE.fullmatch(text.strip())
    parts = list(years.groups()) if years else text.split("/")
    found = [clean.date(part) for part in parts if part.strip()]
    return [one for one in found if one] if found and None not in found and len(parts) == 2 else None


def _dates(resource: Node, mapper: Mapper, event: str | None) -> None:
    """By dateType; of an event the first range or day that says when it takes place."""
    by_kind: dict[str, list[tuple[Literal, str]]] = {}
    ends: dict[str, tuple[Literal, str]] = {}
    for one in _all(resource, "dates", "date"):
        kind, text = clean.fold(one.get("datetype")), one.words()
        if not text or mapper.context.values.is_ignored("date", text) or text.startswith("(:"):
            continue
        span = _span(text)
        if span is None:
            mapper.issue("xml-date", one.place, text)
            continue
        by_kind.setdefault(kind, []).append((span[0], one.place))
        if len(span) == 2:
            ends.setdefault(kind, (span[1], one.place))
    year = [(stamp, one.place) for one in resource.all("publicationyear")
            if not one.words().startswith("(:") and (stamp := mapper.date(one.words(), one.place))]  # fmt: skip
    if event is not None:
        kind = next((kind for kind in _EVENT_DATES if kind in ends), "") or next(
            (kind for kind in _EVENT_DATES if kind in by_kind), ""
        )
        days = [pair for pair in by_kind.pop(kind, []) if pair[0].value.count("-") >= 2]
        if days:
            mapper.build.add("startDate", *days[0])
            if kind in ends and ends[kind][0].datatype == days[0][0].datatype:
                mapper.build.add("endDate", *ends[kind])
    published = next((by_kind[kind] for kind in ("issued", "available") if kind in by_kind), year)
    mapper.dates("datePublished", published)
    mapper.dates("dateCreated", by_kind.get("created", []))
    mapper.dates("dateModified", by_kind.get("updated", []), last=True)
    if "withdrawn" in by_kind:
        archived = mapper.context.values.concept("work-status", "archived")
        if archived is not None:
            mapper.build.add("creativeWorkStatus", archived, by_kind["withdrawn"][0][1])


def _descriptions(resource: Node, mapper: Mapper) -> None:
    """The abstract first; other texts, contents and methods only where there is none, or as summaries."""
    first: list[Text] = []
    further: list[Text] = []
    for one in _all(resource, "descriptions", "description"):
        kind, text = clean.fold(one.get("descriptiontype")), one.words()
        if not text or kind == "seriesinformation":
            continue  # the name of a series, not a word on the resource
        (first if kind in ("abstract", "") else further).append((text, mapper.tag(one), one.place))
    mapper.descriptions(first, further)


def _subjects(resource: Node, mapper: Mapper) -> None:
    for one in _all(resource, "subjects", "subject"):
        text, scheme, code = one.words(), one.get("subjectscheme"), one.get("classificationcode")
        words = [one.get("valueuri"), text, f"{scheme} {code or text}" if scheme else ""]
        # A bare code of a classification ("620" of the DDC) is no keyword.
        keyword = "" if re.fullmatch(r"[\d.,:/\-\s]+", text) else text
        mapper.subject(words, mapper.tag(one), one.place, keyword)


def _files(resource: Node, mapper: Mapper) -> None:
    """Formats, with the size in bytes where one format has one; pages and numbers of files are not read."""
    formats = list(_all(resource, "formats", "format"))
    sizes = [one.words() for one in _all(resource, "sizes", "size")]
    in_bytes = [" ".join(size.split()) for size in sizes if _BYTES.fullmatch(size.strip())]
    media = [(kind, one.place) for one in formats if (text := one.words())
             and (kind := mapper.media_type(text, one.place, "format"))]  # fmt: skip
    for kind, place in media:
        mapper.encoding(place, kind, size=in_bytes[0] if len(media) == len(in_bytes) == 1 else "")


def _rights(resource: Node, mapper: Mapper) -> None:
    for one in _all(resource, "rightslist", "rights"):
        if one.get("rightsuri").startswith("info:eu-repo/date/embargoEnd"):
            one.skip()
            continue
        mapper.rights([one.get("rightsuri"), one.get("rightsidentifier"), one.words()], one.place)


def _relations(resource: Node, mapper: Mapper) -> None:
    """relatedIdentifier and relatedItem, by relationType."""
    for one in _all(resource, "relatedidentifiers", "relatedidentifier"):
        if text := " ".join(one.words().split()):
            _relation(one, [text], one.get("relatedidentifiertype"), text, mapper)
    for one in _all(resource, "relateditems", "relateditem"):
        identifiers = one.all("relateditemidentifier")
        words = [text for part in identifiers if (text := part.words())]
        kind = identifiers[0].get("relateditemidentifiertype") if identifiers else ""
        title = next((text for part in _all(one, "titles", "title") if (text := part.words())), "")
        one.skip()
        _relation(one, words, kind, title, mapper)


def _relation(one: Node, words: list[str], kind: str, text: str, mapper: Mapper) -> None:
    stated = one.get("relationtype")
    meant = terms().get(("relationType", clean.fold(stated)), "")
    if stated and not meant:
        mapper.issue("datacite-relation", one.place, stated)
    prefix, colon, local = (meant or "dcterms:relation").partition(":")
    mapper.relation(iris.PREFIXES[prefix] + local if colon else prefix, words, one.place, text, kind.lower())
