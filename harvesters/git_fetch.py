"""A repository as the harvester sees it: its newest state's files, its tags and its first commits.

Over smart HTTP (dulwich speaks the protocol, ``visit.http`` is the only way out) or from a folder of the
machine. Nothing is written to disk; sizes and counts are bounded (``git_pack``). Sources: Git,
gitprotocol-http(5), gitprotocol-v2(5), filters of git-rev-list(1).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dulwich.client import AbstractHttpGitClient
from dulwich.errors import GitProtocolError

from harvesters import git_objects, git_pack
from registry.model import Issue
from registry.net import Fetched, Fetcher, NetError

_SHA = re.compile(r"[0-9a-f]{40}")
# What dulwich raises on an answer that is no Git, or broken Git: it checks much by assertions and indexing.
BROKEN = (
    GitProtocolError,
    AssertionError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    StopIteration,
)


class NoGit(Exception):
    """The repository cannot be read; ``issue`` says why."""

    def __init__(self, issue: Issue, status: int | None = None) -> None:
        super().__init__(f"{issue.code} {issue.value}")
        self.issue, self.status = issue, status


@dataclass(frozen=True, slots=True)
class Refs:
    """What a repository offers: the branch that stands for it, its commit, and the tags by name."""

    address: str
    branch: str
    head: str
    tags: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Snapshot:
    """The newest state. ``files`` maps paths to objects; ``whole`` tells whether the list is complete."""

    date: str
    files: dict[str, str]
    whole: bool
    first_commits: list[str] = field(default_factory=list)
    first_date: str = ""
    texts: dict[str, bytes] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class _Answer:
    """What dulwich expects of an HTTP answer."""

    status: int
    content_type: str | None
    redirect_location: str

    def close(self) -> None:
        """Nothing is open."""


class Client(AbstractHttpGitClient):
    """dulwich's client over ``visit.http``; references are asked for once."""

    def __init__(self, address: str, http: Fetcher, token: str) -> None:
        super().__init__(address, quiet=True)
        self._http, self._answers = http, dict[tuple[str, bytes | None], Fetched]()
        secret = b64encode(f"x-access-token:{token}".encode()).decode()
        self._secret = {"authorization": f"Basic {secret}"} if token else {}

    @staticmethod
    def _warn_filter_objects() -> None:
        """A server that cannot filter sends everything; ``snapshot`` reads that too."""

    def _http_request(  # type: ignore[override]
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterable[bytes] | None = None,
        raise_for_status: bool = True,
    ) -> tuple[_Answer, Callable[[int], bytes]]:
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        sent |= self._secret if url.startswith(self._base_url) else {}
        body = data if data is None or isinstance(data, bytes) else b"".join(data)
        kind = sent.pop("content-type", "")
        sent.pop("content-length", None)
        answer = self._answers.get((url, body))
        if answer is None:
            if body is None:
                answer = self._http.get(url, headers=sent)
            else:
                answer = self._http.post(url, body, content_type=kind, headers=sent)
            if body is None or b"command=ls-refs" in body[:100]:
                self._answers[url, body] = answer
        moved = answer.url if answer.url != url else ""
        view, at = memoryview(answer.body), 0

        def read(size: int = -1) -> bytes:
            nonlocal at
            end = len(view) if size < 0 else min(at + size, len(view))
            piece, at = bytes(view[at:end]), end
            return piece

        return _Answer(answer.status, answer.headers.get("content-type"), moved), read


def _issue(code: str, address: str, value: str = "") -> Issue:
    return Issue(code, address[:300], value[:300])


