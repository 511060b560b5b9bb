"""Simple Dublin Core as OAI-PMH carries it (oai_dc) → the profile.

Each of the fifteen elements may be absent, repeated and in any order, and says little about what it holds;
a value is mapped, ignored by name or an issue. Sources: DCMES 1.1; OAI-PMH 2.0 §2.5; docs/profile.md,
crosswalk of oai_dc.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from registry import iris
from registry.crosswalk import clean, oai_dc_habits, oai_record, record_node
from registry.crosswalk import oai_dc_record as reading
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.oai_dc_record import Elements, Value
from registry.crosswalk.values import types_for
from registry.crosswalk.when import date
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal, is_iri

MAX_NAME = 1000
FORMAT_IRI = "http://www.openarchives.org/OAI/2.0/oai_dc/"
ORGANISATION = re.compile(
    r"\b(universit\w*|institut\w*|instituto|office|bureau|agency|agence|agencia|ministr\w+|ministerio|department|"
    r"d[ée]partement|departamento|statisti\w+|estad[ií]stic\w+|commission|comisi[óo]n|committee|comit[ée]|division|"
    r"united nations|nations unies|naciones unidas|bank|banque|banco|eurostat|school|[ée]cole|escuela|academ\w+|"
    r"acad[ée]mi\w+|centre|center|centro|network|r[ée]seau|association|asociaci[óo]n|foundation|fondation|"
    r"group|groupe|grupo|team|[ée]quipe|equipo|society|service|servicio|council|conseil|consejo|ltd|inc|gmbh|"
    r"unit[ée]?s?|unidad|section|secci[óo]n|branch|consortium|amt|"
    r"organi[sz]ation|organisation|organizaci[óo]n|unece|oecd|ocde|insee|istat|directorate)\b",
    re.IGNORECASE,
)
_ORCID = re.compile(
    r"[\s(\[;,]*(?:orcid(?:\s*id)?\s*:?\s*)?(?:https?://)?(?:www\.)?(?:orcid\.org/)?"
    r"((?:\d{4}-){3}\d{3}[\dXx])[\s)\]]*",
    re.IGNORECASE,
)
_ROR = re.compile(r"[\s(\[;,]*(https?://ror\.org/0[a-z0-9]{8})[\s)\]]*", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"'()]+")
MEDIA_TYPE = re.compile(r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+_-]+")
MEDIA_NAMES = {
    "pdf": "application/pdf", "html": "text/html", "htm": "text/html", "epub": "application/epub+zip",
    "mp4": "video/mp4", "mp3": "audio/mpeg", "zip": "application/zip", "csv": "text/csv", "txt": "text/plain",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
_ISCED = re.compile(r"https?://data\.europa\.eu/snb/isced-f/\d{2,4}")
_TYPE_STEM = re.compile(r"^(?:info:eu-repo/semantics/|https?://purl\.org/dc/dcmitype/|doc-type:|dcmitype:)", re.I)
_EVENT = re.compile(r"(?:^|[^a-z])events?(?:$|[^a-z])|^(?:é|e)v[eé]nement$|^evento$", re.IGNORECASE)
_EMBARGO = "info:eu-repo/date/embargoEnd/"
_DATES = frozenset([XSD + "date", XSD + "dateTime"])


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one record of oai_dc. A record that is not one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    root = oai_record.parse(record.payload)
    if root is None:
        build.issue("dc-unreadable", "/record")
        return build.mapped()
    container = reading.container(root)
    if container is None:
        metadata = oai_record.child(root, "metadata")
        inner = "" if metadata is None or not len(metadata) else str(metadata[0].tag)
        build.issue("dc-not-dc", "/record/metadata", inner)
        return build.mapped()
    values = reading.elements(container, build)
    language = _languages(values, build, context)
    _titles(values, build, context, language)
    _descriptions(values, build, context, language)
    is_event = _types(values, build, context)
    _dates(values, build, is_event)
    _agents(values, build, context)
    _subjects(values, build, context, language)
    _identifiers(values, build, record.key)
    _formats(values, build)
    _relations(values, build)
    _rights(values, build, context)
    for value in values.get("coverage", ()):
        build.text("spatialCoverage", clean.text(value.text), value.language or language, value.place)
    build.add("provider", context.iris.academy(context.academy.id), "")
    record_node.describe(build, record, context, FORMAT_IRI, oai_record.origins_of(root, build))
    return build.mapped()


def _languages(values: Elements, build: Builder, context: MapContext) -> str:
    """inLanguage; returns the language that texts without xml:lang are in ("und" when nothing tells)."""
    known = []
    for value in values.get("language", ()):
        for word in clean.split_list(value.text, comma=True):
            if context.values.is_ignored("languages", word):
                continue
            tag = context.values.language(word)
            if tag is None:
                build.issue("dc-language", value.place, word)
                continue
            known.append(tag)
            build.string("inLanguage", tag, value.place)
    for several in values.values():
        for at, value in enumerate(several):
            if value.language:
                tag = context.values.language(value.language)
                if tag is None and not context.values.is_ignored("languages", value.language):
                    build.issue("dc-xml-lang", f"{value.place}/@xml:lang", value.language)
                several[at] = Value(value.text, tag or "", value.place)
    if len(set(known)) == 1:
        return known[0]
    return "und" if known else context.feed.language or "und"


def _plain(value: Value, build: Builder, tidy: Callable[[str], str]) -> str:
    """A text without HTML; that there was some (escaped once more, too) is told once a record."""
    if "<" in value.text or "&lt;" in value.text:
        markup = clean.looks_html(value.text.replace("&lt;", "<").replace("&gt;", ">"))
        if markup and not any(issue.code == "dc-html" for issue in build.mapped().issues):
            build.issue("dc-html", value.place, value.text)
    return tidy(value.text)


def _titles(values: Elements, build: Builder, context: MapContext, language: str) -> None:
    seen: set[str] = set()
    for value in values.get("title", ()):
        text = oai_dc_habits.title(_plain(value, build, clean.line))
        if context.values.is_ignored("title", text):
            build.issue("dc-empty-word", value.place, value.text)
            continue
        tag = (value.language or language).lower()
        build.text("alternateName" if tag in seen else "name", text, tag, value.place)
        seen.add(tag)


def _descriptions(values: Elements, build: Builder, context: MapContext, language: str) -> None:
    """By language the longest is the description, the others are abstracts."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for value in values.get("description", ()):
        if oai_dc_habits.is_provenance(value.text):
            continue  # who put the files there, and from which address, is not for the public
        text = _plain(value, build, clean.text)
        if context.values.is_ignored("description", text):
            build.issue("dc-empty-word", value.place, value.text)
        else:
            texts.setdefault((value.language or language).lower(), []).append((text, value.place))
    for tag, several in texts.items():
        longest = max(several, key=lambda pair: len(pair[0]))
        for pair in several:
            build.text("description" if pair is longest else "abstract", pair[0], tag, pair[1])


