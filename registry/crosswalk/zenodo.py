"""Records of Zenodo and InvenioRDM (JSON of their REST API, old and new shape) → the profile.

The resource is the work with all its versions, described by the newest one. Places are JSON pointers in the
record as the API gives it. Sources: developers.zenodo.org; InvenioRDM metadata reference
(inveniordm.docs.cern.ch); DataCite 4.7 for relations and roles; docs/profile.md, crosswalk of Zenodo.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from registry import iris
from registry.crosswalk import clean, json_node, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.datacite import terms
from registry.crosswalk.json_node import items
from registry.crosswalk.oai_dc import MEDIA_NAMES, MEDIA_TYPE
from registry.crosswalk.oai_identifiers import target
from registry.crosswalk.oai_values import Mapper, Text
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

FORMAT_IRI = "https://inveniordm.docs.cern.ch/reference/metadata/"
MAX_FILES = 100
MAX_ITEMS = 300
_SCHEMES = {"orcid": "https://orcid.org/", "ror": "https://ror.org/", "isni": "https://isni.org/isni/",
            "gnd": "https://d-nb.info/gnd/"}  # fmt: skip
_EVENT_DATES = ("valid", "coverage", "collected", "other", "available")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}.*")

Object = Mapping[str, Any]


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one work. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    payload = json_node.payload(record.payload) or {}
    data = payload.get("record")
    metadata = data.get("metadata") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(metadata, dict) or not metadata:
        build.issue("zenodo-unreadable", "/metadata")
        return build.mapped()
    mapper = Mapper(build, context)
    spoken = [(_word(one), place) for one, place in _each(metadata, "languages", "language")]
    mapper.default_language(mapper.languages([pair for pair in spoken if pair[0]]))
    build.add("provider", context.iris.academy(context.academy.id), "/metadata/publisher")
    _texts(mapper, metadata)
    _identifiers(mapper, data, metadata, items(payload.get("versions")))
    event = _event(mapper, metadata)
    _types(mapper, metadata, event)
    _agents(mapper, metadata)
    _subjects(mapper, metadata)
    _licences(mapper, metadata)
    is_open = _access(mapper, data, metadata)
    _dates(mapper, data, metadata)
    _relations(mapper, metadata)
    _files(mapper, data, is_open)
    if version := _word(metadata.get("version")):
        build.string("version", clean.line(version)[:200], "/metadata/version")
    repository = (
        _word(data.get("custom_fields", {}).get("code:codeRepository"))
        if isinstance(data.get("custom_fields"), dict)
        else ""
    )
    if address := clean.url(repository):
        build.add("codeRepository", Iri(address), "/custom_fields/code:codeRepository")
    for name, value in metadata.items():
        if name not in known() and value not in (None, "", [], {}):
            build.issue("zenodo-unknown", f"/metadata/{name}"[:300], _word(value)[:300], field=name[:100])
    mapper.feed_licence()
    record_node.describe(build, record, context, FORMAT_IRI)
    return build.mapped()


@cache
def known() -> frozenset[str]:
    """The fields of ``metadata`` that the table names."""
    lines = files(__package__).joinpath("tables", "zenodo.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return frozenset(name for row in rows for name in row["source"].split())


def _word(value: Any) -> str:
    """A value as one string: of an object its id, name or title; "" where it says nothing."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        for key in ("id", "name", "title", "en", "identifier"):
            inner = value.get(key)
            if isinstance(inner, dict):
                inner = inner.get("en") or next((one for one in inner.values() if isinstance(one, str)), "")
            if isinstance(inner, str) and inner.strip():
                return inner.strip()
    return ""


def _label(value: Any) -> str:
    """The title of a term of a vocabulary, which may stand by language."""
    title = value.get("title") if isinstance(value, dict) else value
    if isinstance(title, dict):
        title = title.get("en") or next((one for one in title.values() if isinstance(one, str)), "")
    return title.strip() if isinstance(title, str) else ""


def _each(node: Object, *keys: str) -> Iterator[tuple[Any, str]]:
    """(value, place) of the items of some fields."""
    for key in keys:
        value = node.get(key)
        for number, one in enumerate(items(value)[:MAX_ITEMS]):
            if one not in (None, "", [], {}):
                yield one, f"/metadata/{key}/{number}" if isinstance(value, list) else f"/metadata/{key}"


def _further(mapper: Mapper, metadata: Object, key: str, inner: str) -> Iterator[tuple[str, Text]]:
    """(type, (text, language, place)) of further titles or descriptions."""
    for one, place in _each(metadata, key):
        if isinstance(one, dict) and isinstance(one.get(inner), str):
            tag = mapper.context.values.language(_word(one.get("lang"))) if one.get("lang") else ""
            yield (
                clean.fold(_word(one.get("type"))).replace(" ", ""),
                (clean.text(one[inner]), tag or "", f"{place}/{inner}"),
            )


