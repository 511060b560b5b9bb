"""What AMB asks of a description, as findings in AMB's own terms: a JSON pointer, the value, what is wrong.

The rules are those of the profile's two editions (2023-10-19 and draft), https://w3id.org/kim/amb/; nothing
here changes what is read. At most MAX_ISSUES a description.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.crosswalk import clean
from registry.model import Issue

MAX_ISSUES = 100
MAX_ITEMS = 300
_CONTEXT = re.compile(r"https?://w3id\.org/kim/amb/(?:[\w.-]{1,30}/)?context\.json(?:ld)?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\s<>\"{}|\\^`]+")
_DATE = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[Tt](?:[01]\d|2[0-4]):[0-5]\d:[0-6]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_DURATION = re.compile(
    r"-?P(?=\d|T\d)(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}[DW])?"
    r"(?:T(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,9})?S)?)?",
    re.ASCII,
)
_MEDIA_TYPE = re.compile(
    r"(?:application|audio|example|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+_-]{1,120}"
)
_LICENCE = re.compile(
    r"https?://(?:creativecommons\.org/(?:licen[cs]es|publicdomain)/|www\.gnu\.org/licenses/|"
    r"www\.apache\.org/licenses/|(?:www\.)?opensource\.org/licenses?/(?:MIT|BSD)).*",
    re.IGNORECASE,
)
_TAG = re.compile(r"[a-z]{2}")
_LABEL_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
# schema.org's kinds of creative works, as far as AMB takes them.
_TYPES = frozenset(
    "3DModel AmpStory Article Atlas Audiobook AudioObject Blog Book BookSeries Chapter Clip Collection ComicStory "
    "Comment Conversation Course CreativeWorkSeason CreativeWorkSeries DataDownload Diet DigitalDocument Drawing "
    "Episode ExercisePlan FAQPage Game Guide HowTo ImageGallery ImageObject LearningResource LegislationObject "
    "Manuscript Map MathSolver MediaGallery MediaObject Message MobileApplication Movie MovieClip MovieSeries "
    "MusicAlbum MusicComposition MusicPlaylist MusicRecording MusicRelease MusicVideoObject NewsArticle Painting "
    "Periodical Photograph Play PodcastEpisode PodcastSeason PodcastSeries Poster PresentationDigitalDocument "
    "PublicationIssue PublicationVolume Quotation Quiz RadioClip RadioEpisode RadioSeason RadioSeries Recipe Review "
    "Report ScholarlyArticle Sculpture SheetMusic ShortStory SoftwareApplication SoftwareSourceCode "
    "SpreadsheetDigitalDocument TVClip TVEpisode TVSeason TVSeries Thesis TextDigitalDocument VideoGallery VideoGame "
    "VideoGameClip VideoGameSeries VideoObject VisualArtwork WebApplication WebContent WebPage".split()
)
_VOCABULARIES = {
    "about": ("https://w3id.org/kim/hochschulfaechersystematik/", "http://w3id.org/kim/schulfaecher/"),
    "learningResourceType": ("https://w3id.org/kim/hcrt/", "http://w3id.org/openeduhub/vocabs/new_lrt/"),
    "educationalLevel": ("https://w3id.org/kim/educationalLevel/",),
    "conditionsOfAccess": ("http://w3id.org/kim/conditionsOfAccess/",),
    "interactivityType": ("http://purl.org/dcx/lrmi-vocabs/interactivityType/",),
}
_ENUMERATED = {
    "conditionsOfAccess": frozenset(("no_login", "login")),
    "interactivityType": frozenset(("active", "expositive", "mixed")),
}
_AGENTS = {"creator": (), "contributor": (), "publisher": (), "funder": ("FundingScheme",)}

Object = Mapping[str, Any]


@dataclass(slots=True)
class _Findings:
    found: list[Issue] = field(default_factory=list)

    def add(self, code: str, place: str, value: Any = "", **params: str) -> None:
        """One more, unless there are many."""
        if len(self.found) < MAX_ISSUES:
            shown = clean.drop_emails(value[:1000] if isinstance(value, str) else _shown(value))[0]
            self.found.append(Issue(code, place[:300], shown[:300], tuple(sorted(params.items()))))


def check(node: Object) -> list[Issue]:
    """What a description lacks or has wrong by AMB's rules, in the order of the profile."""
    out = _Findings()
    _context(out, node)
    if not _filled(_id_of(node)):
        out.add("amb-missing", "/id", field="id")
    elif not _is_uri(_id_of(node)):
        out.add("amb-address", _id_place(node, ""), _id_of(node), field="id")
    _texts(out, node)
    _type(out, node, "", required=True)
    for key, more in _AGENTS.items():
        for one, place in _several(out, node, key):
            _agent(out, one, place, ("Person", "Organization", *more))
    for key in ("about", "learningResourceType", "educationalLevel", "audience", "teaches", "assesses",
                "competencyRequired"):  # fmt: skip
        _concepts(out, node, key)
    for key in ("conditionsOfAccess", "interactivityType"):
        alone = _single(out, node, key)
        if alone is not None:
            _concept(out, alone, f"/{key}", key)
    _licence(out, node, "")
    for key in ("dateCreated", "datePublished", "dateModified"):
        _date(out, node, key, "")
    _scalars(out, node)
    for one, place in _several(out, node, "mainEntityOfPage"):
        _page(out, one, place)
    for key in ("isBasedOn", "isPartOf", "hasPart"):
        for one, place in _several(out, node, key):
            _part(out, one, place, key)
    for one, place in _several(out, node, "encoding"):
        _file(out, one, place, ("MediaObject",))
    trailer = _single(out, node, "trailer")
    if trailer is not None:
        _file(out, trailer, "/trailer", ("VideoObject", "AudioObject"))
    for one, place in _several(out, node, "caption"):
        _id(out, one, place, "caption")
        _kind(out, one, place, ("MediaObject",))
        _language(out, one.get("inLanguage"), f"{place}/inLanguage")
    return out.found


