"""Which files of a repository describe a lesson, and which of them are its chapters, in their order.

Nothing is mapped here. Sources: The Carpentries Workbench (config.yaml, episodes/) and its Jekyll predecessor
(_config.yml, _episodes/); Quarto (_quarto.yml: book, website, manuscript); bookdown (_bookdown.yml, index.Rmd);
MkDocs (nav); Jupyter Book 1 and MyST (_toc.yml, myst.yml).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harvesters import git_texts
from harvesters.git_texts import Unread
from registry.model import Issue

MAX_WANTED = 600
MAX_CHAPTERS = 300
CHAPTER_TEXT = 12_000
LICENCE_TEXT = 6000
CONFIGS = (
    "config.yaml", "config.yml", "_config.yml", "_config.yaml", "_quarto.yml", "_quarto.yaml", "_bookdown.yml",
    "_toc.yml", "myst.yml", "mkdocs.yml", "mkdocs.yaml",
)  # fmt: skip
DATA = ("CITATION.cff", "metadata.yml", "metadata.yaml", "codemeta.json", ".zenodo.json")
_README = re.compile(r"(?:(?:docs|\.github)/)?readme(?:[._-][a-z]{2,3}(?:[_-][a-z]{2,4})?)?(?:\.(?:md|rst|txt|rmd|qmd|"
                     r"markdown|adoc|org))?", re.I)  # fmt: skip
_INDEX = re.compile(r"(?:docs/)?index\.(?:md|rmd|qmd|ipynb|markdown|rst)", re.I)
_LICENCE = re.compile(r"(?:licen[cs]e|copying|licence|unlicense)[^/]{0,40}|licenses/[^/]{1,80}\.txt", re.I)
_OTHER = re.compile(r"citation(?:\.txt|\.md)?", re.I)
_TEXT = re.compile(r"\.(?:md|rmd|qmd|markdown|ipynb|rst)$", re.I)
_EPISODES = re.compile(r"(?:_?episodes|_episodes_rmd)/[^/]+\.(?:md|rmd|qmd|ipynb)", re.I)
HEADING = re.compile(r"^#\s+(\S[^\n]{0,300})$", re.MULTILINE)
# What stands in a lesson beside its chapters, in full, without marks and capitals.
_ASIDES = frozenset(
    "reference|references|bibliography|works cited|list of references|literature|further reading|"
    "setup|set up|installation|install|install instructions|installation instructions|setup instructions|"
    "software setup|software installation|index|table of contents|"
    "license|licence|acknowledgments|acknowledgements|changelog|change log|contributing|code of conduct|404|"
    "référence|références|bibliographie|références bibliographiques|table des matières|remerciements|"
    "installation des logiciels|licences|"
    "referencia|referencias|bibliografía|referencias bibliográficas|instalación|índice|"
    "licencia|agradecimientos|literatur|literaturverzeichnis|einrichtung|lizenz".split("|")
)
_LANGUAGE_FOLDERS = (
    re.compile(r"(?:locale|locales|i18n|translations|lang)/([a-z]{2,3}(?:[_-][A-Za-z]{2,4})?)/"),
    re.compile(r"_?(?:episodes|lessons|chapters|slides)[._-]([a-z]{2}(?:[_-][A-Z]{2})?)/"),
)


@dataclass(slots=True)
class Lesson:
    """What a repository says about itself: parsed files, texts, and chapters. ``kind`` names its tool."""

    kind: str = ""
    documents: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, dict[str, Any]] = field(default_factory=dict)
    chapters: list[dict[str, Any]] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def wanted(paths: Iterable[str]) -> list[str]:
    """The files to read: what describes the repository first, then texts that may be chapters."""
    paths = sorted(paths)
    named = [path for path in paths if path in CONFIGS or path in DATA or describes(path)]
    texts = sorted((path for path in paths if _TEXT.search(path) and path not in named),
                   key=lambda path: (_EPISODES.fullmatch(path) is None, path.count("/"), path))  # fmt: skip
    return [*named, *texts][:MAX_WANTED]


def describes(path: str) -> bool:
    """Whether a file is a README, a licence, a front page or a citation."""
    return any(pattern.fullmatch(path) for pattern in (_README, _INDEX, _LICENCE, _OTHER))


def read(files: Iterable[str], texts: dict[str, bytes]) -> Lesson:
    """A lesson from the paths of a repository and the texts that were read."""
    lesson = Lesson()
    for path in (*CONFIGS, *DATA):
        if path in texts:
            parse = git_texts.from_json if path.endswith(".json") else git_texts.from_yaml
            try:
                found = parse(git_texts.text(texts[path], git_texts.MAX_YAML))
            except Unread as error:
                lesson.issues.append(Issue("git-broken-file", path, str(error)))
                continue
            if isinstance(found, dict | list) and found:
                lesson.documents[path] = found
    for path in sorted(texts):
        if describes(path):
            limit = LICENCE_TEXT if _LICENCE.fullmatch(path) else git_texts.MAX_TEXT
            lesson.texts[path] = _text(path, texts[path], limit, lesson)
    paths = sorted(files)
    lesson.kind, listed = _structure(lesson.documents, paths)
    for path, title, section in listed:
        if len(lesson.chapters) >= MAX_CHAPTERS:
            lesson.issues.append(Issue("git-many-chapters", path, str(MAX_CHAPTERS)))
            break
        chapter: dict[str, Any] = {
            "path": path,
            **({"title": title} if title else {}),
            **({"section": section} if section else {}),
        }
        if path in texts:
            chapter |= _text(path, texts[path], CHAPTER_TEXT, lesson)
        if not _is_held_back(chapter.get("front", {})):
            lesson.chapters.append(chapter)
    found_languages = {match[1] for path in paths for pattern in _LANGUAGE_FOLDERS if (match := pattern.match(path))}
    lesson.languages = sorted(found_languages)[:30]
    return lesson


def _is_held_back(front: dict[str, Any]) -> bool:
    """Whether a chapter is marked as a draft."""
    return any(str(front.get(key, "")).lower() == word for key, word in (("draft", "true"), ("published", "false")))


def is_aside(chapter: Mapping[str, Any]) -> bool:
    """Whether a chapter teaches nothing by itself: references, setup and the like, by its whole title, else name.

    An episode that says how long it is taught, or what is learnt, is one all the same.
    """
    front = chapter.get("front")
    if isinstance(front, dict) and any(front.get(key) for key in ("teaching", "exercises", "objectives")):
        return False
    heading = HEADING.search(str(chapter.get("text", "")))
    titles = (front.get("title") if isinstance(front, dict) else None, chapter.get("title"), heading and heading[1])
    stem = re.sub(r"^[\d_.-]+", "", posixpath.splitext(posixpath.basename(str(chapter.get("path", ""))))[0])
    title = next((one for one in titles if isinstance(one, str) and one.strip()), stem)
    title = re.sub(r"\{[^{}]{0,200}\}", " ", title)  # {.unnumbered}
    return " ".join(re.sub(r"[\W_]+", " ", title[:200].lower()).split()) in _ASIDES


def _text(path: str, data: bytes, limit: int, lesson: Lesson) -> dict[str, Any]:
    source = git_texts.text(data, 4 << 20 if path.endswith(".ipynb") else limit)
    try:
        front, body = git_texts.notebook(source) if path.endswith(".ipynb") else git_texts.front(source)
    except Unread as error:
        lesson.issues.append(Issue("git-broken-file", path, str(error)))
        front, body = {}, source if not path.endswith(".ipynb") else ""
    return {**({"front": front} if front else {}), "text": body[:limit]}


_Listed = list[tuple[str, str, str]]  # path, title, section


def _structure(documents: dict[str, Any], paths: list[str]) -> tuple[str, _Listed]:
    """The tool that makes the lesson, and its chapters as (path, title, section)."""
    there = set(paths)

    def config(*names: str) -> dict[str, Any]:
        return next((documents[name] for name in names if isinstance(documents.get(name), dict)), {})

    workbench = config("config.yaml", "config.yml")
    jekyll = config("_config.yml", "_config.yaml")
    if "carpentry" in workbench or "episodes" in workbench or "carpentry" in jekyll or "lesson_repo" in jekyll:
        return "carpentries", _episodes(workbench, paths)
    quarto = config("_quarto.yml", "_quarto.yaml")
    if isinstance(quarto.get("book"), dict):
        return "quarto-book", _existing(
            _flat([quarto["book"].get("chapters"), quarto["book"].get("appendices")]), there
        )
    if isinstance(quarto.get("website"), dict):
        listed = _existing(_sidebar(quarto["website"]), there)
        return "quarto-website", listed or _existing(_rendered(quarto.get("project"), paths), there)
    if "_bookdown.yml" in documents:
        return "bookdown", _bookdown(documents["_bookdown.yml"], paths)
    if "_toc.yml" in documents or "myst.yml" in documents:
        project = config("myst.yml").get("project")
        toc = documents.get("_toc.yml") or (project.get("toc") if isinstance(project, dict) else None)
        return "jupyter-book", _existing(_flat(toc), there)
    mkdocs = config("mkdocs.yml", "mkdocs.yaml")
    if mkdocs:
        base = mkdocs.get("docs_dir") if isinstance(mkdocs.get("docs_dir"), str) else "docs"
        return "mkdocs", _existing(_nav(mkdocs.get("nav"), str(base), ""), there)
    if any(_EPISODES.fullmatch(path) for path in paths):
        return "carpentries", _episodes({}, paths)
    return ("quarto" if quarto else "jekyll" if jekyll else ""), []


def _episodes(config: dict[str, Any], paths: list[str]) -> _Listed:
    """The episodes in the order of the configuration, else of their names."""
    found = [path for path in paths if _EPISODES.fullmatch(path)]
    names = config.get("episodes")
    if isinstance(names, list) and names:
        order = [f"episodes/{name}" for name in names if isinstance(name, str)]
        return [(path, "", "") for path in dict.fromkeys(order) if path in set(paths)]
    stems: dict[str, str] = {}
    for path in sorted(found, key=lambda path: (posixpath.basename(path), not path.startswith("_episodes_rmd"))):
        stem = posixpath.splitext(posixpath.basename(path))[0]
        if stem.lower() not in ("readme", "index"):
            stems.setdefault(stem, path)  # a page and the R Markdown that it is made from are one
    return [(path, "", "") for _, path in sorted(stems.items())]


def _flat(value: Any, section: str = "", depth: int = 0) -> Iterator[tuple[str, str, str]]:
    """Chapters of nested lists and parts (Quarto, Jupyter Book, MyST)."""
    if depth > 10:
        return
    if isinstance(value, str):
        yield value, "", section
    elif isinstance(value, list):
        for one in value:
            yield from _flat(one, section, depth + 1)
    elif isinstance(value, dict):
        path = next((value[key] for key in ("file", "href") if isinstance(value.get(key), str)), "")
        title = next((value[key] for key in ("title", "text") if isinstance(value.get(key), str)), "")
        part = next((value[key] for key in ("part", "caption", "section") if isinstance(value.get(key), str)), "")
        if path:
            yield path, title, section
        elif _TEXT.search(part):
            yield part, "", section
        below = part if part and not _TEXT.search(part) else title if title and not path else section
        for key in ("root", "chapters", "parts", "sections", "children", "contents", "format_chapters"):
            if key == "root" and depth <= 1:
                continue  # the front page is the whole, not a chapter
            yield from _flat(value.get(key), below, depth + 1)


def _sidebar(website: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    bars = website.get("sidebar")
    for bar in bars if isinstance(bars, list) else [bars]:
        if isinstance(bar, dict):
            yield from _flat(bar.get("contents"))


def _rendered(project: Any, paths: list[str]) -> Iterator[tuple[str, str, str]]:
    """The pages that a Quarto project renders, where it names them."""
    patterns = project.get("render") if isinstance(project, dict) else None
    for pattern in patterns if isinstance(patterns, list) else []:
        if isinstance(pattern, str) and not pattern.startswith("!"):
            plain = pattern.lstrip("/")[:200]
            exact = "*" not in plain
            for path in [plain] if exact else [one for one in paths if _TEXT.search(one) and _glob(plain, one)]:
                if "/_" not in f"/{path}":
                    yield path, "", ""


def _glob(pattern: str, path: str) -> bool:
    """Whether a path is below the fixed beginning of a pattern and ends as it does."""
    return path.startswith(pattern.partition("*")[0]) and path.endswith(pattern.rpartition("*")[2])


def _nav(value: Any, base: str, section: str, depth: int = 0) -> Iterator[tuple[str, str, str]]:
    """The pages of an MkDocs nav: entries are "page.md" or {title: page or list}."""
    if depth > 10:
        return
    for one in value if isinstance(value, list) else []:
        pairs = one.items() if isinstance(one, dict) else [("", one)]
        for title, below in pairs:
            if isinstance(below, list):
                yield from _nav(below, base, title, depth + 1)
            elif isinstance(below, str) and "://" not in below:
                yield posixpath.normpath(posixpath.join(base, below)), title, section


def _bookdown(config: Any, paths: list[str]) -> _Listed:
    """rmd_files, or all R Markdown files of the folder by name with the index first."""
    config = config if isinstance(config, dict) else {}
    base = config.get("rmd_subdir") if isinstance(config.get("rmd_subdir"), str) else ""
    named = config.get("rmd_files")
    if isinstance(named, dict):
        named = next((one for one in named.values() if isinstance(one, list)), None)
    if isinstance(named, list):
        return [(one, "", "") for one in named if isinstance(one, str) and one in set(paths) and not _is_index(one)]
    return [
        (path, "", "") for path in paths
        if path.lower().endswith(".rmd") and (("/" not in path) or (base and path.startswith(f"{base}/")))
        and not posixpath.basename(path).startswith("_") and not _is_index(path)
    ]  # fmt: skip


def _is_index(path: str) -> bool:
    return re.fullmatch(r"(?:docs/)?(?:index|readme|intro_page)\.\w+", path, re.I) is not None


def _existing(listed: Iterable[tuple[str, str, str]], there: set[str]) -> _Listed:
    """Chapters that are files here, each once; a name without its ending is completed."""
    found: dict[str, tuple[str, str, str]] = {}
    for path, title, section in listed:
        plain = posixpath.normpath(path.partition("#")[0].lstrip("/"))
        names = [plain, *(plain + end for end in (".md", ".ipynb", ".rst", ".qmd", ".Rmd"))]
        name = next((one for one in names if one in there and _TEXT.search(one)), "")
        if name and not _is_index(name):
            found.setdefault(name, (name, title, section))
    return list(found.values())
