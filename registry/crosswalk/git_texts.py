"""A repository's language, title and description, from its configuration, README, citation or name.

Source: docs/profile.md, crosswalk of Git.
"""

from __future__ import annotations

import re

from registry.crosswalk import clean, git_markdown
from registry.crosswalk.git_markdown import Page
from registry.crosswalk.git_read import SETTINGS, Reader, defaults

README = re.compile(r"(?:(?:docs|\.github)/)?readme(?:[._-]([a-z]{2,3}(?:[_-][a-z]{2,4})?))?(?:\.\w+)?", re.I)
_QUOTED = re.compile(r"[\"“«]\s*([^\"”»]{5,200}?)[.,]?\s*[\"”»]")


def pages_of(read: Reader) -> list[tuple[str, Page]]:
    """The READMEs in the main language first, then the front page: (path, page)."""
    found: list[tuple[int, str, Page]] = []
    for path, text in read.texts().items():
        body = text.get("text")
        readme = README.fullmatch(path)
        front_page = re.fullmatch(r"(?:docs/)?index\.\w+", path, re.I)
        if isinstance(body, str) and (readme or front_page):
            rank = 2 if front_page else 1 if readme and readme[1] else 0
            found.append((rank, path, git_markdown.read(body, restructured=path.endswith(".rst"))))
    return [(path, page) for _, path, page in sorted(found, key=lambda one: one[:2])]


def languages(read: Reader) -> str:
    """inLanguage; gives the language of texts that do not state theirs."""
    known: list[str] = []
    first = ""
    for word, place in read.words("language"):
        if known and place.partition(":")[0] != first:
            break
        tag = read.context.values.language(word)
        if tag is None:
            read.build.issue("git-language", place, word)
            continue
        first = place.partition(":")[0]
        read.build.string("inLanguage", tag, place)
        known.append(tag)
    if not known:
        spoken = {read.context.values.language(str(one)) for one in _chapter_languages(read)}
        if len(spoken) == 1 and (only := next(iter(spoken))):
            read.build.string("inLanguage", only, "chapters: lang")
            known.append(only)
    main = known[0] if known else read.context.feed.language or "und"
    if not known and read.context.feed.language:
        read.build.string("inLanguage", read.context.feed.language, "")
    others = read.data.get("languages")
    for word in others if isinstance(others, list) else []:
        tag = read.context.values.language(str(word))
        if tag is not None and tag.partition("-")[0] != main.partition("-")[0]:
            read.build.string("inLanguage", tag, f"folder {word}")
    return main


def _chapter_languages(read: Reader) -> list[str]:
    chapters = read.data.get("chapters")
    chapters = chapters if isinstance(chapters, list) else [read.data.get("chapter")]
    fronts = [one.get("front") for one in chapters if isinstance(one, dict)]
    return [one["lang"] for one in fronts if isinstance(one, dict) and isinstance(one.get("lang"), str)]


