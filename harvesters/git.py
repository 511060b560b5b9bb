"""Harvests lessons from Git repositories: one of them, all of an owner or group, an API's answer, a folder.

Options of a feed: ``chapters`` (true: each chapter is an entry of its own; false: none is; unless said, those of
lessons and books are), ``branch``, ``include`` and ``exclude`` (patterns of repository names), ``forks`` and
``archived`` (false leaves them out), ``all`` (true: also what does not look like a lesson), ``private`` (true: also
what the host shows to members only), ``host`` ("github", "gitlab" or "gitea" for a server that is not known by
name). Payload: canonical JSON of the repository's own files and of what its host says. Source: docs/profile.md, "Git".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

from harvesters import git_hosts, git_lessons, git_local
from harvesters.base import FeedFailed, Visit
from harvesters.git_fetch import NoGit, Refs, Remote, Snapshot
from harvesters.git_hosts import Place
from harvesters.git_lessons import Lesson
from harvesters.git_local import Local
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import NetError

READER = "3"  # another number reads unchanged repositories anew
OWN_CHAPTERS = frozenset({"carpentries", "quarto-book", "bookdown", "jupyter-book"})
_FLAGS = ("chapters", "forks", "archived", "all", "private")
_LISTS = ("include", "exclude")
_OPTIONS = frozenset({*_FLAGS, *_LISTS, "branch", "host"})
_TEACHES = re.compile(
    r"\b(?:lessons?|trainings?|courses?|cours|formations?|cursos?|curs|tutori[ae]l(?:s|es)?|workshops?|ateliers?|"
    r"taller(?:es)?|capacitaci[oó]n|handbook|teaching|learning materials?|e ?learning|education|exercises?|"
    r"exercices?|ejercicios|slides|lectures?|bootcamps?|schulung(?:en)?|kurse?|corso|corsi|mooc|curriculum|"
    r"forma[cç][aã]o|lecciones|lecci[oó]n|le[cç]ons?|textbook|manual|manuel)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """One repository: its page and the address that Git is asked at; what its host says or refused."""

    page: str
    clone: str
    facts: dict[str, Any] = field(default_factory=dict)
    refused: bool = False
    pushed: str = ""
    ref: str = ""
    folder: str = ""
    kind: str = ""

    @property
    def key(self) -> str:
        """Host and path, small letters (hosts do not tell them apart)."""
        parts = urlsplit(self.page)
        bare = f"{parts.netloc}{parts.path}".lower().removesuffix(".git").strip("/")
        return "/".join(filter(None, (bare, f"tree/{self.ref}" if self.folder else "", self.folder)))


@dataclass(slots=True)
class _State:
    """What a visit has met: notices by cause, whether everything was listed, and what the next one should know."""

    listed: bool = False
    complete: bool = True
    refused: bool = False
    kind: str = ""
    notices: dict[str, list[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def note(self, code: str, name: str) -> None:
        """One more case of a cause."""
        self.notices.setdefault(code, []).append(name)

    def events(self, address: str) -> Iterator[FeedIssue]:
        """Each cause once."""
        for code, names in self.notices.items():
            params = (("count", str(len(names))), ("samples", ", ".join(names[:5])))
            yield FeedIssue(Issue(code, address[:300], ", ".join(names)[:300], params))


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All lessons behind an address. Raises FeedFailed."""
    _check_options(visit)
    state = _State(kind=str(visit.feed.options.get("host") or visit.bookmark.get("kind", "")))
    address = visit.feed.address
    if address.startswith("file:"):
        yield from _folders(visit, address, state)
    else:
        yield from _addressed(visit, git_hosts.place_of(address, state.kind), state)
    yield from state.events(address)
    bookmark = {**({"kind": state.kind} if state.kind else {}), **({"api": "refused"} if state.refused else {})}
    search = "/search" in urlsplit(address).path
    yield Done(state.complete, "unknown" if search else "proved", bookmark)


def _check_options(visit: Visit) -> None:
    for name, value in visit.feed.options.items():
        good = name in _OPTIONS
        if name in _FLAGS:
            good = isinstance(value, bool)
        elif name in _LISTS:
            good = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        elif name == "host":
            good = value in ("github", "gitlab", "gitea")
        elif name == "branch":
            good = isinstance(value, str)
        if not good:
            raise FeedFailed(Issue("git-bad-option", f"options.{name}", str(value)[:300], (("option", name[:80]),)))


def _flag(visit: Visit, name: str, usual: bool) -> bool:
    return bool(visit.feed.options.get(name, usual))


