"""Where an event takes place: rooms, online rooms, and whether it is on site, online or both.

Sources: RFC 5545 §3.8.1.6, §3.8.1.7; RFC 7986 §5.11 (CONFERENCE); docs/profile.md, "Event and course run".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from registry.crosswalk import clean
from registry.crosswalk.clean import fold
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.ical_read import Component, Property
from registry.crosswalk.when import words
from registry.iris import SCHEMA
from registry.terms import XSD, Iri, Literal

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'()\[\]{}|\\^`]{3,1500}")
_MEETING_HOSTS = words(
    "zoom.us zoomgov.com zoom.com teams.microsoft.com teams.live.com webex.com meet.google.com meet.jit.si "
    "gotomeeting.com gotowebinar.com goto.com bluejeans.com whereby.com livestorm.co adobeconnect.com on24.com "
    "join.skype.com meet.lync.com 8x8.vc streamyard.com bigbluebutton.org kudoway.com interprefy.com demio.com "
    "clickmeeting.com bigmarker.com hopin.com airmeet.com"
)
_MEETING_NAMES = ("bbb.", "visio.", "meet.", "jitsi.", "webconf.", "visioconf.", "greenlight.", "webmeeting.")
_NO_ROOM = re.compile(r"/(?:u|test|download|support|meetingoptions|pricing)?(?:/.*)?", re.IGNORECASE)
_MAP_HOSTS = ("maps.google.", "maps.app.goo.gl", "openstreetmap.org", "maps.apple.com", "goo.gl")
_ONLINE = words(
    "online enligne enlinea virtual virtuel virtuelle virtually webinar webinaire webinario zoom teams msteams webex "
    "skype meet gotomeeting gotowebinar bigbluebutton jitsi videoconference visioconference videoconferencia visio "
    "videokonferenz remote remotely distanciel livestream youtube internet web teleconference online-only"
)
_PHRASES = re.compile(r"\b(?:en ligne|en linea|a distance|a distancia|em linha|on line|live stream)\b")
_FILLERS = words(
    "meeting reunion reunión event session microsoft ms google cisco via by on de da do sur por the a link below see "
    "call conference platform event evento live only seulement solamente solo room besprechung in und per video "
    "conferencia plataforma plateforme lien details"
)
_HYBRID = words("hybrid hybride hibrido hibrida blended bimodal bimodale comodal ibrido")
_UNKNOWN = words("tbd tba tbc")
_PIECES = re.compile(r"\s*(?:[/;|+&\n,()]|\b(?:and|et|y|und|or|ou|oder|o|e)\b| - | – )\s*", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}(?:[:h.]\d{2})?\s*(?:[-–]|h|am|pm|utc|gmt|ce?s?t|$).{0,40}", re.IGNORECASE)
_GEO = re.compile(
    r"(?:geo:)?\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*[;,]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)(?:[;,?].{0,100})?"
)


def meeting(text: str) -> str | None:
    """The first address of a known online room in a text."""
    for found in _ADDRESS.findall(text[:20_000])[:40]:
        address = clean.url(found.rstrip(".,;:!?*_"))
        if address and is_meeting(address):
            return address
    return None


def is_meeting(address: str) -> bool:
    """Whether an address is that of an online room, not of a provider's home or help page."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    known = any(host == name or host.endswith("." + name) for name in _MEETING_HOSTS) or host.startswith(
        _MEETING_NAMES
    )
    return known and _NO_ROOM.fullmatch(parts.path) is None


@dataclass(slots=True)
class Where:
    """What one event says of its place. ``hybrid`` where it says so in words."""

    rooms: dict[str, tuple[str, str]] = field(default_factory=dict)  # address: (name, place in the payload)
    name: str = ""
    place: str = ""
    geo: tuple[str, str] | None = None
    online: str = ""
    hybrid: str = ""

    @property
    def mode(self) -> tuple[str, str] | None:
        """("Online" | "Offline" | "Mixed", place in the payload), None where nothing tells."""
        online = self.online or next((place for _, place in self.rooms.values()), "")
        onsite = bool(self.name or self.geo)
        if self.hybrid or (online and onsite):
            return "Mixed", self.hybrid or self.place or online
        if online:
            return "Online", online
        return ("Offline", self.place) if onsite else None


