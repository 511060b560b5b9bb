"""Values of XML records to profile triples, as LOM, DataCite and MODS share it: texts, agents, rights, targets.

Each method takes what a crosswalk found and its place; a value that says nothing is ignored by name, one that
is not understood becomes an issue. Source: docs/profile.md, transforms T1 to T7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lxml import etree

from registry import iris
from registry.crosswalk import clean, oai_record, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.oai_dc import MEDIA_NAMES, MEDIA_TYPE, ORGANISATION
from registry.crosswalk.oai_identifiers import registry_iri, target
from registry.crosswalk.oai_tree import Node
from registry.crosswalk.values import types_for
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

MAX_NAME = 1000
_NO_LANGUAGE = frozenset({"none", "xx", "und", "mul", "zxx", "x-none", "unknown", "qaa", "mis"})
_ISCED = re.compile(r"https?://data\.europa\.eu/snb/isced-f/\d{2,4}")
_ADDRESS = re.compile(r"https?://[^\s<>\"'()]+")
_DATATYPE_ORDER = {XSD + "dateTime": 0, XSD + "date": 1, XSD + "gYearMonth": 2, XSD + "gYear": 3}
Text = tuple[str, str, str]  # text, language tag ("" for none), place


@dataclass(slots=True)
class Mapper:
    """Maps the values of one record; ``language`` is that of texts that state none."""

    build: Builder
    context: MapContext
    language: str = "und"
    _agents: dict[str, Iri] = field(default_factory=dict)
    _count: int = 0
    _media: int = 0
    _told: set[str] = field(default_factory=set)

    def issue(self, code: str, place: str, value: str = "", **params: str) -> None:
        """Something to mend; no e-mail address goes into it."""
        self.build.issue(code, place, clean.drop_emails(value)[0], **params)

    def string(self, predicate: str, value: str, place: str, subject: Iri | None = None) -> None:
        """A line without language, at most a thousand characters, no e-mail address in it."""
        self.build.string(predicate, clean.drop_emails(clean.line(value))[0][:MAX_NAME], place, subject)

    # -- texts and languages

    def tag(self, node: Node) -> str:
        """The BCP 47 tag that an element states for its text, "" for none; one that is not known is told."""
        stated = node.language
        if not stated or stated.lower() in _NO_LANGUAGE or stated.lower().startswith("x-"):
            return ""
        tag = self.context.values.language(stated)
        if tag is None and not self.context.values.is_ignored("languages", stated):
            self.issue("xml-lang", node.place, stated)
        return tag or ""

    def languages(self, found: Iterable[tuple[str, str]]) -> list[str]:
        """inLanguage from (word, place); gives the tags."""
        known: list[str] = []
        for text, place in found:
            for word in clean.split_list(text, comma=True):
                if word.lower() in _NO_LANGUAGE or self.context.values.is_ignored("languages", word):
                    continue
                tag = self.context.values.language(word)
                if tag is None:
                    self.issue("xml-language", place, word)
                elif tag not in known:
                    known.append(tag)
                    self.build.string("inLanguage", tag, place)
        return known

    def default_language(self, known: Sequence[str], stated: str = "") -> None:
        """Texts are in the language of the description if it says so, else of the only one of the resource."""
        tag = self.context.values.language(stated) if stated and stated.lower() not in _NO_LANGUAGE else None
        if tag is None and len(set(known)) == 1:
            tag = known[0]
        self.language = tag or ("und" if known else self.context.feed.language or "und")

    def plain(self, text: str, place: str, tidy: Callable[[str], str] = clean.line, field: str = "") -> str:
        """A cleaned text, "" for a filler (also "(:unav)" of DataCite); that there was HTML is told once a record."""
        if "<" in text or "&lt;" in text:
            markup = clean.looks_html(text.replace("&lt;", "<").replace("&gt;", ">"))
            if markup and "xml-html" not in self._told:
                self._told.add("xml-html")
                self.issue("xml-html", place, text)
        out, had_mail = clean.drop_emails(tidy(text))
        if had_mail and "xml-email" not in self._told:
            self._told.add("xml-email")
            self.issue("xml-email", place)
        return "" if out.startswith("(:") or self.context.values.is_ignored(field, out) else out

    def text(self, predicate: str, text: str, language: str, place: str, subject: Iri | None = None) -> None:
        """A line of text with its language."""
        self.build.text(predicate, self.plain(text, place), language or self.language, place, subject)

    def titles(self, found: Iterable[Text]) -> None:
        """The first of each language is the name, others are alternative."""
        for text, language, place in found:
            line, tag = self.plain(text, place, field="title"), (language or self.language).lower()
            if not line:
                self.issue("xml-empty-word", place, text)
                continue
            named = {one.language for one in self.build.objects("name") if isinstance(one, Literal)}
            self.build.text("alternateName" if tag in named else "name", line, tag, place)

    def descriptions(self, found: Iterable[Text], further: Iterable[Text] = ()) -> None:
        """By language the longest is the description, others are abstracts; ``further`` only if there is none."""
        by_tag: dict[str, list[tuple[str, str]]] = {}
        late: list[tuple[str, str, str]] = []
        for several, into in ((found, True), (further, False)):
            for text, language, place in several:
                line, tag = self.plain(text, place, clean.text, "description"), (language or self.language).lower()
                if not line:
                    self.issue("xml-empty-word", place, text)
                elif into:
                    by_tag.setdefault(tag, []).append((line, place))
                else:
                    late.append((tag, line, place))
        stated = frozenset(by_tag)
        for tag, line, place in late:
            if tag in stated:
                self.build.text("abstract", line, tag, place)
            else:
                by_tag.setdefault(tag, []).append((line, place))
        for tag, pairs in by_tag.items():
            longest = max(pairs, key=lambda pair: len(pair[0]))
            for pair in pairs:
                self.build.text("description" if pair is longest else "abstract", pair[0], tag, pair[1])

    # -- controlled values

    def concept(self, scheme: str, predicate: str, words: Sequence[str], place: str, field: str = "") -> str | None:
        """The first word that the scheme knows; else the literal and an issue. Gives the notation."""
        said = [word for word in words if word and not self.context.values.is_ignored(field or scheme, word)]
        concepts = [one for word in said if (one := self.context.values.concept(scheme, word)) is not None]
        if concepts:
            # "Other / Tutorial" is a tutorial.
            concept = next((one for one in concepts if not one.endswith("/other")), concepts[0])
            self.build.add(predicate, concept, place)
            return concept.rpartition("/")[2]
        if said:
            word = next((one for one in said if "://" not in one), said[0])
            self.string(predicate, word, place)
            self.issue("xml-value", place, word, field=predicate)
        return None

    def types(self, notations: Sequence[tuple[str, str]], event: str | None = None) -> None:
        """rdf:type from (resource-type notation, place); ``event`` is the place that says it is an event."""
        self.build.type(iris.DCAT + "Resource")
        if event is not None:
            self.build.type(iris.SCHEMA + "EducationEvent", event)
            return
        for notation, place in notations or [("", "")]:
            for kind in types_for(notation):
                self.build.type(kind, place)

    def subject(self, words: Sequence[str], language: str, place: str, keyword: str = "") -> bool:
        """about for the first word that is a known subject, else ``keyword`` as a keyword. Whether it is known."""
        for word in filter(None, words):
            concept = self.context.values.subject(word)
            if concept is not None:
                self.build.add("about", concept, place)
                return True
            if _ISCED.fullmatch(word):
                self.build.add("about", Iri(word.replace("https:", "http:", 1)), place)
                return True
        self.keyword(keyword, language, place)
        return False

    def keyword(self, text: str, language: str, place: str) -> None:
        """Keywords of one value, which may be a list."""
        for word in clean.split_list(text):
            line = self.plain(word, place, field="keywords")
            if line and not clean.url(line):
                self.build.text("keywords", line[:MAX_NAME], language or self.language, place)
            elif line:
                self.issue("xml-subject", place, line)

    # -- agents

    def agent(
        self, name: str, predicate: str, place: str, kind: str = "", identifiers: Iterable[str] = (),
        affiliations: Iterable[tuple[str, str, str]] = (),
    ) -> None:  # fmt: skip
        """A person or organisation (``kind`` "Person", "Organization" or "" where its form must tell).

        ``identifiers`` as they stand; affiliations are (name, identifier, place). E-mail addresses go.
        """
        node = self._agent(name, predicate, place, kind, identifiers)
        if node is None:
            return
        self.build.add(predicate, node, place)
        for word, identifier, where in affiliations:
            other = self._agent(word, "affiliation", where, "Organization", [identifier] if identifier else [])
            if other is not None and other != node:
                self.build.add("affiliation", other, where, node)

    def _agent(self, name: str, predicate: str, place: str, kind: str, identifiers: Iterable[str]) -> Iri | None:
        text, had_mail = clean.drop_emails(name)
        if had_mail:
            self.issue("xml-email", place)
        line = clean.line(text).strip(" ,;:()[]<>")
        known = list(dict.fromkeys(filter(None, map(registry_iri, identifiers))))
        if self.context.values.is_ignored("author", line) or name.strip().startswith("(:"):
            line = ""
        if len(line) > MAX_NAME or clean.url(line) or not line:
            if had_mail or not clean.line(name) or name.strip().startswith("(:"):
                return None
            self.issue("xml-agent", place, text)
            return None
        if record_node.is_academy(line, self.context):
            return self.context.iris.academy(self.context.academy.id)
        keys = [*known, line.casefold()]
        node = next((self._agents[key] for key in (known or keys) if key in self._agents), None)
        if node is None and known and line.casefold() in self._agents:
            # The same name with another identifier is somebody else; without any it was this one.
            other = self._agents[line.casefold()]
            node = None if self.build.objects("identifier", other) else other
        if node is None:
            self._count += 1
            node = self.build.child("agent", self._count)
            self.build.type(iris.SCHEMA + (kind or self._kind(line, predicate, known)), place, node)
            self.build.string("name", line, place, node)
        for key in keys:
            self._agents.setdefault(key, node)
        for one in known:
            self.build.add("identifier", Iri(one), place, node)
        return node

    @staticmethod
    def _kind(name: str, predicate: str, identifiers: Sequence[str]) -> str:
        if any("orcid.org" in one for one in identifiers):
            return "Person"
        if predicate in ("publisher", "funder", "sponsor") or any("ror.org" in one for one in identifiers):
            return "Organization"
        return "Person" if " " in name and ORGANISATION.search(name) is None else "Organization"

    # -- rights, dates, files, targets

    def rights(self, words: Sequence[str], place: str) -> None:
        """A licence, or terms of access, from all that one statement says (addresses, ids, text)."""
        lines = [clean.line(word) for word in words if word.strip()]
        addresses = [address.rstrip(".,;") for line in lines for address in _ADDRESS.findall(line)]
        values = self.context.values
        licence = next(filter(None, map(values.licence, [*addresses, *lines])), None)
        if licence is not None:
            self.build.add("license", licence, place)
            return
        stems = [re.sub(r"^info:eu-repo/semantics/", "", line, flags=re.IGNORECASE) for line in lines]
        access = next((c for word in [*lines, *stems] if (c := values.concept("access", word))), None)
        if access is not None:
            self.build.add("conditionsOfAccess", access, place)
            return
        said = [line for line in lines if not values.is_ignored("license", line)]
        if not said:
            return
        word = next((one for one in said if "://" not in one), said[0])
        word, _ = clean.drop_emails(word)
        if addresses or re.search(r"licen[cs]|creative commons|\bcc[ -]", " ".join(said), re.IGNORECASE):
            self.string("license", word, place)
            self.issue("xml-license", place, word)
        else:
            self.string("conditionsOfAccess", word, place)
            self.issue("xml-rights", place, word)

    def feed_licence(self) -> None:
        """The licence that the feed's own file states, where the record says nothing about one."""
        if self.context.feed.licence and not self.build.objects("license"):
            licence = self.context.values.licence(self.context.feed.licence)
            if licence is None:
                self.issue("dc-feed-licence", "licence", self.context.feed.licence)
            else:
                self.build.add("license", licence, "")

    def date(self, text: str, place: str) -> Literal | None:
        """A date; what is none is told, a filler is not."""
        found = clean.date(text)
        if found is None and text.strip() and not self.context.values.is_ignored("date", text):
            self.issue("xml-date", place, text)
        return found

    def dates(self, predicate: str, found: Sequence[tuple[Literal, str]], last: bool = False) -> None:
        """One date of several: the first, or the last; a day rather than its year."""
        ordered = sorted(found, key=_by_value if last else _earliest)
        if not ordered:
            return
        stamp, place = ordered[-1] if last else ordered[0]
        self.build.add(predicate, stamp, place)
        for other, where in ordered:
            if other != stamp and not stamp.value.startswith(other.value) and not other.value.startswith(stamp.value):
                self.issue("xml-date-between", where, other.value)

    def duration(self, predicate: str, text: str, place: str, subject: Iri | None = None) -> bool:
        """An xsd:duration; whether it is one. Zero and fillers say nothing."""
        found = clean.duration(text)
        if found is not None:
            self.build.add(predicate, Literal(found, XSD + "duration"), place, subject)
            return True
        nothing = re.fullmatch(r"[P0T:YMDHS\s]*", text) is not None
        if not nothing and not self.context.values.is_ignored("duration", text):
            self.issue("xml-duration", place, text)
        return False

    def media_type(self, text: str, place: str, field: str = "") -> str | None:
        """An IANA media type from one or from a usual name of a format; else an issue."""
        word = text.strip().lower()
        found = MEDIA_TYPE.search(word)
        media = found.group() if found else MEDIA_NAMES.get(word.strip(" ."))
        if media is None and not self.context.values.is_ignored("format", word):
            self.issue("xml-format", place, text, field=field)
        return media

    def encoding(
        self, place: str, media: str = "", content: str = "", size: str = "", duration: tuple[str, str] | None = None
    ) -> None:
        """A schema:MediaObject of what is known of a file, if anything is."""
        if not (media or content or size or duration):
            return
        self._media += 1
        node = self.build.child("encoding", self._media)
        self.build.type(iris.SCHEMA + "MediaObject", place, node)
        self.build.string("encodingFormat", media, place, node)
        if content:
            self.build.add("contentUrl", Iri(content), place, node)
        self.string("contentSize", size, place, node)
        if duration is not None:
            self.duration("duration", duration[0], duration[1], node)
        self.build.add("encoding", node, place)

    def relation(self, predicate: str, words: Sequence[str], place: str, text: str = "", kind: str = "") -> None:
        """A related thing by the first word that resolves or names it, else its text and an issue."""
        found = next(filter(None, (target(word, kind) for word in words)), None)
        own = {str(one) for name in ("url", "identifier") for one in self.build.objects(name)}
        if found is not None and found in own:
            self.issue("xml-own-relation", place, str(found))
        elif found is not None:
            self.build.add(predicate, found, place)
        else:
            line = clean.drop_emails(clean.line(text or next(filter(None, words), "")))[0][:MAX_NAME]
            if not line or self.context.values.is_ignored("source", line):
                return
            if predicate in ("coursePrerequisites", "competencyRequired"):
                self.build.text(predicate, line, self.language, place)
                return
            self.string(predicate, line, place)
            self.issue("xml-relation", place, line, field=predicate.rpartition("/")[2].rpartition("#")[2])

    def page(self, pages: Sequence[tuple[str, str]]) -> None:
        """The first web address is the page (one of the resource's own before a DOI's), the others identify."""
        ordered = sorted(pages, key=lambda pair: pair[0].startswith(("https://doi.org/", "https://hdl.handle.net/")))
        for at, (address, place) in enumerate(ordered):
            self.build.add("url" if at == 0 else "identifier", Iri(address), place)

    def finish(self, record: RawRecord, root: etree._Element, profile_iri: str) -> Mapped:
        """Provider, the feed's licence, the catalogue record; the result."""
        self.build.add("provider", self.context.iris.academy(self.context.academy.id), "")
        self.feed_licence()
        record_node.describe(self.build, record, self.context, profile_iri, oai_record.origins_of(root, self.build))
        return self.build.mapped()


def _earliest(pair: tuple[Literal, str]) -> tuple[str, int, str]:
    """Earlier years first, and in a year a day before a month before the year alone."""
    return pair[0].value[:4], _DATATYPE_ORDER.get(pair[0].datatype, 4), pair[0].value


def _by_value(pair: tuple[Literal, str]) -> str:
    return pair[0].value