@dataclass(slots=True)
class Remote:
    """A repository behind an http(s) address. Its methods raise NoGit."""

    address: str
    http: Fetcher
    token: str = ""
    _client: Client | None = None
    _path: str = ""

    def refs(self, branch: str = "") -> Refs:
        """The branch (the default one unless named) and the tags. A repository without commits has head ""."""
        self._client = Client(self.address, self.http, self.token)
        try:
            answer = self._client.get_refs("", ref_prefix=[b"HEAD", b"refs/heads/", b"refs/tags/"])
        except NetError as error:
            raise NoGit(error.issue, error.status) from error
        except BROKEN as error:
            raise NoGit(_issue("git-not-git", self.address, str(error))) from error
        if self._client.dumb:
            raise NoGit(_issue("git-not-git", self.address, "dumb HTTP"))
        try:
            found = {name.decode("utf-8", "replace"): (oid or b"").decode() for name, oid in answer.refs.items()}
            symbolic = (answer.symrefs or {}).get(b"HEAD", b"").decode("utf-8", "replace")  # type: ignore[call-overload]
        except BROKEN as error:
            raise NoGit(_issue("git-not-git", self.address, str(error))) from error
        return choose(self.address, found, symbolic, branch)

    def snapshot(self, refs: Refs, wanted: Callable[[Iterable[str]], list[str]]) -> Snapshot:
        """The files of a branch, those of them read that ``wanted`` picks from the paths, and the first commits."""
        issues: list[Issue] = []
        found = self._objects([refs.head], depth=1, spec=b"blob:none")
        if not any(kind == git_pack.BLOB for kind, _ in found.by_name.values()) and found.by_name:
            snapshot = _read(refs, found, issues)
            paths = wanted(snapshot.files)
            names = sorted({snapshot.files[path] for path in paths if snapshot.files[path] not in found.by_name})
            if names:
                found.by_name |= self._blobs(refs, names).by_name
        else:  # the server does not filter: all files came
            snapshot = _read(refs, found, issues)
            paths = wanted(snapshot.files)
        _fill(snapshot, paths, found)
        try:
            history = self._objects([refs.head], depth=None, spec=b"tree:0")
        except NoGit as error:
            snapshot.issues.append(_issue("git-history", self.address, error.issue.value or error.issue.code))
            return snapshot
        return _history(snapshot, refs, history, self.address)

    def _blobs(self, refs: Refs, names: list[str]) -> git_pack.Objects:
        try:
            return self._objects(names, depth=None, spec=None)
        except NoGit:  # a server that gives no single files
            return self._objects([refs.head], depth=1, spec=None)

    def _objects(self, wants: list[str], depth: int | None, spec: bytes | None) -> git_pack.Objects:
        client = self._client or Client(self.address, self.http, self.token)
        pack: list[bytes] = []
        try:
            client.fetch_pack(
                "", lambda refs, depth=None: [one.encode() for one in wants], _Nothing(),  # type: ignore[arg-type]
                lambda data: pack.append(data) or len(data),  # type: ignore[func-returns-value]
                depth=depth, filter_spec=spec, ref_prefix=[b"HEAD", b"refs/heads/", b"refs/tags/"],
            )  # fmt: skip
            return git_pack.read(b"".join(pack))
        except NetError as error:
            raise NoGit(error.issue, error.status) from error
        except git_pack.BadPack as error:
            raise NoGit(_issue("git-bad-pack", self.address, str(error))) from error
        except BROKEN as error:
            raise NoGit(_issue("git-not-git", self.address, str(error))) from error


class _Nothing:
    """A graph walker that has nothing yet: everything is fetched."""

    shallow: frozenset[bytes] = frozenset()

    def __next__(self) -> None:
        return None

    def ack(self, sha: bytes) -> None:
        """Nothing is known, so nothing is acknowledged."""

    def nak(self) -> None:
        """As ``ack``."""


def choose(address: str, found: dict[str, str], symbolic: str, branch: str) -> Refs:
    """The branch that stands for a repository: the named one, else the default, else main or master."""
    names = [f"refs/heads/{branch}", f"refs/tags/{branch}"] if branch else []
    default = [symbolic, "HEAD", "refs/heads/main", "refs/heads/master"]
    heads = sorted(name for name in found if name.startswith("refs/heads/"))
    name = next((one for one in (names or [*default, *heads]) if _SHA.fullmatch(found.get(one, ""))), "")
    if branch and not name:
        raise NoGit(_issue("git-no-branch", address, branch))
    tags = {}
    for one, oid in found.items():
        if one.startswith("refs/tags/") and _SHA.fullmatch(oid):
            plain = one.removeprefix("refs/tags/")
            tags[plain.removesuffix("^{}")] = oid
    shown = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if shown == "HEAD":
        shown = next((one.removeprefix("refs/heads/") for one in heads if found[one] == found["HEAD"]), "")
    return Refs(address, shown, found.get(name, ""), tuple(sorted(tags.items())))


def _read(refs: Refs, found: git_pack.Objects, issues: list[Issue]) -> Snapshot:
    data = found.get(refs.head, git_pack.COMMIT)
    if data is None and (tag := found.get(refs.head, git_pack.TAG)) is not None:  # an annotated tag
        data = found.get(tag[7:47].decode("ascii", "replace"), git_pack.COMMIT)
    if data is None:
        raise NoGit(_issue("git-bad-pack", refs.address, "no commit"))
    head = git_objects.commit(data)
    files, whole = git_objects.listing(head.tree, lambda name: found.get(name, git_pack.TREE))
    if not whole:
        issues.append(_issue("git-many-files", refs.address, str(len(files))))
    return Snapshot(head.date, files, whole, issues=issues)


def _fill(snapshot: Snapshot, paths: Iterable[str], found: git_pack.Objects) -> None:
    for path in paths:
        data = found.get(snapshot.files[path], git_pack.BLOB)
        if data is not None:
            snapshot.texts[path] = data


def _history(snapshot: Snapshot, refs: Refs, found: git_pack.Objects, address: str) -> Snapshot:
    commits: Iterator[str] = (refs.head,) if found.get(refs.head, git_pack.COMMIT) else ()  # type: ignore[assignment]
    for head in commits:
        names, date, whole = git_objects.roots(head, lambda name: found.get(name, git_pack.COMMIT))
        snapshot.first_commits, snapshot.first_date = names, date
        if not whole:
            snapshot.issues.append(_issue("git-history", address, "incomplete"))
    return snapshot