def _types(values: Elements, build: Builder, context: MapContext) -> bool:
    """learningResourceType and rdf:type; returns whether it is an event."""
    build.type(iris.DCAT + "Resource")
    types, is_event = values.get("type", ()), False
    notations: list[tuple[str, str]] = []
    for value in _split_types(types, context):
        word = _TYPE_STEM.sub("", value.text)
        event = _EVENT.search(word) is not None
        is_event |= event
        concept = context.values.concept("resource-type", value.text) or context.values.concept("resource-type", word)
        if concept is not None:
            build.add("learningResourceType", concept, value.place)
            notations.append((concept.rpartition("/")[2], value.place))
        elif not event and not context.values.is_ignored("type", word):
            # The literal stays; the shapes say that it is none of the list.
            build.string("learningResourceType", clean.line(value.text), value.place)
            build.issue("dc-type", value.place, value.text)
    if is_event:
        place = types[0].place if types else ""
        build.type(iris.SCHEMA + "EducationEvent", place)
        return True
    for notation, place in notations or [("", "")]:
        for kind in types_for(notation):
            build.type(kind, place)
    return False


def _split_types(types: Sequence[Value], context: MapContext) -> Iterator[Value]:
    """The types one by one: "Course; Video" names two, if all of its words are known."""
    for value in types:
        words = clean.split_list(value.text, comma=True)
        known = [context.values.concept("resource-type", word) for word in (value.text, *words)]
        if known[0] is None and len(words) > 1 and all(known[1:]):
            yield from (Value(word, value.language, value.place) for word in words)
        else:
            yield value


