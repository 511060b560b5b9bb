"""Git repositories of lessons → the profile: what their own files say, then their host, then their README.

A value counts once, from the most deliberate file that states it (``tables/git_fields.tsv``); what a template put
there is left out by name. Places are "file: key" in the academy's own repository, or "repository settings: …" for
what its host keeps. Source: docs/profile.md, crosswalk of Git; formats as in ``harvesters/git_lessons.py``.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from registry import iris
from registry.crosswalk import clean, git_licence, git_markdown
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.git_agents import Agents
from registry.crosswalk.git_chapters import chapter, outline, page_of
from registry.crosswalk.git_markdown import Page
from registry.crosswalk.git_origins import archived, is_fork, of_another, origins, own_addresses, source_elsewhere
from registry.crosswalk.git_read import SETTINGS, Reader, repository_key
from registry.crosswalk.git_texts import descriptions, languages, pages_of, titles
from registry.crosswalk.record_node import describe
from registry.crosswalk.values import types_for
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

PROFILE = iris.MA.rstrip("#") + "/git-repository"
BOOKS = frozenset({"quarto-book", "bookdown", "jupyter-book"})
_STATUS = {
    "pre-alpha": "under-development", "alpha": "under-development", "beta": "under-development",
    "stable": "active", "concept": "under-development", "wip": "under-development", "active": "active",
    "inactive": "archived", "unsupported": "archived", "abandoned": "archived", "suspended": "archived",
}  # fmt: skip
_NO_LICENCE = frozenset({"noassertion", "none", "other", "null"})
_VERSION = re.compile(r"v?\.?(\d{1,6}(?:[._-]\d{1,6}){0,3})(?![\w.-]*(?:rc|alpha|beta|dev|pre))", re.I)


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one repository or chapter. Never raises on data: what is neither gives an issue and no triples."""
    builder = Builder(context.iris.resource(context.feed.id, record.key))
    try:
        data = json.loads(record.payload)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("repository"), dict):
        builder.issue("git-bad-payload", "", record.payload[:100].decode("utf-8", "replace"))
        return builder.mapped()
    read = Reader(builder, context, data)
    elsewhere = source_elsewhere(read)
    read.language = languages(read)
    if isinstance(data.get("chapter"), dict):
        site = _page(read, elsewhere)
        whole = Iri(site[0]) if site else context.iris.resource(context.feed.id, record.key.rpartition("#")[0])
        named = chapter(read, data["chapter"], whole, site)
        _licence(read)
    else:
        pages = pages_of(read)
        named = _whole(read, pages, elsewhere)
    if not named:
        told = builder.mapped().issues
        if not told:
            builder.issue("git-bad-payload", "", record.payload[:100].decode("utf-8", "replace"))
        return Mapped(builder.resource, (), told or builder.mapped().issues)
    builder.type(iris.DCAT + "Resource")
    builder.add("provider", context.iris.academy(context.academy.id), "")
    if data["repository"].get("public") is True:
        builder.add("isAccessibleForFree", Literal("true", XSD + "boolean"), f"{SETTINGS}: visibility")
    describe(builder, record, context, PROFILE)
    return builder.mapped()


def _whole(read: Reader, pages: list[tuple[str, Page]], elsewhere: list[tuple[str, str]]) -> bool:
    """A repository as a whole; False where nothing gives it a name."""
    build, repository = read.build, read.data["repository"]
    if not titles(read, pages):
        return False
    descriptions(read, pages)
    site = _page(read, elsewhere)
    if site is not None:
        build.add("url", Iri(site[0]), site[1])
    address = clean.url(str(repository.get("address", "")))
    if address:
        build.add("codeRepository", Iri(address), f"{SETTINGS}: address")
    _licence(read)
    _types(read)
    _dates(read, elsewhere)
    _identifiers(read, pages, elsewhere)
    agents = Agents(read)
    agents.add("author", "author")
    agents.add("contributor", "contributor")
    agents.add("publisher", "publisher")
    _keywords(read)
    _concepts(read)
    _status(read, pages)
    origins(read, elsewhere, pages)
    outline(read, site)
    read.unknown()
    return True


def _page(read: Reader, elsewhere: list[tuple[str, str]]) -> tuple[str, str] | None:
    """The lesson's own page: a stated site, the host's home page, else the repository itself.

    In a copy whose configuration still names the original, the configured site is the original's.
    """
    repository = read.data["repository"]
    address = clean.url(str(repository.get("address", "")))
    borrowed = {place.partition(":")[0] for _, place in elsewhere}
    parents = {clean.canonical_url(str(value)) for name in ("parent", "source", "forked_from_project")
               for value in [read.host(f"{name}.homepage", f"{name}.website")[0]] if value}  # fmt: skip
    stated = [(word, place) for word, place in read.words("page") if place.partition(":")[0] not in borrowed]
    home, place = read.host("homepage", "website")
    stated += [(home, place)] if isinstance(home, str) else []
    for word, where in stated:
        site = clean.url(word)
        if site is None:
            read.build.issue("git-address", where, word)
        elif clean.canonical_url(site) not in parents and not _of_another(site, address or ""):
            return (
                (site, where) if repository_key(site) not in own_addresses(read) or not address else (address, where)
            )
    if address is None:
        return None
    folder = str(repository.get("folder", ""))
    return (page_of(read, "") or address, f"{SETTINGS}: address") if folder else (address, f"{SETTINGS}: address")