def _texts(mapper: Mapper, metadata: Object) -> None:
    """Titles and descriptions; HTML is what the API gives, so it is not told."""
    mapper.titles([(_word(metadata.get("title")), "", "/metadata/title")] if _word(metadata.get("title")) else [])
    for kind, (text, language, place) in _further(mapper, metadata, "additional_titles", "title"):
        if kind == "translatedtitle" and language:
            mapper.titles([(text, language, place)])
        else:
            mapper.text("alternateName", text, language, place)
    main = [(clean.text(text), "", place) for one, place in _each(metadata, "description") if (text := _word(one))]
    further = list(_further(mapper, metadata, "additional_descriptions", "description"))
    main += [text for kind, text in further if kind == "abstract"]
    late = [text for kind, text in further if kind not in ("abstract", "seriesinformation")]
    late += [
        (clean.text(text), "", place) for one, place in _each(metadata, "notes", "method") if (text := _word(one))
    ]
    mapper.descriptions(main, late)


def _identifiers(mapper: Mapper, data: Object, metadata: Object, versions: list[Any]) -> None:
    """The page, the DOIs of the work and of its newest version, and the other versions."""
    build, links = mapper.build, data.get("links") if isinstance(data.get("links"), dict) else {}
    pages = [(address, f"/links/{key}") for key in ("self_html", "html", "latest_html")
             if isinstance(links, dict) and (address := clean.url(_word(links.get(key))))]  # fmt: skip
    parent = data.get("parent") if isinstance(data.get("parent"), dict) else {}
    stated = [
        (_word(data.get("conceptdoi")), "/conceptdoi"), (_pid(parent), "/parent/pids/doi/identifier"),
        (_word(data.get("doi")), "/doi"), (_pid(data), "/pids/doi/identifier"),
        (_word(metadata.get("doi")), "/metadata/doi"),
    ]  # fmt: skip
    dois = [(doi, place) for text, place in stated if (doi := clean.doi(text))]
    if pages:
        build.add("url", Iri(pages[0][0]), pages[0][1])
    elif dois:
        build.add("url", Iri(dois[0][0]), dois[0][1])
    for doi, place in dois:
        build.add("identifier", Iri(doi), place)
    for one, place in _each(metadata, "identifiers", "alternate_identifiers"):
        text = _word(one.get("identifier")) if isinstance(one, dict) else _word(one)
        kind = _word(one.get("scheme")).lower() if isinstance(one, dict) else ""
        if text and (found := target(text, kind)) is not None:
            build.add("identifier", found, place)
        elif text:
            build.string("identifier", clean.drop_emails(clean.line(text))[0][:500], place)
    own = set(build.objects("identifier")) | set(build.objects("url"))
    for version in versions:
        if isinstance(version, dict):
            found_doi = clean.doi(_word(version.get("doi"))) or clean.url(_word(version.get("html")))
            if found_doi and Iri(found_doi) not in own:
                build.add(iris.DCAT + "hasVersion", Iri(found_doi), "/parent/id" if parent else "/conceptrecid")


def _pid(node: Any) -> str:
    pids = node.get("pids") if isinstance(node, dict) else None
    doi = pids.get("doi") if isinstance(pids, dict) else None
    return _word(doi.get("identifier")) if isinstance(doi, dict) else ""


def _kinds(metadata: Object) -> list[str]:
    """The words for what it is, the most exact first: "publication-report" is a report, else a publication."""
    stated = metadata.get("resource_type")
    if not isinstance(stated, dict):
        return [word for word in (_word(stated), _word(metadata.get("upload_type"))) if word]
    name = _word(stated.get("id"))
    head, _, tail = name.partition("-")
    words = [_label(stated), tail, name, _word(stated.get("subtype")), head, _word(stated.get("type"))]
    return list(dict.fromkeys(word for word in words if word))


def _event(mapper: Mapper, metadata: Object) -> tuple[Literal, Literal | None, str] | None:
    """(beginning, end, place) of what is called an event and says when it takes place."""
    if "event" not in {clean.fold(word) for word in _kinds(metadata)}:
        return None
    dated = [
        (clean.fold(_word(one.get("type"))), one, place)
        for one, place in _each(metadata, "dates")
        if isinstance(one, dict)
    ]
    for kind in _EVENT_DATES:
        for stated, one, place in dated:
            first, last = _span(one)
            start, end = clean.date(first), clean.date(last)
            if stated == kind and start and start.datatype in (XSD + "date", XSD + "dateTime"):
                return start, end if end and end.datatype == start.datatype else None, place
    return None