def _sort_key(stamp: Literal) -> str:
    return stamp.value


def _dates(values: Elements, build: Builder, is_event: bool) -> None:
    """Unordered dates: the first is when it was published (an event begins), the last when modified (ends)."""
    found: dict[Literal, str] = {}
    for value in values.get("date", ()):
        if value.text.startswith(_EMBARGO):
            continue  # when access opens (OpenAIRE guidelines); dc:rights says what it is until then
        text = oai_dc_habits.year(value.text)
        stamps = [date(part) for part in ([text] if date(text) else text.split("/"))]
        if None in stamps or len(stamps) > 2:
            build.issue("dc-date", value.place, value.text)
            continue
        for stamp in filter(None, stamps):  # two: an interval (ISO 8601)
            found.setdefault(stamp, value.place)
    if not found:
        return
    ordered = sorted(found, key=_sort_key)
    first, last = ordered[0], ordered[-1]
    names = ("datePublished", "dateModified")
    if is_event:
        # Beginning and end must be of one kind, and a day at least.
        kinds = [stamp for stamp in ordered if stamp.datatype == first.datatype]
        last = kinds[-1]
        if first.datatype in _DATES:
            names = ("startDate", "endDate")
            build.issue("dc-event-date", found[first], first.value)
    build.add(names[0], first, found[first])
    if last != first:
        build.add(names[1], last, found[last])
    for stamp in ordered[1:]:
        if stamp != last:
            build.issue("dc-date-between", found[stamp], stamp.value)


def _agents(values: Elements, build: Builder, context: MapContext) -> None:
    """Persons and organisations, each once however often it is named."""
    known: dict[str, Iri] = {}
    for element, predicate in (("creator", "author"), ("contributor", "contributor"), ("publisher", "publisher")):
        for value in values.get(element, ()):
            if len(value.text) > MAX_NAME:
                build.issue("dc-agent", value.place, value.text)
                continue
            for name in oai_dc_habits.names(value.text, ORGANISATION.search):
                _agent(name, predicate, value, known, build, context)


def _agent(
    written: str, predicate: str, value: Value, known: dict[str, Iri], build: Builder, context: MapContext
) -> None:
    orcid, ror = _ORCID.search(written), _ROR.search(written)
    person = clean.orcid(orcid.group(1)) if orcid else None
    text = _ROR.sub(" ", _ORCID.sub(" ", written) if person else written)
    name = clean.line(text).strip(" ,;:()[]<>")
    if not name or clean.url(name):
        build.issue("dc-agent", value.place, value.text)
        return
    key = name.casefold()
    if record_node.is_academy(name, context):
        build.add(predicate, context.iris.academy(context.academy.id), value.place)
        return
    if key not in known:
        known[key] = node = build.child("agent", len(known) + 1)
        is_person = person is not None or (
            ror is None and predicate != "publisher" and ORGANISATION.search(name) is None and " " in name
        )
        build.type(iris.SCHEMA + ("Person" if is_person else "Organization"), value.place, node)
        build.string("name", name, value.place, node)
    if person is not None:
        build.add("identifier", Iri(person), value.place, known[key])
    if ror is not None:
        build.add("identifier", Iri(ror.group(1).lower().replace("http:", "https:")), value.place, known[key])
    build.add(predicate, known[key], value.place)


def _subjects(values: Elements, build: Builder, context: MapContext, language: str) -> None:
    for value in values.get("subject", ()):
        whole = context.values.subject(value.text)
        words = [value.text] if whole is not None else clean.split_list(value.text)
        for word in words:
            concept = whole or context.values.subject(word)
            if concept is not None:
                build.add("about", concept, value.place)
            elif _ISCED.fullmatch(word):
                build.add("about", Iri(word.replace("https:", "http:", 1)), value.place)
            elif clean.url(word):
                # Which subject the address means is not known here; the shapes say so.
                build.add("about", Iri(str(clean.url(word))), value.place)
            elif not context.values.is_ignored("keywords", word):
                build.text("keywords", _plain(Value(word, "", value.place), build, clean.line),
                           value.language or language, value.place)  # fmt: skip