def _filled(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("id") or value.get("name") or ", ".join(map(str, list(value)[:8])))
    if isinstance(value, list):
        return ", ".join(_shown(one) if not isinstance(one, list) else "[…]" for one in value[:8])
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _is_uri(value: Any) -> bool:
    return isinstance(value, str) and _URI.fullmatch(value.strip()) is not None


def _id_of(node: Object) -> Any:
    return node.get("id") if "id" in node else node.get("@id")


def _id_place(node: Object, place: str) -> str:
    return f"{place}/@id" if "@id" in node and "id" not in node else f"{place}/id"


def _type_of(node: Object) -> tuple[Any, str]:
    key = "@type" if "@type" in node and "type" not in node else "type"
    return node.get(key), key


def _several(out: _Findings, node: Object, key: str) -> Iterator[tuple[Object, str]]:
    """The objects of a property that must be a list of objects."""
    value = node.get(key)
    if not _filled(value):
        return
    if not isinstance(value, list):
        out.add("amb-not-list", f"/{key}", value, field=key)
    for number, one in enumerate(value[:MAX_ITEMS] if isinstance(value, list) else [value]):
        place = f"/{key}/{number}" if isinstance(value, list) else f"/{key}"
        if isinstance(one, dict):
            yield one, place
        else:
            out.add("amb-not-object", place, one, field=key)


def _single(out: _Findings, node: Object, key: str, base: str = "") -> Object | None:
    """The object of a property that must be one."""
    value = node.get(key)
    if not _filled(value):
        return None
    if isinstance(value, dict):
        return value
    out.add("amb-not-one" if isinstance(value, list) else "amb-not-object", f"{base}/{key}", value, field=key)
    return None


