"""The parts of a schema.org description that become nodes under the resource: agents, places, offers, media, runs.

Source: docs/profile.md, crosswalk of schema.org; rule 4 of the house (nothing outside the resource's IRIs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registry.crosswalk import clean, record_node
from registry.crosswalk.schemaorg_read import Object, Reader, bare, scalar, types
from registry.iris import SCHEMA
from registry.terms import XSD, Iri, Literal

_ORGANISATION = re.compile(
    r"\b(universit\w*|institut\w*|instituto|office|oficina|bureau|agency|agence|agencia|ministr\w+|department|"
    r"d[ée]partement|departamento|statisti\w+|estad[ií]stic\w+|commission|comisi[óo]n|committee|division|nations|"
    r"naciones|bank|banque|banco|eurostat|school|[ée]cole|academ\w+|acad[ée]mi\w+|cent(?:re|er|ro)|network|"
    r"foundation|fondation|group|groupe|team|society|service|council|organi[sz]a\w+|ltd|gmbh|unece|oecd|insee)\b",
    re.IGNORECASE,
)
_REGISTRIES = re.compile(r"https?://(?:ror\.org/0\w{8}|www\.wikidata\.org/(?:entity|wiki)/Q\d+|isni\.org/isni/\w+)/?")
_MODES = {
    "online": "OnlineEventAttendanceMode",
    "onsite": "OfflineEventAttendanceMode",
    "blended": "MixedEventAttendanceMode",
}
_ENUMERATED = re.compile(r"(Online|Offline|Mixed)EventAttendanceMode|Event(Scheduled|Cancelled|Postponed|Rescheduled)")
_STATUS = frozenset({"EventScheduled", "EventCancelled", "EventPostponed", "EventRescheduled", "EventMovedOnline"})
_ONLINE_PLACE = re.compile(r"\b(online|on-line|en ligne|en l[ií]nea|virtual|virtuel|zoom|webinar|teams)\b", re.I)


@dataclass(slots=True)
class Parts:
    """Makes the nodes under one resource; each agent once, however often it is named."""

    read: Reader
    _agents: dict[str, Iri] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def _next(self, owner: Iri, kind: str) -> Iri:
        path = f"{owner}/{kind}"
        self._counts[path] = self._counts.get(path, 0) + 1
        return Iri(f"{path}/{self._counts[path]}")

    def agents(self, node: Object, predicate: str, *keys: str, subject: Iri | None = None) -> None:
        """Persons and organisations that some properties name."""
        for value, place in self.read.values(node, *keys):
            for one, where in self._split(value, place):
                if (agent := self.agent(one, where, keys[0])) is not None:
                    self.read.build.add(predicate, agent, where, subject)

    def _split(self, value: Any, place: str) -> Iterator[tuple[Any, str]]:
        """ "A; B" names two."""
        if isinstance(value, str) and (";" in value or "|" in value):
            yield from ((word, place) for word in clean.split_list(value))
        else:
            yield value, place

    def agent(self, value: Any, place: str, role: str) -> Iri | None:
        """One agent: the academy itself, or a node under the resource. None where nothing names it."""
        read, build = self.read, self.read.build
        node: Object = value if isinstance(value, dict) and "@value" not in value else {}
        words = [text for text, _, _ in read.texts(node, "name", "legalName")]
        if node and not words:
            given = [word for key in ("givenName", "familyName") for word, _ in read.strings(node, key)]
            words = [" ".join(given)] if given else []
        name = words[0] if words else clean.line(scalar(value)) if not node else ""
        name, had_mail = clean.drop_emails(name)
        if had_mail:
            read.issue("schemaorg-email", place)
        identifiers = self._identifiers(node) if node else [i for i in [self._registry(scalar(value))] if i]
        address = clean.url(name)
        if self._is_academy(node, name, identifiers):
            self._skim(node)
            return read.context.iris.academy(read.context.academy.id)
        if not name or address is not None:
            self._skim(node)
            if not identifiers:
                read.issue("schemaorg-agent", place, clean.drop_emails(scalar(value))[0], field=role)
                return None
            name = ""
        # Who is named again without an identifier is the one of that name; two identifiers are two people.
        keys = identifiers or [name.casefold()]
        known = next((self._agents[key] for key in keys if key in self._agents), None)
        agent = known or self._next(build.resource, "agent")
        for key in (*keys, name.casefold()):
            self._agents.setdefault(key, agent)
        if known is None:
            build.type(SCHEMA + self._kind(node, name, identifiers, role), place, agent)
        for word in dict.fromkeys([name, *words[1:]]):
            read.string("name", word, place, agent)
        for identifier in identifiers:
            build.add("identifier", Iri(identifier), place, agent)
        if node:
            for word, where in read.strings(node, "alternateName"):
                read.string("alternateName", word, where, agent)
            for found, where in read.values(node, "url", "sameAs"):
                if (target := read.target(found, relative=True)) and not self._registry(target):
                    build.add("url" if not build.objects("url", agent) else "sameAs", target, where, agent)
            if role != "affiliation":
                self.agents(node, "affiliation", "affiliation", "worksFor", subject=agent)
        return agent

    def _skim(self, node: Object) -> None:
        """What an agent's object says beyond who it is, read so that it is not told as unknown."""
        for key in ("alternateName", "url", "sameAs", "identifier", "affiliation", "worksFor"):
            list(self.read.values(node, key))

    @staticmethod
    def _kind(node: Object, name: str, identifiers: list[str], role: str) -> str:
        stated = types(node)
        if any("orcid.org" in identifier for identifier in identifiers) or "Person" in stated:
            return "Person"
        if stated and stated != ["Thing"]:
            return "Organization"
        if role in ("publisher", "provider", "sourceOrganization", "hostInstitution", "funder", "sponsor"):
            return "Organization"
        return "Person" if " " in name and not _ORGANISATION.search(name) else "Organization"

    def _identifiers(self, node: Object) -> list[str]:
        words = [scalar(value) for value, _ in self.read.values(node, "identifier", "sameAs", "url")]
        found = [self._registry(word) for word in (str(node.get("@id", "")), *words)]
        return list(dict.fromkeys(identifier for identifier in found if identifier))

    @staticmethod
    def _registry(word: str) -> str | None:
        """An ORCID, ROR, Wikidata or ISNI identifier."""
        if "orcid" in word.lower() and (orcid := clean.orcid(word)):
            return orcid
        if _REGISTRIES.fullmatch(word):
            return clean.url(word.rstrip("/").replace("wikidata.org/wiki/", "wikidata.org/entity/"))
        return None

    def _is_academy(self, node: Object, name: str, identifiers: list[str]) -> bool:
        academy = self.read.context.academy
        if record_node.is_academy(name, self.read.context):
            return True
        if academy.ror and any(i.rstrip("/").endswith(academy.ror.rstrip("/")[-9:]) for i in identifiers):
            return True
        home = clean.canonical_url(academy.homepage)
        stated = [str(node.get("@id", "")), *(scalar(value) for value, _ in self.read.values(node, "url"))]
        return "Person" not in types(node) and any(
            home and clean.canonical_url(address) == home for address in stated if address
        )

    def places(self, node: Object, owner: Iri) -> bool:
        """``location`` as Place and VirtualLocation nodes; returns whether one of them is online."""
        read, build, online = self.read, self.read.build, False
        for value, where in read.values(node, "location"):
            place = self._next(owner, "place")
            inner: Object = value if isinstance(value, dict) and "@value" not in value else {}
            word = clean.line(scalar(value)) if not inner else ""
            address = clean.url(word)
            virtual = "VirtualLocation" in types(inner) or address is not None
            if not inner and not word:
                continue
            online |= virtual or bool(_ONLINE_PLACE.search(word))
            build.add("location", place, where, owner)
            build.type(SCHEMA + ("VirtualLocation" if virtual else "Place"), where, place)
            if address is not None:
                build.add("url", Iri(address), where, place)
            elif word:
                read.string("name", word, where, place)
            for text, _, at in read.texts(inner, "name"):
                read.string("name", text, at, place)
            for found, at in read.values(inner, "url"):
                if (target := read.target(found, relative=True)) is not None:
                    build.add("url", target, at, place)
            if types(inner) == ["PostalAddress"]:
                self._postal(inner, where, place)
            for found, at in read.values(inner, "address"):
                if isinstance(found, dict) and "@value" not in found:
                    self._postal(found, at, place)
                else:
                    read.string("address", clean.line(scalar(found)), at, place)
        return online

    def _postal(self, node: Object, where: str, owner: Iri) -> None:
        read, build = self.read, self.read.build
        address = Iri(f"{owner}/address")
        build.add("address", address, where, owner)
        build.type(SCHEMA + "PostalAddress", where, address)
        for key in ("addressCountry", "addressLocality", "addressRegion", "postalCode", "streetAddress"):
            for value, at in read.values(node, key):
                name = value.get("name") or value.get("identifier") if isinstance(value, dict) else value
                read.string(key, clean.line(scalar(name or value)), at, address)

    def offers(self, node: Object, owner: Iri) -> list[tuple[bool, str]]:
        """``offers`` as nodes; returns (free, place) of each offer that tells."""
        read, build = self.read, self.read.build
        told: list[tuple[bool, str]] = []
        for value, where in read.values(node, "offers"):
            if not isinstance(value, dict):
                if target := read.target(value, relative=True):
                    offer = self._next(owner, "offer")
                    build.add("offers", offer, where, owner)
                    build.type(SCHEMA + "Offer", where, offer)
                    build.add("url", target, where, offer)
                continue
            inner = [v for v, _ in read.values(value, "offers") if isinstance(v, dict)]
            for part in inner or [value]:
                told.extend(self._offer(part, part.get("@place", where), owner))
        return told

    def _offer(self, node: Object, where: str, owner: Iri) -> Iterator[tuple[bool, str]]:
        read, build = self.read, self.read.build
        offer = self._next(owner, "offer")
        build.add("offers", offer, where, owner)
        build.type(SCHEMA + "Offer", where, offer)
        prices = [*read.strings(node, "price"), *read.strings(node, "lowPrice")]
        currency = list(read.strings(node, "priceCurrency"))
        for value, _ in read.values(node, "priceSpecification"):
            if isinstance(value, dict):
                prices += read.strings(value, "price")
                currency += read.strings(value, "priceCurrency")
        for price, at in prices[:1]:
            read.string("price", price, at, offer)
            number = re.fullmatch(r"\D{0,4}\s*(\d+(?:[.,]\d+)*)\s*\D{0,4}", price)
            free = clean.boolean(price) if number is None else not re.search("[1-9]", number[1])
            if free is not None:
                yield free, at
        for word, at in currency[:1]:
            if re.fullmatch(r"[A-Za-z]{3}", word):
                read.string("priceCurrency", word.upper(), at, offer)
            else:
                read.issue("schemaorg-currency", at, word)
        for word, at in read.strings(node, "category"):
            free = clean.boolean(word)
            if free is not None and not prices:
                yield free, at
        for predicate, keys in (
            ("validFrom", ("validFrom", "availabilityStarts")), ("validThrough", ("validThrough", "availabilityEnds")),
        ):  # fmt: skip
            self.date(node, predicate, *keys, subject=offer)
        for value, at in read.values(node, "url"):
            if target := read.target(value, relative=True):
                build.add("url", target, at, offer)

    def date(self, node: Object, predicate: str, *keys: str, subject: Iri | None = None) -> bool:
        """The first readable date of some properties; the others are told. Returns whether there is one."""
        found = False
        for word, place in self.read.strings(node, *keys):
            stamp = clean.date(word)
            if stamp is None:
                self.read.issue("schemaorg-date", place, word, field=predicate)
            elif not found:
                self.read.build.add(predicate, stamp, place, subject)
                found = True
            else:
                self.read.issue("schemaorg-several", place, word, field=predicate)
        return found

    def duration(self, node: Object, predicate: str, key: str, subject: Iri | None = None) -> None:
        """An xsd:duration; what is none is told."""
        for word, place in self.read.strings(node, key):
            found = clean.duration(word)
            if found is None:
                self.read.issue("schemaorg-duration", place, word, field=key)
            else:
                self.read.build.add(predicate, Literal(found, XSD + "duration"), place, subject)

    def media(self, node: Object, place: str, key: str = "") -> None:
        """A file as MediaObject: address, media type, size, length. ``key`` is "" for the resource itself."""
        read, build = self.read, self.read.build
        found: list[tuple[Iri, str, str]] = []
        for predicate, source in (("contentUrl", "contentUrl"), ("embedUrl", "embedUrl"), ("contentUrl", "url")):
            if source == "url" and (not key or found):
                continue
            for value, at in read.values(node, source):
                if target := read.target(value, relative=True):
                    found.append((target, predicate, at))
        if key:
            read.whole(node)
        said = ("encodingFormat", "fileFormat", "contentSize", "sha256", "duration")
        if not found and (key or all(node.get(name) in (None, "", []) for name in said)):
            if key:
                read.issue("schemaorg-no-address", place, scalar(node), field=key)
            return
        media = self._next(build.resource, "media")
        build.add("encoding", media, place)
        build.type(SCHEMA + "MediaObject", place, media)
        for target, predicate, at in found:
            build.add(predicate, target, at, media)
        for word, at in read.strings(node, "encodingFormat", "fileFormat"):
            read.string("encodingFormat", word, at, media)
        for predicate in ("contentSize", "sha256"):
            for word, at in read.strings(node, predicate):
                read.string(predicate, word, at, media)
        self.duration(node, "duration", "duration", media)

    def modes(self, node: Object, subject: Iri) -> set[str]:
        """``courseMode`` as modality concepts; returns their notations."""
        read, found = self.read, set()
        for word, place in read.strings(node, "courseMode"):
            for item in clean.split_list(word, comma=True):
                concept = read.context.values.concept("modality", bare(item))
                if concept is None and not read.context.values.is_ignored("mode", item):
                    read.string("courseMode", item, place, subject)
                    read.issue("schemaorg-unmapped", place, item, field="courseMode")
                elif concept is not None:
                    read.build.add("courseMode", concept, place, subject)
                    found.add(concept.rpartition("/")[2])
        return found

    def attendance(self, node: Object, subject: Iri, modes: set[str], online: bool) -> None:
        """``eventAttendanceMode`` as stated; else from the mode of the course or an online place."""
        read, build = self.read, self.read.build
        for word, place in read.strings(node, "eventAttendanceMode"):
            name = bare(word)
            concept = read.context.values.concept("modality", name)
            if not _ENUMERATED.fullmatch(name):
                name = _MODES.get(concept.rpartition("/")[2], "") if concept else ""
            if name:
                build.add("eventAttendanceMode", Iri(SCHEMA + name), place, subject)
            else:
                read.string("eventAttendanceMode", word, place, subject)
                read.issue("schemaorg-unmapped", place, word, field="eventAttendanceMode")
        if build.objects("eventAttendanceMode", subject):
            return
        stated = [_MODES[mode] for mode in ("blended", "online", "onsite") if mode in modes]
        if {"online", "onsite"} <= modes:
            stated = ["MixedEventAttendanceMode"]
        if stated:
            build.add("eventAttendanceMode", Iri(SCHEMA + stated[0]), read.place(node, "courseMode"), subject)
        elif online and len(build.objects("location", subject)) == 1:
            build.add("eventAttendanceMode", Iri(SCHEMA + _MODES["online"]), read.place(node, "location"), subject)

    def status(self, node: Object, subject: Iri) -> None:
        """``eventStatus`` as one of schema.org's states."""
        for word, place in self.read.strings(node, "eventStatus"):
            if bare(word) in _STATUS:
                self.read.build.add("eventStatus", Iri(SCHEMA + bare(word)), place, subject)
            else:
                self.read.string("eventStatus", word, place, subject)
                self.read.issue("schemaorg-unmapped", place, word, field="eventStatus")