def _span(one: Object) -> tuple[str, str]:
    """The two ends of a date or interval, of either shape; a day alone is its own end."""
    first, _, last = _word(one.get("date")).partition("/")
    first, last = first or _word(one.get("start")), last or _word(one.get("end"))
    return first or last, last or first


def _types(mapper: Mapper, metadata: Object, event: tuple[Literal, Literal | None, str] | None) -> None:
    words = _kinds(metadata)
    place = "/metadata/resource_type" if metadata.get("resource_type") else "/metadata/upload_type"
    if event is not None:
        mapper.types([], event[2])
        mapper.build.add("startDate", event[0], event[2])
        if event[1] is not None:
            mapper.build.add("endDate", event[1], event[2])
        return
    meant = [terms().get(("resourceTypeGeneral", clean.fold(word)), "") for word in words]
    words += [word for word in meant if word and word not in ("-", "event")]
    notation = mapper.concept("resource-type", "learningResourceType", words, place, "type") if words else None
    mapper.types([(notation, place)] if notation else [])


def _agents(mapper: Mapper, metadata: Object) -> None:
    for one, place in _each(metadata, "creators"):
        _agent(mapper, one, place, "author")
    for one, place in _each(metadata, "contributors"):
        role = (_word(one.get("role")) or _word(one.get("type"))) if isinstance(one, dict) else ""
        predicate = terms().get(("contributorType", clean.fold(role).replace(" ", "")), "contributor")
        if predicate != "-":  # whom to write to is no statement on the resource, and personal
            _agent(mapper, one, place, predicate)
    if publisher := _word(metadata.get("publisher")):
        mapper.agent(publisher, "publisher", "/metadata/publisher", "Organization")
    for one, place in _each(metadata, "funding", "grants"):
        funder = one.get("funder") if isinstance(one, dict) else None
        if isinstance(funder, dict) and isinstance(funder.get("name"), str):
            ids = [_word(funder.get(key)) for key in ("id", "identifier", "doi")]
            mapper.agent(funder["name"], "funder", f"{place}/funder/name", "Organization", [i for i in ids if i])


def _agent(mapper: Mapper, one: Any, place: str, predicate: str) -> None:
    """A person or organisation: a name with affiliation and orcid, or ``person_or_org`` with affiliations."""
    if not isinstance(one, dict):
        mapper.agent(_word(one), predicate, place)
        return
    inner = one.get("person_or_org")
    agent: Object = inner if isinstance(inner, dict) else one
    where = f"{place}/person_or_org/name" if isinstance(inner, dict) else f"{place}/name"
    parts = [_word(agent.get(key)) for key in ("given_name", "family_name")]
    name = (agent["name"] if isinstance(agent.get("name"), str) else "") or " ".join(filter(None, parts))
    kind = {"personal": "Person", "organizational": "Organization", "organisational": "Organization"}.get(
        _word(agent.get("type")).lower() if isinstance(inner, dict) else "", "Person" if all(parts) else ""
    )
    ids = [
        _word(agent.get(key)) and _SCHEMES[key] + _tail(_word(agent[key])) for key in ("orcid", "gnd") if key in agent
    ]
    for stated in items(agent.get("identifiers")):
        if isinstance(stated, dict):
            scheme, text = _word(stated.get("scheme")).lower(), _word(stated.get("identifier"))
            ids.append(_SCHEMES[scheme] + _tail(text) if scheme in _SCHEMES and text else text)
    places: list[tuple[str, str, str]] = []
    for key in ("affiliations", "affiliation"):
        for number, other in enumerate(items(one.get(key))[:20]):
            at = f"{place}/{key}/{number}" if isinstance(one.get(key), list) else f"{place}/{key}"
            named = other.get("name") if isinstance(other, dict) else other
            if isinstance(named, str) and named.strip():
                places.append((named, _word(other.get("id")) if isinstance(other, dict) else "", at))
    mapper.agent(name, predicate, where, kind, [i for i in ids if i], places)


def _tail(text: str) -> str:
    """An identifier without the address before it."""
    return text.rstrip("/").rsplit("/", 1)[-1].replace(" ", "")


def _subjects(mapper: Mapper, metadata: Object) -> None:
    for one, place in _each(metadata, "subjects", "keywords"):
        if isinstance(one, dict):
            text = _word(one.get("subject")) or _word(one.get("term")) or _label(one)
            scheme = _word(one.get("scheme"))
            words = [_word(one.get("id")), _word(one.get("identifier")), text, f"{scheme} {text}" if scheme else ""]
            mapper.subject(words, "", place, text)
        elif text := _word(one):
            mapper.subject([text], "", place, text)