def _context(out: _Findings, node: Object) -> None:
    context = node.get("@context")
    if not _filled(context):
        out.add("amb-no-context", "/@context")
        return
    parts = context if isinstance(context, list) else [context]
    if not any(isinstance(part, str) and _CONTEXT.fullmatch(part.strip()) for part in parts):
        out.add("amb-context", "/@context", context)
    languages = [
        (part["@language"], f"/@context/{number}/@language" if isinstance(context, list) else "/@context/@language")
        for number, part in enumerate(parts)
        if isinstance(part, dict) and "@language" in part
    ]
    if not languages:
        out.add("amb-no-language", "/@context")
    for value, place in languages:
        if not _filled(value):
            out.add("amb-no-language", place)
        else:
            _language(out, value, place)


def _language(out: _Findings, value: Any, place: str) -> None:
    if _filled(value) and (not isinstance(value, str) or _TAG.fullmatch(value) is None):
        out.add("amb-language-code", place, value)


def _texts(out: _Findings, node: Object) -> None:
    if not _filled(node.get("name")):
        out.add("amb-missing", "/name", field="name")
    for key in ("name", "description"):
        if _filled(node.get(key)) and not isinstance(node[key], str):
            out.add("amb-not-text", f"/{key}", node[key], field=key)
    for key in ("keywords", "inLanguage"):
        value = node.get(key)
        if not _filled(value):
            continue
        if not isinstance(value, list):
            out.add("amb-not-list", f"/{key}", value, field=key)
        for number, one in enumerate(value[:MAX_ITEMS] if isinstance(value, list) else []):
            if not isinstance(one, str):
                out.add("amb-not-text", f"/{key}/{number}", one, field=key)
            elif key == "inLanguage":
                _language(out, one, f"/{key}/{number}")


def _type(out: _Findings, node: Object, place: str, required: bool = False) -> None:
    value, key = _type_of(node)
    where = f"{place}/{key}"
    if not _filled(value):
        if required:
            out.add("amb-missing", where, field="type")
        return
    if not isinstance(value, list):
        out.add("amb-not-list", where, value, field="type")
    names = value[:MAX_ITEMS] if isinstance(value, list) else [value]
    for number, name in enumerate(names):
        if not isinstance(name, str) or name not in _TYPES:
            out.add("amb-type", f"{where}/{number}" if isinstance(value, list) else where, name)
    if "LearningResource" not in names:
        out.add("amb-no-learning-resource", where, value)


def _kind(out: _Findings, node: Object, place: str, allowed: tuple[str, ...], required: bool = True) -> None:
    """The ``type`` of a part: one word of a short list."""
    value, key = _type_of(node)
    if value not in allowed and (required or _filled(value)):
        out.add("amb-part-type", f"{place}/{key}", "" if value is None else value, allowed=", ".join(allowed))


def _id(out: _Findings, node: Object, place: str, field: str) -> bool:
    """Whether there is an address; what is none is told."""
    value = _id_of(node)
    if _is_uri(value):
        return True
    out.add("amb-no-id", _id_place(node, place), "" if value is None else value, field=field)
    return False


def _agent(out: _Findings, node: Object, place: str, kinds: tuple[str, ...]) -> None:
    if not _filled(node.get("name")):
        out.add("amb-missing", f"{place}/name", field="name")
    _kind(out, node, place, kinds)
    if _filled(_id_of(node)) and not _is_uri(_id_of(node)):
        out.add("amb-address", _id_place(node, place), _id_of(node), field="id")
    inner = _single(out, node, "affiliation", place)
    if inner is not None:
        if not _filled(inner.get("name")):
            out.add("amb-missing", f"{place}/affiliation/name", field="name")
        _kind(out, inner, f"{place}/affiliation", ("Organization",))


def _concepts(out: _Findings, node: Object, key: str) -> None:
    items = list(_several(out, node, key))
    known = [_concept(out, one, place, key if key == "educationalLevel" else "") for one, place in items]
    allowed = _VOCABULARIES.get(key, ())
    if not items or not allowed or key == "educationalLevel" or not all(known):
        return
    if not any(str(_id_of(one)).startswith(allowed) for one, _ in items):
        first, place = items[0]
        out.add("amb-vocabulary", _id_place(first, place), _id_of(first), allowed=" · ".join(allowed), field=key)


