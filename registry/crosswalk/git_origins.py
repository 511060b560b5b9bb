"""Where a lesson comes from: forks, what its files state, what a README says, and its first commits.

A statement in a file (CITATION.cff, metadata.yml, front matter, a host's fork) is a fact of the source; a sentence
with a link in a README is only a hint and is kept as a plain relation. Source: docs/profile.md, crosswalk of Git.
"""

from __future__ import annotations

import re
from typing import Any

from registry.crosswalk import clean
from registry.crosswalk.git_markdown import Page, sentences
from registry.crosswalk.git_read import Reader, defaults, items, repository_key, repository_page
from registry.iris import DCTERMS, MA
from registry.terms import Iri, Literal

MAX_REFERENCES = 100
NOT_SAME = MA + "notSameAs"
_REPOSITORIES = frozenset({"github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "framagit.org"})
# Looked for in folded text (no accents, no capitals).
_TRANSLATED = re.compile(
    r"\b(?:translated (?:version )?(?:from|of)|translation of|traduit[es]? (?:de|du|depuis|a partir)|"
    r"traduction (?:de|du)|traduccion (?:de|del)|traducid[oa]s? (?:de|del|desde)|traducao d|ubersetzung|"
    r"(?:french|spanish|portuguese|italian|german|japanese|korean|ukrainian|arabic|chinese|russian) "
    r"(?:version|translation|edition) of|version (?:francaise|espagnole) d|version en espanol de)\b"
)
_THIS = re.compile(
    r"\b(?:translations? of this|traduction de ce|traduction de cette|traduccion de est[ea]|of the following)\b"
)
_BASED = re.compile(
    r"\b(?:based (?:up)?on|adapted (?:from|by|version of)|adaptation of|derived from|derivative of|"
    r"fork(?:ed)? (?:of|from)|modified (?:from|version of)|remix(?:ed)? (?:of|from)|builds (?:up)?on|inspired by|"
    r"basee?s? sur|adaptee?s? d|adaptation d|derivee?s? d|issue?s? d|inspiree?s? d|basad[oa]s? en|adaptad[oa]s? d|"
    r"adaptacion d|derivad[oa]s? d|inspirad[oa]s? en|baseado em|basiert auf)"
)
_DIFFERENT = re.compile(
    r"\b(?:not the same as|not to be confused with|different from this|ne pas confondre|n est pas l[ea] meme|"
    r"no confundir|no es (?:el|la|lo) mism[oa])\b"
)
_ARCHIVED = re.compile(
    r"\b(?:(?:this|the) (?:repository|repo|lesson|project|course|material)[^.]{0,40}(?:is|was|has been|are) (?:now )?"
    r"(?:archived|deprecated|superseded|retired|no longer maintained|obsolete)|no longer (?:being )?maintained|"
    r"(?:ce|le) (?:depot|projet|support)[^.]{0,40}(?:est|a ete) (?:desormais )?(?:archive|obsolete|abandonne)|"
    r"n est plus maintenu|"
    r"(?:este|el) (?:repositorio|proyecto|curso)[^.]{0,40}(?:esta|ha sido) (?:archivado|obsoleto))\b"
)


def own_addresses(read: Reader) -> set[str]:
    """The keys of the repository's own addresses."""
    repository = read.data.get("repository")
    address = repository.get("address", "") if isinstance(repository, dict) else ""
    return {key for key in (repository_key(str(address)),) if key}


def source_elsewhere(read: Reader) -> list[tuple[str, str]]:
    """The repositories other than its own that its configuration names as its source: (page, place).

    So it is in a copy whose configuration was not changed.
    """
    own, found = own_addresses(read), dict[str, tuple[str, str]]()
    for word, place in read.words("source"):
        key, page = repository_key(word), repository_page(word)
        if own and key and page and key not in own and not _is_tool(page):
            found.setdefault(key, (page, place))
    return list(found.values()) or _cited_elsewhere(read, own)


def _cited_elsewhere(read: Reader, own: set[str]) -> list[tuple[str, str]]:
    """The other repository that the page of a citation (url) is, where the citation names none as its source."""
    cited = read.document("CITATION.cff")
    word = cited.get("url") if isinstance(cited, dict) else None
    if not own or not isinstance(word, str) or cited.get("repository-code") or cited.get("repository"):
        return []
    key, page = repository_key(word), repository_page(word)
    host, _, path = key.partition("/")
    known = host in _REPOSITORIES or any(one.partition("/")[0] == host for one in own)
    if not known or not page or key in own or "/" not in path or _is_tool(page):
        return []
    return [(page, f"{read.path_of('CITATION.cff')}: url")]


def is_fork(read: Reader) -> bool:
    """Whether the host says that the repository is a copy of another one."""
    return read.host("fork")[0] is True or any(
        read.host(f"{name}.html_url", f"{name}.web_url")[0] for name in ("parent", "source", "forked_from_project")
    )


def of_another(read: Reader, elsewhere: list[tuple[str, str]]) -> set[str]:
    """The files that speak of the original: those that name another repository, and in a fork all
    that were not made its own by naming it, or what it is based on."""
    found = {place.partition(":")[0] for _, place in elsewhere}
    if is_fork(read):
        own = own_addresses(read)
        mended = {place.partition(":")[0] for word, place in read.words("source") if repository_key(word) in own}
        mended |= {place.partition(":")[0] for name in ("based", "translation") for _, place in read.words(name)}
        found |= {place.partition(":")[0] for _, place in read.words("doi")} - mended
    return found


def _is_tool(address: str) -> bool:
    """Whether an address is that of a template, tool, licence or badge, or of a default configuration."""
    plain = clean.canonical_url(address).partition("://")[2].lower()
    return any(plain.startswith(one) or f"/{one}" in plain for one in defaults("tool")) or any(
        plain.rstrip("/") == one.partition("://")[2] for one in defaults("source") if "://" in one
    )


def origins(read: Reader, elsewhere: list[tuple[str, str]], pages: list[tuple[str, Page]]) -> None:
    """Everything that says what the resource comes from."""
    _forks(read)
    for page, place in elsewhere:
        file = place.partition(":")[0]
        if file in ("CITATION.cff", "codemeta.json"):
            read.build.issue("git-citation-elsewhere", place, page)
        else:
            read.build.issue("git-source-elsewhere", place, page)
        _relate(read, "isBasedOn", page, place)
    answers = (("based", "isBasedOn"), ("translation", "translationOfWork"), ("different", NOT_SAME))
    for name, predicate in answers:
        for word, place in read.words(name):
            target = clean.doi(word) or clean.url(word)
            if target is None and re.fullmatch(r"[\w.-]{1,40}/[\w.-]{1,100}", word):
                target = f"https://github.com/{word}"
            if target is None:
                read.build.issue("git-relation", place, word)
                read.build.string(predicate, clean.line(word), place)
            else:
                _relate(read, predicate, target, place)
    _references(read)
    for path, page_ in pages:
        _readme(read, page_, path)
    commits = read.data.get("first_commits")
    for commit in commits if isinstance(commits, list) else []:
        if isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}", commit):
            read.build.add(MA + "firstCommit", Literal(commit), "first commit")


def _forks(read: Reader) -> None:
    for name in ("parent", "source", "forked_from_project"):
        page, place = read.host(f"{name}.html_url", f"{name}.web_url")
        if isinstance(page, str) and (target := clean.url(page)):
            _relate(read, "isBasedOn", target, place)


def _relate(read: Reader, predicate: str, target: str, place: str) -> bool:
    """A relation to another work; one to itself is none."""
    build = read.build
    own = {str(one) for name in ("url", "codeRepository", "identifier") for one in build.objects(name)}
    key = repository_key(target)
    if target in own or (key and key in own_addresses(read)) or Iri(target) in build.objects(predicate):
        return False
    if predicate == DCTERMS + "relation":
        stated = {*map(str, build.objects("isBasedOn")), *map(str, build.objects("translationOfWork"))}
        if target in stated or key in {repository_key(one) for one in stated} - {""}:
            return False
    build.add(predicate, Iri(target), place)
    return True


def _references(read: Reader) -> None:
    """CITATION.cff: references that say that it builds on them, other ones, and the preferred citation."""
    cff = read.document("CITATION.cff")
    if not isinstance(cff, dict):
        return
    path = read.path_of("CITATION.cff")
    references = cff.get("references")
    for number, one in enumerate(references[:MAX_REFERENCES] if isinstance(references, list) else [], 1):
        if isinstance(one, dict):
            place = f"{path}: references[{number}]"
            said = clean.fold(" ".join(str(one.get(key, "")) for key in ("scope", "notes", "abstract"))[:300])
            kinds = ((_TRANSLATED, "translationOfWork"), (_BASED, "isBasedOn"), (_DIFFERENT, NOT_SAME))
            predicate = next((kind for pattern, kind in kinds if pattern.search(said)), "citation")
            _cite(read, one, predicate, place)
    preferred = cff.get("preferred-citation")
    if isinstance(preferred, dict):
        _cite(read, preferred, "citation", f"{path}: preferred-citation")


def _cite(read: Reader, work: dict[str, Any], predicate: str, place: str) -> None:
    for key in ("doi", "repository-code", "url", "identifiers", "repository"):
        for word, _ in items(work.get(key), place):
            target = clean.doi(word) or clean.url(word)
            if target is not None:
                _relate(read, predicate, target, place)
                return
    title = work.get("title")
    if isinstance(title, str):
        read.build.string(predicate, read.text(clean.line(title), place)[:500], place)


def _readme(read: Reader, page: Page, path: str) -> None:
    """Sentences of a README that name with a link what the lesson was adapted or translated from."""
    for number, paragraph in enumerate((*page.paragraphs, *page.lists), 1):
        if not paragraph.links or number > 200:
            continue
        at = 0
        for sentence in sentences(paragraph.text):
            start = paragraph.text.find(sentence, at)
            at = start + len(sentence)
            said = clean.fold(sentence)
            hit = _TRANSLATED.search(said) or _BASED.search(said)
            if hit is None or _THIS.search(said):
                continue
            # The link stands after the words; folding moves them a little.
            after = start + max(0, min(hit.start(), len(sentence)) - 15)
            for position, link in paragraph.links:
                target = clean.doi(link) or clean.url(link)
                if not after <= position < at or target is None or _is_tool(target):
                    continue
                if _relate(read, DCTERMS + "relation", target, f"{path}: paragraph {number}"):
                    read.build.issue("git-readme-origin", f"{path}: paragraph {number}", target)
                break


def archived(page: Page) -> tuple[bool, str | None]:
    """Whether the first lines say that the repository is kept no more, and what they point to."""
    for number, paragraph in enumerate(page.paragraphs[:6]):
        if _ARCHIVED.search(clean.fold(paragraph.text)):
            following = page.paragraphs[number : number + 2]
            links = [link for one in following for _, link in one.links]
            targets = [target for link in links if (target := clean.url(link)) and repository_key(target)]
            return True, targets[0] if targets else None
    return False, None
