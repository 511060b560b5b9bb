"""What calendars, feeds and link lists have in common: words that sort, agents, texts, the feed's own licence.

Such lists have one field ("category", "tag") for everything: a word is a subject, a type, a level, an audience
or a mode where a table knows it, else a keyword. Source: docs/profile.md, transforms T1 and T6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.crosswalk import clean, record_node
from registry.crosswalk.base import Builder, MapContext
from registry.crosswalk.table_row import ORGANISATION
from registry.iris import DCAT, SCHEMA
from registry.terms import Iri, Literal

MAX_NAME = 300
_SCHEMES = (
    ("resource-type", "learningResourceType"), ("audience", "audience"), ("modality", "courseMode"),
    ("level", "educationalLevel"),
)  # fmt: skip

_GROUP = re.compile(
    r"[\d/&]|\b(?:unit|unité|unidad|unidade|oficina|learning|training|formation|formación|capacitación|news|editors?|"
    r"staff|admin|webmaster|equipe|équipe|equipo|division|section|sección|service|library|bibliothèque|biblioteca)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Words:
    """Sorts the words of one record. ``email`` is the code of the issue that an e-mail address was left out."""

    build: Builder
    context: MapContext
    email: str
    _told: bool = False

    def plain(self, value: str, place: str) -> str:
        """A text without HTML and e-mail addresses; that there were addresses is told once."""
        text, mails = clean.drop_emails(clean.text(value))
        if mails and not self._told:
            self._told = True
            self.build.issue(self.email, place)
        return re.sub(" {2,}", " ", text) if mails else text

    def line(self, value: str, place: str) -> str:
        """As ``plain``, on one line."""
        return " ".join(self.plain(value, place).split())

    def sort(self, word: str, language: str, place: str, keyword: bool = True) -> bool:
        """Put a word where it belongs; without ``keyword`` only where a table knows it."""
        values, build = self.context.values, self.build
        if not word or values.is_ignored("keywords", word):
            return True
        subject = values.subject(word)
        if subject is not None:
            build.add("about", subject, place)
            return True
        for scheme, predicate in _SCHEMES:
            concept = values.concept(scheme, word)
            if concept is None:
                continue
            if scheme == "level" and build.objects(predicate):
                break  # a second level stays a keyword
            build.add(predicate, concept, place)
            return True
        if keyword:
            build.text("keywords", self.line(word, place)[:MAX_NAME], language, place)
        return keyword

    def agent(self, name: str, place: str, person: bool | None = None) -> Iri | None:
        """A person or organisation by its form, each once; None where no name is left without the address."""
        name = self.line(name[: 2 * MAX_NAME], place).strip(" ,;:()[]<>\"'")
        if not name or len(name) > MAX_NAME or clean.url(name) or "@" in name:
            return None
        if self.context.values.is_ignored("authors", name):
            return None  # an account ("admin"), no name
        if record_node.is_academy(name, self.context):
            return self.context.iris.academy(self.context.academy.id)
        number = 1
        while (known := self.build.objects("name", self.build.child("agent", number))) and known != [Literal(name)]:
            number += 1
        node = self.build.child("agent", number)
        if not known:
            if person is None:
                group = ORGANISATION.search(name) or _GROUP.search(name)
                person = " " in name and group is None
            self.build.type(SCHEMA + ("Person" if person else "Organization"), place, node)
            self.build.string("name", name, place, node)
        return node

    def encoding(self, address: str, media: str, place: str, size: str = "", name: str = "") -> Iri | None:
        """A file that belongs to the resource, each address once; None for what is no web address."""
        target = clean.url(address)
        if target is None:
            return None
        for known in self.build.objects("encoding"):
            if isinstance(known, Iri) and Iri(target) in self.build.objects("contentUrl", known):
                return known
        node = self.build.child("encoding", len(self.build.objects("encoding")) + 1)
        self.build.add("encoding", node, place)
        self.build.type(SCHEMA + "MediaObject", place, node)
        self.build.add("contentUrl", Iri(target), place, node)
        media = media.split(";")[0].strip().lower()
        if re.fullmatch(r"[a-z]{1,20}/[a-z0-9.+_-]{1,80}", media):
            self.build.string("encodingFormat", media, place, node)
        if re.fullmatch(r"[1-9]\d{0,14}", size.strip()):
            self.build.string("contentSize", size.strip(), place, node)
        self.build.string("name", name[:MAX_NAME], place, node)
        return node

    def feed_licence(self) -> None:
        """The licence that the feed's entry states, where the record states none."""
        stated = self.context.feed.licence
        if not stated or self.build.objects("license"):
            return
        licence = self.context.values.licence(stated)
        if licence is None:
            self.build.issue("value-licence", "licence", stated, field="licence")
        else:
            self.build.add("license", licence, "")

    def entry(self) -> None:
        """What every record has: it is an item of the catalogue, and the academy provides it."""
        self.build.type(DCAT + "Resource")
        self.build.add("provider", self.context.iris.academy(self.context.academy.id), "")
