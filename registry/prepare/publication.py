"""Publication rules: what an academy keeps to itself, and what is never published whoever says it.

``[feeds.publish]`` names categories, kinds of access and columns that stay back; hidden courses stay back
without a rule. E-mail addresses and addresses of intranets are taken out of every literal and IRI: the last
safety net behind all crosswalks. Source: docs/academies.md, "What stays back".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from registry.crosswalk import clean
from registry.crosswalk.base import MapContext, Mapped, Placed
from registry.iris import DCAT, DCTERMS, MA, PREFIXES, RDF_TYPE, SCHEMA, owns, public_key
from registry.model import Issue, RawRecord
from registry.terms import Iri, Literal, Term, is_iri, mended_iri

CATEGORY, ACCESS, HIDDEN = "publication-held-category", "publication-held-access", "publication-held-hidden"
HELD = (CATEGORY, ACCESS, HIDDEN)

MAX_PAYLOAD = 4 << 20
MAX_FIELDS = 2000
MAX_DEPTH = 6
_CATEGORY_PROPERTIES = frozenset(
    [*(SCHEMA + n for n in ("keywords", "about", "articleSection", "genre", "category")),
     DCTERMS + "subject", DCAT + "keyword", DCAT + "theme"]
)  # fmt: skip
# Names of fields, folded and without blanks, in the languages that lists come in.
_CATEGORY_FIELDS = frozenset(
    "category categories categoryname coursecategory categorypath section sections articlesection keyword keywords "
    "tag tags subject subjects about theme themes topic topics categorie categoriecours rubrique domaine domaines "
    "motscles thematique categoria categorias seccion rubro tema temas palabrasclave kategorie thema".split()
)
_ACCESS_FIELDS = frozenset(
    "access accesskind conditionsofaccess accessrights availability acces modalitesdacces acceso accesos zugang "
    "condicionesdeacceso".split()
)
_VISIBLE_FIELDS = frozenset("visible coursevisible coursevisibility visibility visibilite visibilidad".split())
_HIDDEN_FIELDS = frozenset("hidden ishidden hide cache masque oculto invisible versteckt".split())
_HIDDEN_WORDS = frozenset(
    "hidden hide none private invisible notvisible staffonly about cache masque nonvisible oculto invisible "
    "privado prive unlisted".split()
)
_LISTING_FIELDS = frozenset(["catalogvisibility"])  # Open edX: both, about (its own page only), none
_WRAPPERS = frozenset("row unknown attributes course data record".split())
_NAMES = frozenset("name label title preflabel fullname path value".split())
_MAY_HIDE = (b"visib", b"hid", b"cach", b"masqu", b"ocult", b"versteckt")
_SEGMENT = re.compile(r"[/«»]")


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a payload: the folded names that it goes by, where it stands, how deep it is nested."""

    names: frozenset[str]
    value: str
    place: str
    depth: int


def held_back(record: RawRecord, mapped: Mapped, context: MapContext) -> Issue | None:
    """Why a record stays back entirely, by the academy's own rules or because it is hidden; else None."""
    rules = context.feed.publish
    found = list(fields(record)) if rules or _may_hide(record.payload) else []
    for one in found:
        if _is_hidden(one):
            return Issue(HIDDEN, one.place, one.value[:300])
    categories = {_squeezed(word): word for word in rules.get("categories", ())}
    kinds = {_squeezed(word): word for word in rules.get("access", ())}
    if not (categories or kinds):
        return None
    for wanted, names, properties, code in (
        (categories, _CATEGORY_FIELDS, _CATEGORY_PROPERTIES, CATEGORY),
        (kinds, _ACCESS_FIELDS, frozenset([SCHEMA + "conditionsOfAccess"]), ACCESS),
    ):
        stated = [
            (part, o, place) for _, p, o, place in mapped.triples if p in properties for part in _parts(_text(o))
        ]
        given = [(part, None, one.place) for one in found if one.names & names for part in _parts(one.value)]
        for part, term, place in [*stated, *given]:
            word = wanted.get(_squeezed(part)) or _concept(term, wanted, code, context)
            if word:
                return Issue(code, place, word)
    return None


def _may_hide(payload: bytes) -> bool:
    """Whether a payload can have a field that says hidden at all: most need not be read a second time."""
    small = payload[:MAX_PAYLOAD].lower()
    return any(word in small for word in _MAY_HIDE)


def _concept(term: Term | None, wanted: dict[str, str], code: str, context: MapContext) -> str:
    """The word of a rule that names the concept which a value was mapped to, "" if none does."""
    if not isinstance(term, Iri) or not owns(f"{context.iris.base}/id/concept", term):
        return ""
    values = context.values
    for word in wanted.values():
        if (values.concept("access", word) if code == ACCESS else values.subject(word)) == term:
            return word
    return ""