def _addressed(visit: Visit, place: Place, state: _State) -> Iterator[HarvestEvent]:
    """An http(s) address: a repository, or a list of them."""
    if place.what == "api":
        yield from _listing(visit, visit.feed.address, place, state)
        return
    if place.what == "list":
        if not place.path:
            raise FeedFailed(Issue("git-no-owner", "address", visit.feed.address[:300]))
        yield from _listing(visit, git_hosts.list_address(place), place, state)
        return
    if place.what == "either":
        try:
            Remote(place.clone, visit.http, _secret(visit, place.clone)).refs()
        except NoGit as error:
            place = _known_host(visit, place, state)
            # What is no repository may be a group of them, or an API's answer kept as a file.
            api = git_hosts.list_address(place) if place.kind and place.path else visit.feed.address
            try:
                yield from _listing(visit, api, place, state)
            except FeedFailed as other:
                raise FeedFailed(error.issue) from other
            return
    place = _known_host(visit, place, state)
    facts, pushed = _facts(visit, place, state)
    ref = str(visit.feed.options.get("branch") or place.ref)
    target = Target(place.page, place.clone, facts or {}, facts is None, pushed, ref, place.folder, place.kind)
    yield from _repository(visit, target, state)


def _known_host(visit: Visit, place: Place, state: _State) -> Place:
    """The place with the kind of its host, asked for once and kept in the bookmark."""
    if not place.kind:
        state.kind = git_hosts.probe(visit, place.root)
        return replace(place, kind=state.kind)
    return place


def _facts(visit: Visit, place: Place, state: _State) -> tuple[dict[str, Any] | None, str]:
    """What the host says of one repository; None when it refuses."""
    if not place.kind:
        return {}, ""
    try:
        item = git_hosts.detail(visit, git_hosts.detail_address(place.kind, place.root, place.path))
    except NetError as error:
        state.refused = True
        state.note("git-api-refused", f"{place.page} ({error.status or error.issue.code})")
        return None, ""
    if git_hosts.is_hidden(item) and not _flag(visit, "private", False):
        raise FeedFailed(Issue("git-hidden", "address", place.page[:300], (("count", "1"), ("samples", place.page))))
    return git_hosts.facts(item), git_hosts.pushed(item)


def _listing(visit: Visit, address: str, place: Place, state: _State) -> Iterator[HarvestEvent]:
    """The repositories of a list, each read by itself."""
    walk = git_hosts.walk_of(visit, address)
    state.listed = True
    for item in git_hosts.listed(visit, address, walk):
        page, clone = git_hosts.addresses(item)
        if not page or page.lower() in state.seen or not _chosen(visit, item, state):
            continue
        state.seen.add(page.lower())
        facts, refused = git_hosts.facts(item), False
        kind = place.kind or ("gitlab" if "path_with_namespace" in item else git_hosts.kind_of(page))
        if kind == "github" and item.get("fork") is True and "parent" not in item:  # lists do not name parents
            root, name = urlsplit(page), str(item.get("full_name"))
            fuller, _ = _facts(visit, Place("repository", kind, f"{root.scheme}://{root.netloc}", name), state)
            facts, refused = fuller or facts, fuller is None
        branch = str(visit.feed.options.get("branch", ""))
        target = Target(page, clone, facts, refused, git_hosts.pushed(item), branch, kind=kind)
        try:
            yield from _repository(visit, target, state)
        except FeedFailed as error:
            state.complete = False
            yield FeedIssue(error.issue)
    state.complete &= walk.end(address)
    yield from walk.notes


def _chosen(visit: Visit, item: Mapping[str, Any], state: _State) -> bool:
    name = str(item.get("name") or item.get("path") or "")
    if git_hosts.is_hidden(item) and not _flag(visit, "private", False):
        state.note("git-hidden", name)
        return False
    include, exclude = (visit.feed.options.get(one) or () for one in _LISTS)
    if (include and not any(fnmatch(name, one) for one in include)) or any(fnmatch(name, one) for one in exclude):
        return False
    forked = item.get("fork") is True or isinstance(item.get("forked_from_project"), dict)
    return (_flag(visit, "forks", True) or not forked) and (_flag(visit, "archived", True) or not item.get("archived"))


def _secret(visit: Visit, address: str) -> str:
    return visit.token if git_hosts.bearer(visit, address) else ""