def read(event: Component, sort: Words) -> Where:
    """The places of one event, from LOCATION, CONFERENCE, GEO, and online rooms in URL and DESCRIPTION."""
    where = Where()
    for prop in event.all("CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL",
                          "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK"):  # fmt: skip
        address = clean.url(prop.value)
        if address is not None:
            where.rooms.setdefault(address, (sort.line(prop.parameter("LABEL"), prop.place), prop.place))
        elif prop.value.strip() and not re.match(r"(?:tel|sip|xmpp|ftp|mailto):", prop.value.strip(), re.IGNORECASE):
            sort.build.issue("ical-address", prop.place, prop.value.strip())
    for prop in event.all("LOCATION"):
        if prop.value.strip():
            _location(where, prop, sort)
    for prop in event.all("GEO", "X-APPLE-STRUCTURED-LOCATION"):
        _geo(where, prop, sort)
    if not where.rooms:
        for prop in event.all("URL", "DESCRIPTION", "X-ALT-DESC", "STYLED-DESCRIPTION"):
            address = meeting(prop.text)
            if address is not None:
                where.rooms[address] = ("", prop.place)
                break
    return where


def _location(where: Where, prop: Property, sort: Words) -> None:
    text = prop.text
    for found in _ADDRESS.findall(text)[:5]:
        address = clean.url(found.rstrip(".,;:!?"))
        host = (urlsplit(address).hostname or "").removeprefix("www.") if address else ""
        if address and not host.startswith(_MAP_HOSTS):
            where.rooms.setdefault(address, ("", prop.place))
    alternative = clean.url(prop.parameter("ALTREP"))
    if alternative and is_meeting(alternative):
        where.rooms.setdefault(alternative, ("", prop.place))
    text = sort.plain(_ADDRESS.sub(" ", text), prop.place)
    if not any(char.isalnum() for char in text):
        return
    values, online = sort.context.values, sort.context.iris.concept("modality", "online")
    kept: list[str] = []
    for piece in _PIECES.split(text[:1000]):
        plain = _PHRASES.sub("online", fold(piece))
        said = set(plain.split())
        if said & _HYBRID:
            where.hybrid = where.hybrid or prop.place
            said -= _HYBRID
            piece = re.sub(r"\b(?:hybrid\w*|h[ií]brid\w*|blended|bimodal\w*|comodal|ibrido)\b", " ", piece, flags=re.I)
        if said & _ONLINE and not said - _ONLINE - _FILLERS or values.concept("modality", piece) == online:
            where.online = where.online or prop.place
        elif said - _FILLERS and not said & _UNKNOWN and not values.is_ignored("venue", piece):
            kept.append(clean.line(piece).strip(" -–:"))
    whole = where.online or where.hybrid
    kept = [piece for piece in kept if piece and not (whole and _TIME.fullmatch(piece))]
    if kept and not where.name:
        where.name = (", ".join(kept) if whole else clean.line(text))[:300]
        where.place = prop.place


def _geo(where: Where, prop: Property, sort: Words) -> None:
    found = _GEO.fullmatch(prop.value.strip())
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        if prop.name == "GEO" and prop.value.strip():
            sort.build.issue("ical-geo", prop.place, prop.value.strip())
        return
    if where.geo is None and (float(found[1]) or float(found[2])):  # 0;0 is what programs write for nothing
        where.geo = (found[1], found[2])
        where.place = where.place or prop.place
    title = sort.line(prop.parameter("X-TITLE") or prop.parameter("X-ADDRESS"), prop.place)
    where.name = where.name or title[:300]


@dataclass(slots=True)
class Nodes:
    """Place and room nodes of one resource; the same place of several runs is one node."""

    sort: Words
    _known: dict[tuple[str, ...], Iri] = field(default_factory=dict)

    def write(self, where: Where, target: Iri) -> None:
        """Location and attendance mode of an event or run."""
        build = self.sort.build
        if where.mode is not None:
            mode, place = where.mode
            build.add("eventAttendanceMode", Iri(f"{SCHEMA}{mode}EventAttendanceMode"), place, target)
        if where.name or where.geo:
            build.add("location", self._place(where), where.place, target)
        for address, (name, place) in list(where.rooms.items())[:5]:
            node = self._node("room", address)
            build.add("location", node, place, target)
            build.type(SCHEMA + "VirtualLocation", place, node)
            build.add("url", Iri(address), place, node)
            if not build.objects("name", node):
                build.string("name", name, place, node)

    def _node(self, kind: str, *of: str) -> Iri:
        key = (kind, *of)
        if key not in self._known:
            number = sum(1 for known in self._known if known[0] == kind) + 1
            self._known[key] = self.sort.build.child(kind, number)
        return self._known[key]

    def _place(self, where: Where) -> Iri:
        build, geo = self.sort.build, where.geo
        node = self._node("place", where.name, *(geo or ()))
        build.type(SCHEMA + "Place", where.place, node)
        build.string("name", where.name, where.place, node)
        if geo is not None:
            point = Iri(f"{node}/geo")
            build.add("geo", point, where.place, node)
            build.type(SCHEMA + "GeoCoordinates", where.place, point)
            for name, number in zip(("latitude", "longitude"), geo, strict=True):
                build.add(name, Literal(number.lstrip("+"), XSD + "decimal"), where.place, point)
        return node
