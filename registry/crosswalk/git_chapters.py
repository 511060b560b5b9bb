"""Chapters: as entries of their own that are part of the lesson, and as the outline of the whole.

Sources: front matter of The Carpentries (title, teaching, exercises, objectives), Quarto and bookdown; the Workbench's
fenced divs (objectives).
"""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import quote

from registry.crosswalk import clean, git_markdown
from registry.crosswalk.git_agents import Agents
from registry.crosswalk.git_read import Reader, items
from registry.crosswalk.values import types_for
from registry.iris import SCHEMA
from registry.terms import XSD, Iri, Literal

_OBJECTIVES = re.compile(r"^:{3,}\s*\{?\.?(?:objectives|learning-objectives)\b[^\n]*\n(.{1,4000}?)^:{3,}", re.M | re.S)
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,2}[.)])[ \t]+(\S[^\n]*(?:\n[ \t]+\S[^\n]*)*)", re.MULTILINE)
_BLOB = {"github": "blob", "gitlab": "-/blob", "gitea": "src/branch"}
_TREE = {"github": "tree", "gitlab": "-/tree", "gitea": "src/branch"}
MAX_MINUTES = 60 * 24 * 30


def page_of(read: Reader, path: str) -> str | None:
    """The page of a file, or of the lesson's folder, on the repository's host; None where its form is not known."""
    repository = read.data.get("repository")
    if not isinstance(repository, dict):
        return None
    address = clean.url(str(repository.get("address", "")))
    way = (_BLOB if path else _TREE).get(str(repository.get("host", "")))
    branch, folder = str(repository.get("branch") or "HEAD"), str(repository.get("folder", ""))
    if address is None or way is None:
        return None
    below = "/".join(filter(None, (folder, path)))
    return clean.url(f"{address.removesuffix('/')}/{way}/{quote(branch)}/{quote(below)}")


def site_page(read: Reader, path: str, site: tuple[str, str] | None) -> str | None:
    """The page of a chapter: on the lesson's own site where its tool makes it, else the file on the host."""
    if (
        site is not None
        and str(read.data.get("kind")) == "carpentries"
        and not site[1].startswith("repository settings: address")
    ):
        stem = posixpath.splitext(posixpath.basename(path))[0]
        name = f"{stem}.html" if path.startswith("episodes/") else f"{stem}/index.html"
        return clean.url(f"{site[0].rstrip('/')}/{name}")
    return page_of(read, path)


def title_of(chapter: dict[str, Any], read: Reader) -> tuple[str, str]:
    """A chapter's title and its place: as front matter or configuration says, else its heading, else its name."""
    path = str(chapter.get("path", ""))
    front = chapter.get("front")
    stated = front.get("title") if isinstance(front, dict) else None
    heading = chapter.get("heading")
    if not isinstance(heading, str) and isinstance(chapter.get("text"), str):
        heading = git_markdown.read(chapter["text"]).heading
    for value, place in (
        (stated, f"{path}: title"),
        (chapter.get("title"), f"{path}: title"),
        (heading, f"{path}: heading"),
    ):
        if (
            isinstance(value, str)
            and (title := read.text(git_markdown.plain(value), place))
            and not title.startswith("`r")
        ):
            return title[:500], place
    words = re.sub(r"^[\d_.-]+", "", posixpath.splitext(posixpath.basename(path))[0])
    words = re.sub(r"[-_]+", " ", words or path).strip()
    return words[:1].upper() + words[1:], path


def minutes(front: Any) -> int:
    """Teaching and exercises of an episode, in minutes; 0 when they are not given."""
    found = 0
    for key in ("teaching", "exercises"):
        value = str(front.get(key, "")) if isinstance(front, dict) else ""
        found += int(value) if re.fullmatch(r"\d{1,4}", value) else 0
    return found if found <= MAX_MINUTES else 0


def _duration(total: int) -> Literal:
    hours, rest = divmod(total, 60)
    return Literal("PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest else ""), XSD + "duration")


def chapter(read: Reader, data: dict[str, Any], whole: Iri, site: tuple[str, str] | None) -> bool:
    """A chapter as a resource of its own."""
    build, path = read.build, str(data.get("path", ""))
    given = data.get("front")
    front: dict[str, Any] = given if isinstance(given, dict) else {}
    title, place = title_of(data, read)
    if not title:
        return False
    build.text("name", title, read.language, place)
    if address := site_page(read, path, site):
        build.add("url", Iri(address), path)
    build.add("isPartOf", whole, path)
    build.add("learningResourceType", read.context.iris.concept("resource-type", "module"), path)
    for kind in types_for(None):
        build.type(kind, path)
    text = str(data.get("text", ""))
    stated = next(
        (front[key] for key in ("description", "abstract", "summary") if isinstance(front.get(key), str)), ""
    )
    description = read.text(clean.text(stated), f"{path}: description")
    page = git_markdown.read(_OBJECTIVES.sub("", text))
    if not description:
        words = [one.text for one in page.paragraphs if len(one.text) > 40 and not one.text.startswith(("!!!", "???"))]
        description = read.text("\n".join(words[:3])[:3000], path)
    build.text(
        "description", description, read.language, f"{path}: description" if stated else f"{path}: first paragraph"
    )
    objectives = (
        [(one, f"{path}: objectives") for one, _ in items(front.get("objectives"), path)]
        if front.get("objectives")
        else []
    )
    for block in list(_OBJECTIVES.finditer(text))[:3]:
        objectives += [(item[1], f"{path}: objectives") for item in _ITEM.finditer(block[1])]
    for word, where in objectives[:30]:
        build.text("teaches", read.text(git_markdown.plain(" ".join(word.split())), where)[:500], read.language, where)
    if total := minutes(front):
        build.add("timeRequired", _duration(total), f"{path}: teaching")
    for key, predicate in (
        ("date", "datePublished"),
        ("date-modified", "dateModified"),
        ("date_modified", "dateModified"),
    ):
        date = clean.date(str(front.get(key, "")))
        if date is not None and not build.objects(predicate):
            build.add(predicate, date, f"{path}: {key}")
    for key in ("keywords", "categories", "tags"):
        for word, where in items(front.get(key), f"{path}: {key}"):
            for one in clean.split_list(word, comma=True):
                if not read.is_default("keywords", one):
                    build.text("keywords", read.text(clean.line(one), where)[:200], read.language, where)
    Agents(read.alone("index", path, front)).add("author", "author")
    return True


def outline(read: Reader, site: tuple[str, str] | None) -> None:
    """The whole's parts: addresses of chapters that are entries of their own, all titles, the time they take."""
    listed = read.data.get("chapters")
    chapters = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if not chapters:
        return
    build, own = read.build, read.data.get("own_chapters") is True
    taught = [one for one in chapters if one.get("aside") is not True]
    for one in taught if own else []:
        if address := site_page(read, str(one.get("path", "")), site):
            build.add("hasPart", Iri(address), str(one.get("path", "")))
    node, titles = build.child("syllabus", 1), [title_of(one, read)[0] for one in taught or chapters]
    build.add("syllabusSections", node, "chapters")
    build.type(SCHEMA + "Syllabus", "chapters", node)
    build.text("description", "\n".join(dict.fromkeys(titles))[:20_000], read.language, "chapters", node)
    total = sum(minutes(one.get("front")) for one in chapters)
    if total and total <= MAX_MINUTES and not build.objects("timeRequired"):
        build.add("timeRequired", _duration(total), "chapters: teaching")