def titles(read: Reader, pages: list[tuple[str, Page]]) -> bool:
    """The title from a configuration, else from the README, a citation, or the repository's name."""
    build, name = read.build, str(read.data["repository"].get("name", ""))
    slug = clean.fold(re.sub(r"[-_.]+", " ", name))
    found: list[tuple[str, str]] = []
    for value, place in read.stated("title"):
        if isinstance(value, dict):  # by language
            for tag, text in value.items():
                language = read.context.values.language(str(tag))
                if isinstance(text, str) and language:
                    build.text("name", read.text(git_markdown.plain(text), place), language, place)
        elif title := read.text(git_markdown.plain(str(value)), place):
            found.append((title, place))
    headings = []
    for path, page in pages:
        own = README.fullmatch(path)
        tag = read.context.values.language(own[1]) if own and own[1] else None
        title = read.text(git_markdown.plain(page.heading), path)
        if title and clean.fold(re.sub(r"[-_.]+", " ", title)) != slug and not read.is_default("title", title):
            if tag and tag != read.language:
                build.text("name", title, tag, f"{path}: heading")
            else:
                headings.append((title, f"{path}: heading", page.pictured))
    found = [(title, place) for title, place in found if clean.fold(re.sub(r"[-_.]+", " ", title)) != slug] or found
    candidates = [*found, *((title, place) for title, place, _ in headings)]
    if not candidates and not build.objects("name"):
        candidates = _cited(read) or _displayed(read)
    if not candidates and not build.objects("name"):
        words = re.sub(r"[-_.]+", " ", name).strip()
        if not words:
            build.issue("git-no-name", f"{SETTINGS}: name", name)
            return False
        build.issue("git-no-title", "README.md: heading", name)
        candidates = [(words[:1].upper() + words[1:], f"{SETTINGS}: name")]
    main = read.language.lower()
    for title, place in candidates[:1]:
        if not any(getattr(one, "language", "") == main for one in build.objects("name")):
            build.text("name", title[:500], read.language, place)
    seen = {clean.fold(title) for title, _ in candidates[:1]}
    subtitles = [(git_markdown.plain(text), place) for text, place in read.words("subtitle")]
    more = [(t, p) for t, p, pictured in headings if not pictured and p.lower().startswith("readme")] + subtitles
    for title, place in more[:3]:
        if clean.fold(title) not in seen and title and (candidates and title != candidates[0][0]):
            seen.add(clean.fold(title))
            build.text("alternateName", read.text(title, place)[:500], read.language, place)
    return bool(build.objects("name"))


def _displayed(read: Reader) -> list[tuple[str, str]]:
    """The name that GitLab shows, where it was written by hand: not as the last step of the address."""
    shown, place = read.host("name")
    path, _ = read.host("path_with_namespace")
    if not isinstance(shown, str) or not isinstance(path, str) or shown == path.rpartition("/")[2]:
        return []
    title = read.text(clean.line(shown), place)
    return [(title, place)] if title and not read.is_default("title", title) else []


def _cited(read: Reader) -> list[tuple[str, str]]:
    """The title in an old plain CITATION: the words in quotation marks."""
    for path, text in read.texts().items():
        if path.lower().startswith("citation"):
            quoted = _QUOTED.search(" ".join(str(text.get("text", ""))[:3000].split()))
            if quoted is not None:
                return [(clean.line(quoted[1]), path)]
    return []


def descriptions(read: Reader, pages: list[tuple[str, Page]]) -> None:
    """A stated description, else what the README says first, else the host's line."""
    build = read.build
    for value, place in read.stated("description"):
        if isinstance(value, str) and (text := read.text(clean.text(value), place)):
            build.text("description", text[:20_000], read.language, place)
            break
    for path, page in pages:
        own = README.fullmatch(path)
        tag = (read.context.values.language(own[1]) if own and own[1] else None) or read.language
        if any(getattr(one, "language", "") == tag.lower() for one in build.objects("description")):
            continue
        if (text := read.text(_first_words(page), path)) and len(text) >= 20:
            build.text("description", text, tag, f"{path}: first paragraph")
    value, place = read.host("description")
    if isinstance(value, str) and not read.is_default("description", value):
        text = read.text(clean.line(value), place)
        # The host's line is a summary beside a description of another file.
        build.text("abstract" if build.objects("description") else "description", text[:2000], read.language, place)


def _first_words(page: Page) -> str:
    """The introduction without sentences that belong to a template; at most three paragraphs."""
    kept: list[str] = []
    for paragraph in list(git_markdown.introduction(page))[:8] or page.paragraphs[:6]:
        sentences = git_markdown.sentences(paragraph.text)
        good = [one for one in sentences if not any(clean.fold(one).startswith(d) for d in defaults("sentence"))]
        text = " ".join(good).strip()
        if len(text) > 15 and not text.endswith(":"):
            kept.append(text)
        if len(kept) == 3 or sum(map(len, kept)) > 1500:
            break
    return "\n".join(kept)[:5000]