def _concept(out: _Findings, node: Object, place: str, key: str) -> bool:
    """An address, its vocabulary where ``key`` has one, and labels by language. Returns whether it has an address."""
    known = _id(out, node, place, key or place.strip("/").split("/")[0])
    value = str(_id_of(node) or "")
    stems = _VOCABULARIES.get(key, ())
    words = _ENUMERATED.get(key)
    bad = not value.startswith(stems) or (words is not None and value.rsplit("/", 1)[-1] not in words)
    if known and stems and bad:
        names = [stem + word for stem in stems for word in sorted(words or ("",))]
        out.add("amb-vocabulary", _id_place(node, place), value, allowed=" · ".join(names), field=key)
    label = node.get("prefLabel")
    if label is not None and not _is_label(label):
        out.add("amb-label", f"{place}/prefLabel", label)
    _kind(out, node, place, ("Concept",), required=False)
    return known


def _is_label(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and _LABEL_TAG.fullmatch(tag) is not None for tag, text in value.items()
    )


def _licence(out: _Findings, node: Object, place: str) -> None:
    one = _single(out, node, "license", place)
    if one is not None and _id(out, one, f"{place}/license", "license"):
        value = str(_id_of(one))
        if _LICENCE.fullmatch(value) is None:
            out.add("amb-license", _id_place(one, f"{place}/license"), value)


def _date(out: _Findings, node: Object, key: str, place: str) -> None:
    value = node.get(key)
    if _filled(value) and (not isinstance(value, str) or _DATE.fullmatch(value) is None):
        out.add("amb-date", f"{place}/{key}", value, field=key)


def _scalars(out: _Findings, node: Object) -> None:
    duration = node.get("duration")
    if _filled(duration) and (not isinstance(duration, str) or _DURATION.fullmatch(duration) is None):
        out.add("amb-duration", "/duration", duration)
    free = node.get("isAccessibleForFree")
    if _filled(free) and not isinstance(free, bool):
        out.add("amb-boolean", "/isAccessibleForFree", free)
    if _filled(node.get("image")) and not _is_uri(node["image"]):
        out.add("amb-address", "/image", node["image"], field="image")


def _page(out: _Findings, node: Object, place: str) -> None:
    _id(out, node, place, "mainEntityOfPage")
    _kind(out, node, place, ("WebContent",), required=False)
    provider = _single(out, node, "provider", place)
    if provider is not None:
        _id(out, provider, f"{place}/provider", "provider")
    for key in ("dateCreated", "dateModified"):
        _date(out, node, key, place)


def _part(out: _Findings, node: Object, place: str, key: str) -> None:
    if key == "isBasedOn":
        if not _filled(_id_of(node)) and not _filled(node.get("name")):
            out.add("amb-no-id-or-name", _id_place(node, place), node, field=key)
        if _filled(_id_of(node)):
            _id(out, node, place, key)
        _licence(out, node, place)
    else:
        _id(out, node, place, key)
    _type(out, node, place)


def _file(out: _Findings, node: Object, place: str, kinds: tuple[str, ...]) -> None:
    _kind(out, node, place, kinds)
    if not _filled(node.get("contentUrl")) and not _filled(node.get("embedUrl")):
        out.add("amb-no-file", f"{place}/contentUrl")
    for key in ("contentUrl", "embedUrl"):
        if _filled(node.get(key)) and not _is_uri(node[key]):
            out.add("amb-address", f"{place}/{key}", node[key], field=key)
    rules: tuple[tuple[str, str, Callable[[str], object]], ...] = (
        ("encodingFormat", "amb-media-type", _MEDIA_TYPE.fullmatch),
        ("contentSize", "amb-number", re.compile(r"[0-9]{1,20}").fullmatch),
        ("bitrate", "amb-number", re.compile(r"[0-9]{1,20}").fullmatch),
        ("sha256", "amb-checksum", re.compile(r"[A-Fa-f0-9]{64}").fullmatch),
    )
    for key, code, fits in rules:
        value = node.get(key)
        if _filled(value) and (isinstance(value, bool | dict | list) or not fits(str(value))):
            out.add(code, f"{place}/{key}", value, field=key)
