"""RSS, Atom and JSON Feed entries → the profile.

The place of a value is the element as the academy wrote it: item/pubDate, entry/published, or a JSON pointer
within the item. The date of an entry is when it was published, never when an event takes place.
Sources: RSS 2.0; RSS 1.0 modules dc, event; Media RSS; RFC 4287; JSON Feed 1.1; docs/profile.md, RSS and Atom.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from registry.crosswalk import clean
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.record_node import describe
from registry.crosswalk.values import types_for
from registry.iris import SCHEMA
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

PROFILES = {
    "rss": "https://www.rssboard.org/rss-specification",
    "atom": "https://www.rfc-editor.org/info/rfc4287",
    "json": "https://www.jsonfeed.org/version/1.1/",
}
MAX_DESCRIPTION = 20_000
# field: its place in RSS, Atom and JSON Feed
_PLACES = {
    "title": ("item/title", "entry/title", "/title"), "url": ("item/link", "entry/link", "/url"),
    "id": ("item/guid", "entry/id", "/id"), "summary": ("item/description", "entry/summary", "/summary"),
    "content": ("item/content:encoded", "entry/content", "/content_html"),
    "published": ("item/pubDate", "entry/published", "/date_published"),
    "updated": ("item/dc:date", "entry/updated", "/date_modified"),
    "created": ("item/dcterms:created", "entry/dcterms:created", ""),
    "authors": ("item/dc:creator", "entry/author", "/authors"),
    "contributors": ("item/dc:contributor", "entry/contributor", ""),
    "publisher": ("item/dc:publisher", "entry/dc:publisher", ""), "tags": ("item/category", "entry/category", "/tags"),
    "files": ("item/enclosure", "entry/link[@rel='enclosure']", "/attachments"),
    "image": ("item/media:thumbnail", "entry/media:thumbnail", "/image"),
    "language": ("item/dc:language", "entry/@xml:lang", "/language"),
    "hreflang": ("item/atom:link/@hreflang", "entry/link/@hreflang", ""),
    "licence": ("item/creativeCommons:license", "entry/link[@rel='license']", ""),
    "rights": ("item/dc:rights", "entry/rights", ""), "source": ("item/source", "entry/source", ""),
    "dc_type": ("item/dc:type", "entry/dc:type", ""), "identifiers": ("item/dc:identifier", "entry/dc:identifier", ""),
    "event": ("item/ev:startdate", "entry/ev:startdate", ""), "via": ("item/link", "entry/link[@rel='via']", ""),
    "related": ("item/link", "entry/link[@rel='related']", "/external_url"),
    "itunes_duration": ("item/itunes:duration", "entry/itunes:duration", ""),
}  # fmt: skip
_CHANNEL = {"rss": "channel", "atom": "feed", "json": ""}
_KINDS = {"rss": 0, "atom": 1, "json": 2}
# What blog programs write under every entry.
_BOILERPLATE = re.compile(
    r"\n?(?:The post .{1,300} (?:appeared first on|first appeared on) .{1,200}"
    r"|L[’']article .{1,300} est apparu en premier sur .{1,200}|La entrada .{1,300} (?:se publicó primero en|"
    r"apareció primero en|aparece primero en) .{1,200}|Der Beitrag .{1,300} erschien zuerst auf .{1,200})\Z"
)
_FILLERS = frozenset({"uncategorized", "uncategorised", "non classe", "sin categoria", "allgemein", "sem categoria"})
_MORE = re.compile(
    r"\s*(?:\[?(?:…|\.\.\.|&hellip;)\]?|Read more.*|Lire la suite.*|Leer más.*|Continue reading.*)\s*\Z"
)
# What Drupal writes before the text of an item: its title again, an account, a date.
_FIELDS = re.compile(
    r'<span class="field field--name-(?:title|uid|created)\b[^<>]{0,300}>'
    r"(?:[^<]|<span\b[^<>]{0,300}>[^<]{0,300}</span>|<(?!/?span\b)[^<>]{0,300}>){0,2000}+</span>\s?"
)
_MEDIA = {"audio": "podcast", "video": "video"}


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one entry. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    try:
        data = json.loads(record.payload)
    except (ValueError, RecursionError):
        data = None
    entry = data.get("entry") if isinstance(data, dict) else None
    if not isinstance(entry, dict) or str(data.get("kind")) not in _KINDS:
        build.issue("rss-unreadable", "item")
        return build.mapped()
    one = _Entry(build, context, entry, data["kind"])
    one.write()
    origins = [(address, one.place("source"))] if (address := clean.url(one.text("source"))) else []
    describe(build, record, context, PROFILES[data["kind"]], origins)
    return build.mapped()


class _Entry:
    """One entry while it is mapped."""

    def __init__(self, build: Builder, context: MapContext, entry: Mapping[str, Any], kind: str) -> None:
        self.build, self.context, self.entry, self.kind = build, context, entry, kind
        self.words = Words(build, context, "rss-email")
        channel = entry.get("channel")
        self.channel: Mapping[str, Any] = channel if isinstance(channel, dict) else {}
        self.language, self.language_place = self._language()

    def place(self, field: str) -> str:
        """Where a field stands in this kind of feed."""
        return _PLACES[field][_KINDS[self.kind]]

    def channel_place(self, field: str) -> str:
        """Where it stands for the whole feed."""
        return f"{_CHANNEL[self.kind]}/{field}"

    def text(self, field: str) -> str:
        """A text field, "" without one."""
        value = self.entry.get(field)
        return value if isinstance(value, str) else ""

    def several(self, field: str) -> list[Any]:
        """A list field."""
        value = self.entry.get(field)
        return value if isinstance(value, list) else []

    def write(self) -> None:
        """Everything that the entry says."""
        self.words.entry()
        self._texts()
        self._addresses()
        self._people()
        self._tags()
        self._files()
        event = self._event()
        self._types(event)
        self._dates()
        self._rights()
        page = self._tag(self.text("hreflang"), self.place("hreflang"))  # the language of the page itself
        if page is not None:
            self.build.string("inLanguage", page, self.place("hreflang"))
        elif self.language_place:
            self.build.string("inLanguage", self.language, self.language_place)

    def _language(self) -> tuple[str, str]:
        """(language of the texts, where it stands): the entry's, its channel's, else our entry's, placeless."""
        for said, place in (
            (self.text("language"), self.place("language")),
            (str(self.channel.get("language", "")), self.channel_place("language")),
        ):
            tag = self._tag(said, place)
            if tag is not None:
                return tag, place
        return self.context.feed.language or "und", ""

    def _tag(self, said: str, place: str) -> str | None:
        if not said or self.context.values.is_ignored("languages", said):
            return None
        tag = self.context.values.language(said)
        if tag is None:
            self.build.issue("rss-language", place, said)
        return tag

    def _said(self, value: Any, place: str) -> tuple[str, str]:
        """(plain text, language) of a text that may state its own language."""
        if not isinstance(value, dict):
            return "", self.language
        text = _BOILERPLATE.sub("", self.words.plain(_FIELDS.sub("", str(value.get("text", ""))), place)).strip()
        stated = str(value.get("language", ""))
        return text, (self.context.values.language(stated) if stated else None) or self.language

    def _texts(self) -> None:
        build, values = self.build, self.context.values
        text, language = self._said(self.entry.get("title"), self.place("title"))
        text = " ".join(text.split())
        if text and not values.is_ignored("title", text):
            build.text("name", text, language, self.place("title"))
        elif text:
            build.issue("rss-empty-word", self.place("title"), text)
        summary, language = self._said(self.entry.get("summary"), self.place("summary"))
        contents = [self._said(one, self.place("content")) for one in self.several("content")]
        content, other = max(contents, key=lambda pair: len(pair[0]), default=("", language))
        start = " ".join(_MORE.sub("", summary).split())
        if content and summary and not " ".join(content.split()).startswith(start):
            build.text("abstract", summary[:MAX_DESCRIPTION], language, self.place("summary"))
        whole, tag, field = (content, other, "content") if content else (summary, language, "summary")
        if whole and not values.is_ignored("description", whole):
            build.text("description", whole[:MAX_DESCRIPTION], tag, self.place(field))

    def _addresses(self) -> None:
        """The page; a DOI identifies; what the entry points to beside its page is related."""
        build = self.build
        for field in ("url", "id"):
            said = self.text(field)
            if build.objects("url") or not said or (field == "id" and self.entry.get("own_id") and self.kind == "rss"):
                continue
            address = clean.url(said)
            if address is not None:
                build.add("url", Iri(address), self.place(field))
            elif field == "url":
                build.issue("rss-address", self.place(field), said)
        for field, said in [(name, self.text(name)) for name in ("id", "url")] + [
            ("identifiers", str(one)) for one in self.several("identifiers")
        ]:
            doi = clean.doi(said)
            if doi is not None:
                build.add("identifier", Iri(doi), self.place(field))
            elif field == "identifiers" and clean.url(said) is None:
                build.string("identifier", clean.line(said)[:300], self.place(field))
        for field in ("related", "via"):
            address = clean.url(self.text(field))
            if address and Iri(address) not in build.objects("url"):
                build.add("http://purl.org/dc/terms/relation", Iri(address), self.place(field))
        image = clean.url(self.text("image"))
        if image:
            build.add("image", Iri(image), self.place("image"))

    def _people(self) -> None:
        for field, predicate in (("authors", "author"), ("contributors", "contributor"), ("publisher", "publisher")):
            names = self.several(field) or ([self.text(field)] if self.text(field) else [])
            for name in names:
                node = self.words.agent(str(name), self.place(field), False if field == "publisher" else None)
                if node is not None:
                    self.build.add(predicate, node, self.place(field))
        stated = self.channel.get("authors")
        if not self.build.objects("author") and isinstance(stated, list):
            for name in stated:
                node = self.words.agent(str(name), self.channel_place("authors"))
                if node is not None:
                    self.build.add("author", node, self.channel_place("authors"))

    def _tags(self) -> None:
        for tag in self.several("tags"):
            word = clean.line(str(tag))
            if clean.fold(word) not in _FILLERS:
                self.words.sort(word, self.language, self.place("tags"))
        kind = clean.line(self.text("dc_type"))
        if kind and not self.words.sort(kind, self.language, self.place("dc_type"), keyword=False):
            self.build.string("learningResourceType", kind, self.place("dc_type"))
            self.build.issue("rss-type", self.place("dc_type"), kind)

    def _files(self) -> None:
        """Files; how long an audio or video lasts belongs to the file, not to the time that learning takes."""
        files = [one for one in self.several("files") if isinstance(one, dict)]
        for number, one in enumerate(files):
            place = self.place("files")
            said = [str(one.get(name, "")) for name in ("url", "type", "size")]
            node = self.words.encoding(
                said[0], said[1], place, said[2], self.words.line(str(one.get("title", "")), place)
            )
            if node is None:
                self.build.issue("rss-address", place, said[0])
                continue
            length = str(one.get("seconds", "")) or (self.text("itunes_duration") if number == 0 else "")
            lasting = _lasting(length)
            if lasting is not None:
                at = place if one.get("seconds") else self.place("itunes_duration")
                self.build.add("duration", Literal(lasting, XSD + "duration"), at, node)

    def _event(self) -> bool:
        """Dates of an event module make an event of the entry."""
        event = self.entry.get("event")
        if not isinstance(event, dict):
            return False
        base = self.place("event").rpartition("/")[0]
        found = {}
        for part in ("start", "end"):
            said = str(event.get(part, ""))
            stamp = clean.date(said) if said else None
            if said and (stamp is None or stamp.datatype not in (XSD + "date", XSD + "dateTime")):
                self.build.issue("rss-date", f"{base}/ev:{part}date", said)
            elif stamp is not None:
                found[part] = stamp
        if "start" not in found:
            return False
        start, end = found["start"], found.get("end")
        if end is not None and end.datatype != start.datatype:
            start, end = (Literal(one.value[:10], XSD + "date") for one in (start, end))
        self.build.add("startDate", start, f"{base}/ev:startdate")
        if end is not None and end.value[:10] >= start.value[:10]:
            self.build.add("endDate", end, f"{base}/ev:enddate")
        where = self.words.line(str(event.get("location", "")), f"{base}/ev:location")
        online = self.context.iris.concept("modality", "online")
        if where and self.context.values.concept("modality", where) == online:
            mode = Iri(SCHEMA + "OnlineEventAttendanceMode")
            self.build.add("eventAttendanceMode", mode, f"{base}/ev:location")
        elif where:
            node = self.build.child("place", 1)
            self.build.add("location", node, f"{base}/ev:location")
            self.build.type(SCHEMA + "Place", f"{base}/ev:location", node)
            self.build.string("name", where[:300], f"{base}/ev:location", node)
        organiser = self.words.agent(str(event.get("organizer", "")), f"{base}/ev:organizer")
        if organiser is not None:
            self.build.add("organizer", organiser, f"{base}/ev:organizer")
        if event.get("type"):
            self.words.sort(clean.line(str(event["type"])), self.language, f"{base}/ev:type")
        return True

    def _types(self, event: bool) -> None:
        build = self.build
        stated = [one for one in build.objects("learningResourceType") if isinstance(one, Iri)]
        media = [str(one.get("type", "")).partition("/")[0] for one in self.several("files") if isinstance(one, dict)]
        media += ["video"] if self.text("id").startswith("yt:video:") else []
        if not stated and not event:
            for kind in dict.fromkeys(_MEDIA[one] for one in media if one in _MEDIA):
                concept = self.context.iris.concept("resource-type", kind)
                build.add("learningResourceType", concept, self.place("files" if self.several("files") else "id"))
                stated.append(concept)
        if event:
            build.type(SCHEMA + "EducationEvent", self.place("event"))
            return
        for notation in [one.rpartition("/")[2] for one in stated] or [""]:
            for kind in types_for(notation):
                build.type(kind, self.place("files") if notation in _MEDIA.values() else "")

    def _dates(self) -> None:
        for field, predicate in (
            ("published", "datePublished"),
            ("updated", "dateModified"),
            ("created", "dateCreated"),
        ):
            said = self.text(field)
            stamp = clean.date(said) if said else None
            if said and stamp is None:
                self.build.issue("rss-date", self.place(field), said)
            elif stamp is not None:
                self.build.add(predicate, stamp, self.place(field))

    def _rights(self) -> None:
        """The licence of the entry, else of its channel, else of the feed's entry here."""
        values, build = self.context.values, self.build
        for source, place in ((self.entry, self.place), (self.channel, self.channel_place)):
            for field in ("licence", "rights"):
                said = clean.line(str(source.get(field, "")))
                if not said or build.objects("license"):
                    continue
                addresses = re.findall(r"https?://[^\s<>\"'()]{3,300}", said)
                found = next(filter(None, map(values.licence, [*addresses, said])), None)
                if found is not None:
                    build.add("license", found, place(field))
                elif field == "licence" or re.search(r"licen[cs]|creative commons|\bcc[ -]by", said, re.IGNORECASE):
                    build.issue("rss-license", place(field), said)
                    build.string("license", said[:300], place(field))
        self.words.feed_licence()


def _lasting(said: str) -> str | None:
    """A length as xsd:duration: seconds, MM:SS, HH:MM:SS."""
    said = said.strip()
    if re.fullmatch(r"[1-9]\d{0,5}", said, re.ASCII):
        return clean.duration(f"{said} s")
    if re.fullmatch(r"\d{1,3}:[0-5]\d", said, re.ASCII):
        said = f"0:{said}" if int(said.partition(":")[0]) < 60 else said
    return clean.duration(said) if ":" in said else None