def _repository(visit: Visit, target: Target, state: _State) -> Iterator[HarvestEvent]:
    """One repository behind an address: what is known of it decides whether it is read again."""
    known = visit.document(target.page)
    said = _digest([READER, sorted(map(str, visit.feed.options.items())), target.facts, target.folder])
    facts_part, _, git_part = (known.digest.removeprefix("sha256:") if known else "").partition("+")
    untouched = bool(target.pushed) and not target.refused and known is not None
    if known and untouched and (target.pushed, said) == (known.last_modified, facts_part) and git_part != "none":
        yield Unchanged(target.page, known.digest)
        return
    remote = Remote(target.clone, visit.http, _secret(visit, target.clone))
    refs, failure = None, Issue("git-not-git", target.clone[:300])
    try:
        refs = remote.refs(target.ref)
    except NoGit as error:
        failure = error.issue
    state_of_git = _digest([refs.head, refs.branch, refs.tags]) if refs else "none"
    if known:
        kept = refs is None and git_part != "none"  # yesterday's files are better than none
        same = state_of_git == git_part and (facts_part == said or target.refused)
        later = target.refused and visit.bookmark.get("api") != "refused"
        if kept or same or later:
            if not same:
                yield FeedIssue(Issue("git-later", target.page[:300], failure.code if refs is None else "API"))
            yield Unchanged(target.page, known.digest)
            return
    digest, snapshot = f"sha256:{said}+{state_of_git}", None
    if refs is not None and refs.head:
        try:
            snapshot = remote.snapshot(refs, _within(target.folder))
        except NoGit as error:
            failure, refs = error.issue, None
            digest = f"sha256:{said}+none"
    if refs is None and not target.facts:
        raise FeedFailed(failure)
    yield Document(target.page, digest, last_modified=target.pushed or None)
    if refs is None:
        yield FeedIssue(Issue("git-api-only", target.page[:300], failure.code), lasting=True)
        snapshot = Snapshot(target.pushed, {}, True)
    if snapshot is None:
        yield FeedIssue(Issue("git-empty", target.page[:300], target.page[:300]), lasting=True)
        return
    yield from _records(visit, target, refs, snapshot, state)


def _within(folder: str) -> Any:
    """The choice of files, below a folder of the repository if the address names one."""
    prefix = f"{folder}/" if folder else ""

    def pick(paths: Any) -> list[str]:
        inner = [path[len(prefix) :] for path in paths if path.startswith(prefix)]
        return [prefix + path for path in git_lessons.wanted(inner)]

    return pick


def _records(
    visit: Visit, target: Target, refs: Refs | None, snapshot: Snapshot, state: _State
) -> Iterator[HarvestEvent]:
    """The entries of one repository: the whole, and its chapters where they stand alone."""
    prefix = f"{target.folder}/" if target.folder else ""
    texts = {path[len(prefix) :]: data for path, data in snapshot.texts.items() if path.startswith(prefix)}
    lesson = git_lessons.read((p[len(prefix) :] for p in snapshot.files if p.startswith(prefix)), texts)
    facts = target.facts
    if state.listed and not _flag(visit, "all", False) and not _is_lesson(lesson, facts):
        state.note("git-not-lesson", str(facts.get("name") or target.page.rpartition("/")[2]))
        return
    for issue in snapshot.issues:
        yield FeedIssue(issue, lasting=True)
    repository = {
        "address": target.page if target.page.startswith("http") else "", "branch": refs.branch if refs else "",
        "name": target.page.rstrip("/").rpartition("/")[2].removesuffix(".git"), "folder": target.folder,
        "public": not visit.token and target.page.startswith("http"), "host": target.kind,
    }  # fmt: skip
    own = _flag(visit, "chapters", lesson.kind in OWN_CHAPTERS)
    whole = {
        "kind": lesson.kind, "repository": repository, "host": facts, "date": snapshot.date,
        "first_commits": snapshot.first_commits, "first_date": snapshot.first_date,
        "tags": [name for name, _ in (refs.tags if refs else ())][-200:],
        "documents": lesson.documents, "texts": lesson.texts, "languages": lesson.languages,
        "chapters": [_outline(chapter) for chapter in lesson.chapters], "own_chapters": own,
    }  # fmt: skip
    yield _record(target.key, whole, target.page, "", tuple(lesson.issues))
    licences = {path: text for path, text in lesson.texts.items() if re.match(r"licen[cs]e|copying", path, re.I)}
    for path, text in lesson.texts.items():  # a book of bookdown says what holds for all chapters in its first one
        front = text.get("front")
        if re.fullmatch(r"index\.\w{1,9}", path, re.I) and isinstance(front, dict):
            common = {
                key: front[key] for key in ("lang", "language", "locale", "license", "licence") if front.get(key)
            }
            licences |= {path: {"front": common}} if common else {}
    configs = {path: data for path, data in lesson.documents.items() if path not in ("codemeta.json", ".zenodo.json")}
    for number, chapter in enumerate(lesson.chapters if own else [], 1):
        if git_lessons.is_aside(chapter):
            continue
        part = {
            "kind": lesson.kind, "repository": repository, "documents": configs, "texts": licences,
            "host": {k: v for k, v in facts.items() if k not in ("description", "topics", "tag_list", "owner")},
            "chapter": {**chapter, "number": number},
        }  # fmt: skip
        yield _record(f"{target.key}#{chapter['path']}", part, target.page, str(chapter["path"]), ())