def _identifiers(values: Elements, build: Builder, key: str) -> None:
    """The first web address is the page (one of the resource's own before a DOI's); the rest identify."""
    pages: list[tuple[str, str]] = []
    resolvers: list[tuple[str, str]] = []
    for value in values.get("identifier", ()):
        doi, address = clean.doi(value.text), clean.url(value.text)
        if doi is not None:
            build.add("identifier", Iri(doi), value.place)
            resolvers.append((doi, value.place))
        elif address is not None:
            pages.append((address, value.place))
        elif value.text != key:
            build.string("identifier", clean.line(value.text), value.place)
    relations = [(address, one.place) for one in values.get("relation", ()) if (address := clean.url(one.text))]
    landing = oai_dc_habits.landing_page([address for address, _ in pages], [address for address, _ in relations])
    ordered = [pair for pair in relations if pair[0] == landing][:1] + pages or resolvers[:1]
    for at, (address, place) in enumerate(ordered):
        build.add("url" if at == 0 else "identifier", Iri(address), place)


def _formats(values: Elements, build: Builder) -> None:
    number = 0
    for value in values.get("format", ()):
        name = MEDIA_TYPE.search(value.text.lower())
        media = name.group() if name else MEDIA_NAMES.get(value.text.lower().partition("(")[0].strip(" ."))
        if media is None:
            build.issue("dc-format", value.place, value.text)
            continue
        number += 1
        node = build.child("encoding", number)
        build.type(iris.SCHEMA + "MediaObject", value.place, node)
        build.string("encodingFormat", media, value.place, node)
        address = _ADDRESS.search(value.text)
        content = clean.url(address.group()) if address else None
        if content:
            build.add("contentUrl", Iri(content), value.place, node)
        build.add("encoding", node, value.place)


def _target(text: str) -> Iri | None:
    """A DOI, web address, or other identifier with a scheme that resolves or names ("urn:", "info:" …)."""
    found = clean.doi(text) or clean.url(text)
    if found is None and re.match(r"(?:urn|info|hdl|ark|oai|swh):\S+$", text) and is_iri(text):
        found = text
    return Iri(found) if found else None


def _relations(values: Elements, build: Builder) -> None:
    own = {str(one) for name in ("url", "identifier") for one in build.objects(name)}
    for value in values.get("source", ()):
        target, journal = _target(value.text), oai_dc_habits.journal(value.text)
        if journal is not None and target is None:
            build.add(
                "isPartOf", Iri(journal) if journal.startswith("urn:") else Literal(clean.line(journal)), value.place
            )
        elif target is not None and target in own:
            build.issue("dc-own-source", value.place, value.text)
        elif target is not None:
            build.add("isBasedOn", target, value.place)
        else:
            # A title or citation: it stays, and the shapes ask for an address.
            build.string("isBasedOn", clean.line(value.text), value.place)
    for value in values.get("relation", ()):
        target = _target(oai_dc_habits.address(value.text))
        if target is None:
            build.issue("dc-relation", value.place, value.text)
            build.string(iris.DCTERMS + "relation", clean.line(value.text), value.place)
        elif target not in own:
            build.add(iris.DCTERMS + "relation", target, value.place)


def _rights(values: Elements, build: Builder, context: MapContext) -> None:
    """Licences and terms of access; a statement that is neither is kept as text under access."""
    unread = False
    for value in values.get("rights", ()):
        text = clean.line(value.text)
        addresses = [address.rstrip(".,;") for address in _ADDRESS.findall(value.text)]
        licence = next(filter(None, map(context.values.licence, [*addresses, value.text, text])), None)
        if licence is not None:
            build.add("license", licence, value.place)
            continue
        word = _TYPE_STEM.sub("", text)
        access = context.values.concept("access", text) or context.values.concept("access", word)
        if access is not None:
            build.add("conditionsOfAccess", access, value.place)
        elif context.values.is_ignored("license", text):
            continue
        elif addresses or re.search(r"licen[cs]|creative commons|\bcc[ -]", text, re.IGNORECASE):
            unread = True
            build.string("license", text, value.place)
            build.issue("dc-license", value.place, value.text)
        else:
            build.string("conditionsOfAccess", text, value.place)
            build.issue("dc-rights", value.place, value.text)
    if context.feed.licence and not unread and not build.objects("license"):
        licence = context.values.licence(context.feed.licence)
        if licence is None:
            build.issue("dc-feed-licence", "licence", context.feed.licence)
        else:
            build.add("license", licence, "")