def _licences(mapper: Mapper, metadata: Object) -> None:
    values = mapper.context.values
    for one, place in _each(metadata, "rights", "license"):
        props = one.get("props") if isinstance(one, dict) else None
        words = [_word(one), _label(one)]
        if isinstance(one, dict):
            words += [_word(one.get(key)) for key in ("identifier", "link", "url")]
        if isinstance(props, dict):
            words.append(_word(props.get("url")))
        words = [word for word in words if word]
        licence = next(filter(None, map(values.licence, words)), None)
        if licence is not None:
            mapper.build.add("license", licence, place)
        elif words and not values.is_ignored("license", words[0]):
            mapper.build.string("license", clean.drop_emails(clean.line(words[0]))[0][:500], place)
            mapper.build.issue("zenodo-license", place, words[0])


def _access(mapper: Mapper, data: Object, metadata: Object) -> bool:
    """Who gets the files; returns whether everybody does."""
    build, access = mapper.build, data.get("access")
    if isinstance(access, dict):
        place, embargo = "/access", access.get("embargo")
        until = _word(embargo.get("until")) if isinstance(embargo, dict) else ""
        running = isinstance(embargo, dict) and embargo.get("active") is True
        status = _word(access.get("status")) or ("embargoed" if running else _word(access.get("files")))
    else:
        place, status, until = (
            "/metadata/access_right",
            _word(metadata.get("access_right")),
            _word(metadata.get("embargo_date")),
        )
    status = {"public": "open"}.get(status.lower(), status.lower())
    if status == "open":
        build.add("conditionsOfAccess", mapper.context.iris.concept("access", "open"), place)
        build.add("isAccessibleForFree", Literal("true", XSD + "boolean"), place)
        return True
    if status == "restricted":  # whoever wants the files asks their owner
        build.add("conditionsOfAccess", mapper.context.iris.concept("access", "nomination-required"), place)
    elif status:
        build.issue("zenodo-closed", place, status, until=until or "–")
    return not status


def _dates(mapper: Mapper, data: Object, metadata: Object) -> None:
    published = _word(metadata.get("publication_date")).partition("/")[0]
    if published and (stamp := mapper.date(published, "/metadata/publication_date")):
        mapper.build.add("datePublished", stamp, "/metadata/publication_date")
    changed: list[tuple[Literal, str]] = []
    for one, place in _each(metadata, "dates"):
        kind = clean.fold(_word(one.get("type"))) if isinstance(one, dict) else ""
        if kind in ("created", "updated", "issued"):
            found = mapper.date(_span(one)[0], place)
            if found is not None and kind == "updated":
                changed.append((found, place))
            elif found is not None and not mapper.build.objects(
                name := {"created": "dateCreated"}.get(kind, "datePublished")
            ):
                mapper.build.add(name, found, place)
    if changed:
        mapper.dates("dateModified", changed, last=True)
        return
    for key in ("updated", "modified"):
        stamp = clean.date(_word(data.get(key))) if _DAY.fullmatch(_word(data.get(key))) else None
        if stamp is not None:
            mapper.build.add("dateModified", Literal(stamp.value[:10], XSD + "date"), f"/{key}")
            return


def _relations(mapper: Mapper, metadata: Object) -> None:
    for one, place in _each(metadata, "related_identifiers"):
        if not isinstance(one, dict):
            continue
        stated = _word(one.get("relation_type")) or _word(one.get("relation"))
        meant = terms().get(("relationType", clean.fold(stated).replace(" ", "")), "")
        if stated and not meant:
            mapper.build.issue("zenodo-relation", place, stated)
        prefix, colon, local = (meant or "dcterms:relation").partition(":")
        text, kind = _word(one.get("identifier")), _word(one.get("scheme")).lower()
        if text:
            mapper.relation(iris.PREFIXES[prefix] + local if colon else prefix, [text], place, text, kind)


def _files(mapper: Mapper, data: Object, is_open: bool) -> None:
    """Files with type, size and, where everybody may have them, address."""
    for one in items(data.get("files"))[:MAX_FILES]:
        if not isinstance(one, dict):
            continue
        name, stated = _word(one.get("key")), _word(one.get("mimetype")).lower()
        media = stated if MEDIA_TYPE.fullmatch(stated) else MEDIA_NAMES.get(name.rpartition(".")[2].lower(), "")
        content = clean.url(_word(one.get("content"))) if is_open else None
        size = _word(one.get("size"))
        mapper.encoding("/files", media, content or "", size if size.isdecimal() and size != "0" else "")