def _of_another(site: str, address: str) -> bool:
    """Whether a site is published from the pages of another owner of the same host (copied with the repository)."""
    pages = re.fullmatch(r"([a-z0-9-]+)\.(github|gitlab)\.io", (urlsplit(site).hostname or "").lower())
    steps = [step for step in urlsplit(address).path.split("/") if step]
    return bool(
        pages and steps and f"{pages[2]}." in (urlsplit(address).hostname or "") and pages[1] != steps[0].lower()
    )


def _licence(read: Reader) -> None:
    """The licence that the most deliberate file states, else the words of LICENSE, else the host, else the feed's."""
    build, values = read.build, read.context.values
    found: list[tuple[Iri, str]] = []
    unknown: tuple[str, str] | None = None
    for word, place in read.words("licence"):
        licence = values.licence(git_markdown.plain(word)) or values.licence(word)
        if licence is not None:
            found.append((licence, place))
        elif unknown is None:
            unknown = (word, place)
    files = {
        path: str(text.get("text", ""))
        for path, text in read.texts().items()
        if re.match(r"(?:un)?licen|copying", path, re.I)
    }
    proved, several = git_licence.of_files(files, str(read.data.get("kind", "")) == "carpentries")
    for name, path in proved:
        if (licence := values.licence(name)) is not None:
            found.append((licence, path))
    for value, place in (read.host("license.spdx_id"), read.host("license.key"), read.host("licenses")):
        for word in value if isinstance(value, list) else [value]:
            licence = values.licence(word) if isinstance(word, str) and word.lower() not in _NO_LICENCE else None
            found += [(licence, place)] if licence is not None else []
    if found:
        first = found[0][1].partition(":")[0]
        for licence, place in found:
            if place.partition(":")[0] == first:
                build.add("license", licence, place)
        others = [(one, place) for one, place in found if one not in build.objects("license") and place != found[0][1]]
        if others:
            build.issue(
                "git-licences-differ",
                others[0][1],
                others[0][0].rpartition("/")[2],
                used=found[0][0].rpartition("/")[2],
            )
    if unknown is not None and found:
        build.issue("git-licence", unknown[1], unknown[0])
    elif unknown is not None:
        build.string("license", clean.line(unknown[0])[:300], unknown[1])
        build.issue("git-licence", unknown[1], unknown[0])
    elif several and not found:
        build.issue("git-licences-several", ", ".join(sorted(files)))
    elif files and not found:
        build.issue("git-licence-text", ", ".join(sorted(files)))
    if not build.objects("license") and read.context.feed.licence and not several:
        licence = values.licence(read.context.feed.licence)
        if licence is not None:
            build.add("license", licence, "")


def _types(read: Reader) -> None:
    build, values = read.build, read.context.values
    notations: list[tuple[str, str]] = []
    for word, place in read.words("type"):
        concept = values.concept("resource-type", word)
        if concept is None:
            build.string("learningResourceType", clean.line(word), place)
            build.issue("value-unknown", place, word, field=place, scheme="resource-type")
        else:
            notations.append((concept.rpartition("/")[2], place))
    if not notations and not build.objects("learningResourceType"):
        kind = str(read.data.get("kind", ""))
        notations = [("handbook-textbook" if kind in BOOKS else "git-lesson", "")]
    for notation, place in notations:
        build.add("learningResourceType", read.context.iris.concept("resource-type", notation), place)
    for notation, place in notations or [("", "")]:
        for kind in types_for(notation):
            build.type(kind, place)


def _dates(read: Reader, elsewhere: list[tuple[str, str]]) -> None:
    """Created as stated (not in a copy's configuration), else by the host, else the first commit; the last commit."""
    build = read.build
    borrowed = {place.partition(":")[0] for _, place in elsewhere}
    created = [(word, place) for word, place in read.words("created") if place.partition(":")[0] not in borrowed]
    host, where = read.host("created_at")
    created += [(str(host), where)] if host else []
    created += [(str(read.data.get("first_date") or ""), "first commit")] if not elsewhere else []
    modified = [*read.words("modified"), (str(read.data.get("date") or ""), "last commit")]
    for predicate, stated in (
        ("dateCreated", created),
        ("datePublished", list(read.words("published"))),
        ("dateModified", modified),
    ):
        for word, place in stated:
            if not word or read.is_default("created", word) or word in ("today", "now", "last-modified"):
                continue
            date = clean.date(word)
            if date is not None:
                build.add(predicate, date, place)
                break
            if not word.startswith(("`r", "r ")):  # a date that R computes
                build.issue("git-date", place, word)