def without_columns(record: RawRecord, mapped: Mapped, context: MapContext) -> Mapped:
    """The record without what stands in the columns, fields or properties that stay back."""
    wanted = {_squeezed(name): name for name in context.feed.publish.get("columns", ())}
    if not wanted:
        return mapped
    node = context.iris.record(context.feed.id, record.key)
    places = {one.place: wanted[name] for one in fields(record) for name in one.names if name in wanted}
    kept: list[Placed] = []
    told: dict[str, str] = {}
    gone: set[Iri] = set()
    for triple in mapped.triples:
        s, p, o, place = triple
        name = _named(p, place, wanted, places)
        if p == MA + "correctedProperty" and isinstance(o, Iri) and _named(o, "", wanted, {}):
            gone.add(s)
        if not name or s == node or owns(f"{node}/correction", s) or p in (RDF_TYPE, SCHEMA + "provider"):
            kept.append(triple)
        else:
            told.setdefault(name, place)
    kept = [triple for triple in kept if triple[0] not in gone and triple[2] not in gone]
    said = tuple(Issue("publication-column", place, "", (("field", name),)) for name, place in told.items())
    # What a finding quotes would come out by another door.
    quiet = []
    for issue in mapped.issues:
        own = issue.code.startswith("correction-")
        about = Iri(SCHEMA + dict(issue.params).get("field", "")) if own else Iri("")
        if not _named(about, issue.place, wanted, places):
            quiet.append(issue)
        elif not own:
            quiet.append(replace(issue, value=""))
    return replace(mapped, triples=tuple(kept), issues=(*quiet, *said))


def _named(p: Iri, place: str, wanted: dict[str, str], places: dict[str, str]) -> str:
    """The name in a rule that a property or its place goes by, "" if none."""
    if place in places:
        return places[place]
    local = p.rpartition("/")[2].rpartition("#")[2]
    prefix = next((name for name, iri in PREFIXES.items() if p == iri + local), "")
    segments = (re.sub(r"\[.*", "", part).rpartition(":")[2] for part in _SEGMENT.split(place))
    for name in (local, prefix + local, *segments):
        if name and _squeezed(name) in wanted:
            return wanted[_squeezed(name)]
    return ""


def safe(record: RawRecord, mapped: Mapped, context: MapContext) -> Mapped:
    """The record without e-mail addresses and without addresses that only a house itself can open."""
    node = context.iris.record(context.feed.id, record.key)
    kept: dict[tuple[Iri, Iri, Term], str] = {}
    issues: dict[Issue, None] = {}
    for s, p, o, place in mapped.triples:
        if s == node and p == DCTERMS + "identifier":
            # The source's own id may be "4711@example.org"; it is no address to write to, and is needed.
            kept[(s, p, Literal(public_key(record.key)))] = place
            continue
        term: Term | None
        term, code = _safe_iri(o, context) if isinstance(o, Iri) else _safe_literal(o, context)
        if s == node and p == DCTERMS + "source" and term is None:
            home = context.academy.homepage
            open_ = is_iri(home) and not clean.is_private(home)
            term, code = Iri(home) if open_ else context.iris.catalog(context.academy.id), ""
        if code:
            issues[Issue(code, place)] = None
        if term is not None:
            kept.setdefault((s, p, term), place)
    triples = tuple((s, p, o, place) for (s, p, o), place in kept.items())
    return replace(mapped, triples=triples, issues=(*map(_quiet, mapped.issues), *issues))


def _quiet(issue: Issue) -> Issue:
    """A finding as it may be read by anybody: what it quotes tells no more than the entry does."""
    said = {text: _told(text) for text in (issue.value, *(text for _, text in issue.params))}
    if all(text == quiet for text, quiet in said.items()):
        return issue
    params = tuple((name, said[text]) for name, text in issue.params)
    return replace(issue, value=said[issue.value], params=params)


def _told(text: str) -> str:
    return clean.drop_private(clean.drop_emails(text)[0])[0] if "@" in text or ":" in text or "\\" in text else text


def _safe_iri(iri: Iri, context: MapContext) -> tuple[Iri | None, str]:
    if owns(context.iris.base, iri):
        return iri, ""
    if not is_iri(iri):
        # One address that is none would stop the load of a whole release.
        iri = Iri(mended_iri(iri))
        if not is_iri(iri):
            return None, "publication-no-address"
    scheme = iri.partition(":")[0].lower()
    if scheme == "mailto" or (("@" in iri or "%40" in iri) and clean.drop_emails(unquote(iri))[1]):
        return None, "publication-email"
    # "https://open.example/login?next=http%3A%2F%2Fintranet": an address may hold another.
    shown = unquote(iri) if "%" in iri else iri
    private = scheme == "file" or any(_is_private(origin) for origin in _ORIGIN.findall(shown))
    return (None, "publication-private") if private else (iri, "")