def _outline(chapter: Mapping[str, Any]) -> dict[str, Any]:
    """A chapter as the whole shows it: its title, minutes and first lines."""
    front = chapter.get("front", {})
    kept = {key: front[key] for key in ("title", "teaching", "exercises", "lang") if key in front}
    brief = {key: chapter[key] for key in ("path", "title", "section") if key in chapter}
    heading = git_lessons.HEADING.search(str(chapter.get("text", "")))
    brief |= {"aside": True} if git_lessons.is_aside(chapter) else {}
    return {**brief, **({"front": kept} if kept else {}), **({"heading": heading[1]} if heading else {})}


def _record(key: str, data: Mapping[str, Any], page: str, locator: str, issues: tuple[Issue, ...]) -> RawRecord:
    payload = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    source = page if page.startswith("http") else f"file:///{page.rpartition('/')[2]}"
    return RawRecord(key, payload, "application/json", "git", source, locator, issues=issues)


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _is_lesson(lesson: Lesson, facts: Mapping[str, Any]) -> bool:
    """Whether a repository of a list is one to learn from: by its tool, OERSI's file, or its own words."""
    if lesson.kind in OWN_CHAPTERS or any(name.startswith("metadata.y") for name in lesson.documents):
        return True
    readme = next((text["text"] for path, text in lesson.texts.items() if path.lower().startswith("readme")), "")
    words = [str(facts.get("name", "")), str(facts.get("description", "")), *(facts.get("topics") or ())]
    words += [*(facts.get("tag_list") or ()), readme[:600]]
    words += [f"{one['path']} {one.get('title', '')} {one.get('section', '')}" for one in lesson.chapters]
    return bool(_TEACHES.search(re.sub(r"[-_./]+", " ", " | ".join(words))))


def _folders(visit: Visit, address: str, state: _State) -> Iterator[HarvestEvent]:
    """A folder of this machine: a repository, a plain lesson, or a collection of them."""
    try:
        root = git_local.folder_of(address)
        alone = git_local.repository(root) is not None or bool(_described(root))
        folders = [root] if alone else [one for one in git_local.below(root) if git_local.readable(one)]
    except (NoGit, OSError) as error:
        issue = error.issue if isinstance(error, NoGit) else Issue("git-no-folder", "address", address[:300])
        raise FeedFailed(issue) from error
    found = 0
    for folder in folders:
        if alone or git_local.repository(folder) is not None or _described(folder):
            found += 1
            yield from _folder(visit, folder, f"{address.rstrip('/')}/{folder.name}" if not alone else address, state)
    if not found:
        raise FeedFailed(Issue("git-no-lesson", "address", address[:300]))


def _described(folder: Any) -> list[str]:
    return [name for name in git_local.names(folder) if git_lessons.describes(name) or name in git_lessons.CONFIGS]


def _folder(visit: Visit, folder: Any, address: str, state: _State) -> Iterator[HarvestEvent]:
    known, place = visit.document(address), git_local.repository(folder)
    refs, snapshot = None, None
    said = _digest([READER, sorted(map(str, visit.feed.options.items()))])
    if place is not None:
        local = Local(address, place)
        try:
            refs = local.refs(str(visit.feed.options.get("branch", "")))
            digest = f"sha256:{said}+{_digest([refs.head, refs.branch, refs.tags, git_local.origin(place)])}"
            if known and known.digest == digest:
                yield Unchanged(address, digest)
                return
            snapshot = local.snapshot(refs, git_lessons.wanted)
        except NoGit as error:  # empty, or stored in a way that is not read: the files themselves are
            refs = None
            state.note("git-files-only", f"{folder.name} ({error.issue.value})")
    if snapshot is None:
        snapshot = git_local.plain_folder(folder, git_lessons.wanted)
        digest = f"sha256:{said}+{git_local.digest(snapshot)[:32]}"
    if known and known.digest == digest:
        yield Unchanged(address, digest)
        return
    yield Document(address, digest)
    page = (git_local.origin(place) if place is not None and refs is not None else "") or folder.name
    yield from _records(visit, Target(page, "", kind=git_hosts.kind_of(page)), refs, snapshot, state)