def _identifiers(read: Reader, pages: list[tuple[str, Page]], elsewhere: list[tuple[str, str]]) -> None:
    """DOIs of the files, and of a badge; those that a copy kept from its original name what it is based on."""
    build = read.build
    borrowed = of_another(read, elsewhere)
    for word, place in read.words("doi"):
        doi = clean.doi(word)
        if place.partition(":")[0] in borrowed:
            if doi is not None:
                build.add("isBasedOn", Iri(doi), place)
            continue
        if doi is not None:
            build.add("identifier", Iri(doi), place)
        elif not clean.url(word) and not word.startswith("10."):
            build.string("identifier", clean.line(word)[:300], place)
    if elsewhere or is_fork(read):
        return
    for path, page in pages[:1]:
        dois = {
            clean.doi(badge.removesuffix(".svg").replace("zenodo.org/badge/DOI/", "doi.org/")) for badge in page.badges
        }
        for doi in sorted(filter(None, dois))[:1]:
            if not any(str(one).startswith("https://doi.org/") for one in build.objects("identifier")):
                build.add("identifier", Iri(doi), f"{path}: badge")
    _version(read)


def _version(read: Reader) -> None:
    """The stated version, else the highest tag."""
    for word, place in read.words("version"):
        if len(word) <= 40:
            read.build.string("version", clean.line(word), place)
            return
    tags = read.data.get("tags")
    found = [(tag, numbers) for tag in (tags if isinstance(tags, list) else [])
             if isinstance(tag, str) and len(tag) <= 40 and (numbers := _VERSION.fullmatch(tag))]  # fmt: skip
    if found:
        best = max(found, key=lambda one: ([int(part) for part in re.split(r"[._-]", one[1][1])], one[0]))
        read.build.string("version", best[0], f"tag {best[0]}")


def _keywords(read: Reader) -> None:
    """Keywords without a template's, and the host's topics; a known subject is one."""
    seen: set[str] = set()
    topics, where = read.host("topics", "tag_list")
    words = [*read.words("keywords"), *((str(one), where) for one in (topics if isinstance(topics, list) else []))]
    for several, place in words:
        for raw in clean.split_list(several, comma=True):
            word = read.text(clean.line(raw.replace("-", " ") if place == where else raw), place)
            if not word or word.isdigit() or clean.fold(word) in seen or read.is_default("keywords", raw.strip()):
                continue
            seen.add(clean.fold(word))
            subject = read.context.values.subject(word)
            if subject is not None:
                read.build.add("about", subject, place)
            elif len(seen) <= 60:
                read.build.text("keywords", word[:200], read.language, place)


def _concepts(read: Reader) -> None:
    """Controlled values of OERSI's metadata.yml, and what it says is learnt."""
    build, values = read.build, read.context.values
    for word, place in read.words("about"):
        subject = values.subject(word)
        if subject is not None or clean.url(word):
            build.add("about", subject or Iri(str(clean.url(word))), place)
        else:
            build.text("keywords", clean.line(word), read.language, place)
    for name, predicate, scheme in (("level", "educationalLevel", "level"), ("audience", "audience", "audience")):
        for word, place in read.words(name):
            concept = values.concept(scheme, word)
            if concept is not None:
                build.add(predicate, concept, place)
            else:
                build.string(predicate, clean.line(word), place)
                build.issue("value-unknown", place, word, field=place, scheme=scheme)
    for word, place in read.words("teaches"):
        build.text("teaches", read.text(clean.line(word), place), read.language, place)
    for word, place in read.words("duration"):
        length = clean.duration(word)
        if length is None:
            build.issue("git-duration", place, word)
        elif not build.objects("timeRequired"):
            build.add("timeRequired", Literal(length, XSD + "duration"), place)


def _status(read: Reader, pages: list[tuple[str, Page]]) -> None:
    """Archived by its host or by its own first lines, else as stated."""
    value, place = read.host("archived")
    status, target = "archived" if value is True else "", None
    for path, page in pages[:1]:
        said, target = archived(page)
        if said and not status:
            status, place = "archived", f"{path}: first paragraph"
    if target:
        read.build.add(iris.DCTERMS + "relation", Iri(target), f"{pages[0][0]}: first paragraph")
    for word, where in read.words("status"):
        known = (
            _STATUS.get(word.lower()) or (read.context.values.concept("work-status", word) or "").rpartition("/")[2]
        )
        if not known:
            read.build.issue("value-unknown", where, word, field=where, scheme="work-status")
        elif not status:
            status, place = known, where
    if status:
        read.build.add("creativeWorkStatus", read.context.iris.concept("work-status", status), place)