_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/?#<>\"'|]{1,300}")


@lru_cache(maxsize=1_000)
def _is_type(datatype: str) -> bool:
    return is_iri(datatype)


@lru_cache(maxsize=10_000)
def _is_private(origin: str) -> bool:
    """Whether scheme and host of an address are those of an intranet."""
    try:
        return clean.private_host(urlsplit(origin).hostname or "a.example")
    except ValueError:
        return False


def _safe_literal(literal: Literal, context: MapContext) -> tuple[Literal | None, str]:
    if literal.language and not _TAG.fullmatch(literal.language):
        literal = literal._replace(language="und")
    elif not literal.language and not _is_type(literal.datatype):
        literal = Literal(literal.value)
    if not literal.value.isprintable():
        # XML can say none of these, and half of the exports are XML.
        literal = literal._replace(value=_CONTROLS.sub("", literal.value))
    value, email = clean.drop_emails(literal.value)
    private = False
    if ("\\" in value or ":/" in value) and not owns(context.iris.base, value):
        value, private = clean.drop_private(value)
    code = "publication-email" if email else "publication-private" if private else ""
    return (literal._replace(value=value) if value.strip() or not code else None), code


def _is_hidden(one: Field) -> bool:
    if one.depth > 1 or not one.names & (_VISIBLE_FIELDS | _HIDDEN_FIELDS | _LISTING_FIELDS):
        return False
    said, word = clean.boolean(one.value), _squeezed(one.value)
    if one.names & _HIDDEN_FIELDS:
        return said is True
    if one.names & _LISTING_FIELDS:
        return word in ("none", "about")
    return said is False or (word in _HIDDEN_WORDS and word != "about")


def fields(record: RawRecord) -> Iterator[Field]:
    """The values of a JSON payload with the names of the fields that they stand in; none of another payload."""
    if len(record.payload) > MAX_PAYLOAD or record.payload[:1] not in (b"{", b"["):
        return
    try:
        content = json.loads(record.payload)
    except (ValueError, RecursionError):
        return
    if isinstance(content, dict) and isinstance(content.get("header"), dict) and isinstance(content.get("row"), dict):
        yield from _cells(content)
        return
    waiting: list[tuple[object, frozenset[str], str, int]] = [(content, frozenset(), "", 0)]
    count = 0
    while waiting and count < MAX_FIELDS:
        value, names, place, depth = waiting.pop()
        count += 1
        if isinstance(value, dict) and depth < MAX_DEPTH:
            for key, inner in value.items():
                name = _squeezed(str(key))
                step = 0 if name in _WRAPPERS else 1
                own = frozenset([name]) | (names if name in _NAMES else frozenset())
                waiting.append((inner, own, f"{place}/{key}", depth + step))
        elif isinstance(value, list) and depth < MAX_DEPTH:
            waiting += [(inner, names, f"{place}/{n}", depth) for n, inner in enumerate(value[:MAX_FIELDS])]
        elif isinstance(value, bool):
            yield Field(names, "true" if value else "false", place, depth)
        elif isinstance(value, str | int | float):
            yield Field(names, str(value)[:2000], place, depth)


def _cells(content: dict[str, object]) -> Iterator[Field]:
    """The cells of a table's row, by the template's field, the heading, and the field without its language."""
    header = content["header"]
    assert isinstance(header, dict)
    for part in ("row", "unknown"):
        cells = content.get(part)
        for field, value in cells.items() if isinstance(cells, dict) else ():
            heading = str(header.get(field, field))
            names = {_squeezed(heading), _squeezed(field)}
            if part == "row" and "_" in field:
                names.add(_squeezed(field.rpartition("_")[0]))
            yield Field(frozenset(names), str(value)[:2000], f"column «{heading}»", 1)


def _parts(value: str) -> list[str]:
    """A value, its items, and the steps of a path of categories ("Courses / Internal")."""
    items = [value, *clean.split_list(value[:2000], comma=True)]
    return list(dict.fromkeys(part.strip() for item in items for part in (item, *re.split(r"[/>»]", item)) if part))


def _squeezed(s: str) -> str:
    return clean.fold(s).replace(" ", "")


def _text(term: Term) -> str:
    return term.value if isinstance(term, Literal) else term.rpartition("/")[2]
