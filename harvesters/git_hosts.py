"""Addresses of repositories and lists of them on GitHub, GitLab, Gitea and Forgejo, and what their APIs say.

Sources: GitHub REST API 2022-11-28 (/repos, /users/{owner}/repos, /search/repositories); GitLab REST API v4
(/projects, /groups/{id}/projects); Gitea API v1 (/repos, /users/{owner}/repos, /repos/search); RFC 8288 (Link).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from harvesters.base import FeedFailed, Visit
from harvesters.json_pages import Page, Walk, next_link
from harvesters.json_safe import BadJson, parse
from registry.model import Document, Issue
from registry.net import Fetched, NetError

MAX_LIST = 5000
KINDS = {
    "github.com": "github", "www.github.com": "github", "gitlab.com": "gitlab", "codeberg.org": "gitea",
    "gitea.com": "gitea", "framagit.org": "gitlab", "salsa.debian.org": "gitlab", "git.disroot.org": "gitea",
    "gitlab.huma-num.fr": "gitlab", "forge.apps.education.fr": "gitlab", "invent.kde.org": "gitlab",
}  # fmt: skip
PROBES = (("gitlab", "api/v4/version"), ("gitea", "api/v1/version"))
# What an API says that is kept: nothing that moves with a visit (stars, sizes, counts, activity).
KEPT = (
    "name", "full_name", "path_with_namespace", "html_url", "web_url", "description", "homepage", "website",
    "topics", "tag_list", "archived", "created_at", "fork", "default_branch", "template", "is_template",
)  # fmt: skip
_BELOW = re.compile(r"/(?:-/)?(?:tree|blob|src/branch|src/tag|src)/(.+)$")
_PLACES = frozenset({"topics", "orgs", "explore", "search", "settings", "marketplace", "sponsors", "collections"})
_API = re.compile(r"/api/v[134]/")
JSON = "application/json, application/vnd.github+json;q=0.9"


@dataclass(frozen=True, slots=True)
class Place:
    """What an address means: ``what`` is "repository", "list", "either" (a group or a project), or "api"."""

    what: str
    kind: str
    root: str
    path: str = ""
    ref: str = ""
    folder: str = ""

    @property
    def clone(self) -> str:
        """The address that Git itself is asked at; the API's where there is no other."""
        bare = f"{self.root}/{self.path}".rstrip("/")
        return bare if bare.endswith(".git") or self.kind in ("", "api") else bare + ".git"

    @property
    def page(self) -> str:
        """The address for people."""
        return f"{self.root}/{self.path}".rstrip("/").removesuffix(".git")


def place_of(address: str, kind: str = "") -> Place:
    """Read an http(s) address; ``kind`` is the feed's option ``host`` for a server that is not known by name."""
    parts = urlsplit(address)
    host, path = (parts.hostname or "").lower(), unquote(parts.path)
    root = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    if host == "api.github.com" or _API.search(path + "/") or path.endswith(".json"):
        told = kind or ("github" if "github" in host or "/api/v3/" in path else "")
        return Place("api", told or ("gitlab" if "/api/v4/" in path else "gitea" if "/api/v1/" in path else ""), root)
    kind = kind or kind_of(root)
    root = "https://github.com" if host == "www.github.com" else root
    ref, folder = "", ""
    below = _BELOW.search(path)
    if below is not None and len(path[: below.start()].strip("/").split("/")) >= 2:
        path = path[: below.start()]
        ref, _, folder = below[1].strip("/").partition("/")
    steps = [step for step in path.split("/") if step]
    if steps[-1:] and steps[-1].endswith(".git"):
        return Place("repository", kind, root, "/".join(steps), ref, folder)
    if kind in ("github", "gitea"):
        owners = steps[1:2] if steps[:1] in (["orgs"], ["users"]) else steps[:1]
        if len(steps) >= 2 and steps[0] not in _PLACES | {"users"}:
            return Place("repository", kind, root, "/".join(steps[:2]), ref, folder)
        return Place("list", kind, root, "/".join(owners))
    steps = steps[1:] if kind == "gitlab" and steps[:1] == ["groups"] else steps
    if kind == "gitlab" and len(steps) == 1:
        return Place("list", kind, root, steps[0])
    return Place("either", kind, root, "/".join(steps), ref, folder)


def kind_of(page: str) -> str:
    """The kind of host that a page is on, by its name; "" when it is not known."""
    host = (urlsplit(page).hostname or "").lower()
    return KINDS.get(host) or ("gitlab" if host.startswith("gitlab.") else "")


def api_root(kind: str, root: str) -> str:
    """Where a host's API begins."""
    if kind == "github":
        return "https://api.github.com" if root == "https://github.com" else root + "/api/v3"
    return root + ("/api/v4" if kind == "gitlab" else "/api/v1")


def list_address(place: Place) -> str:
    """The API's list of what an owner or group has."""
    root, name = api_root(place.kind, place.root), quote(place.path, safe="")
    if place.kind == "gitlab":
        return f"{root}/groups/{name}/projects?include_subgroups=true&per_page=100&order_by=path&sort=asc"
    if place.kind == "gitea":
        return f"{root}/users/{name}/repos?limit=50"
    return f"{root}/users/{name}/repos?per_page=100&sort=full_name"


def detail_address(kind: str, root: str, path: str) -> str:
    """The API's description of one repository."""
    path = path.removesuffix(".git")
    if kind == "gitlab":
        return f"{api_root(kind, root)}/projects/{quote(path, safe='')}?license=true"
    return f"{api_root(kind, root)}/repos/{quote(path)}"


def is_repository(item: Any) -> bool:
    """Whether a JSON value is a host's description of a repository."""
    return isinstance(item, dict) and any(isinstance(item.get(k), str) for k in ("full_name", "path_with_namespace"))


def facts(item: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a host's description, under the host's own names."""
    kept = {name: item[name] for name in KEPT if _plain(item.get(name))}
    licence = item.get("license")
    if isinstance(licence, dict):
        kept["license"] = {k: licence[k] for k in ("spdx_id", "key", "html_url") if isinstance(licence.get(k), str)}
    elif isinstance(licence, str):
        kept["license"] = {"key": licence}
    if isinstance(item.get("licenses"), list):
        kept["licenses"] = [one for one in item["licenses"] if isinstance(one, str)][:10]
    for name in ("parent", "source", "forked_from_project", "template_repository"):
        other = item.get(name)
        if isinstance(other, dict):
            kept[name] = {k: other[k] for k in ("html_url", "web_url", "homepage", "website")
                          if isinstance(other.get(k), str)}  # fmt: skip
    owner = item.get("owner") if isinstance(item.get("owner"), dict) else item.get("namespace")
    if isinstance(owner, dict):
        kept["owner"] = {k: owner[k] for k in ("login", "type", "kind", "full_path", "name") if _plain(owner.get(k))}
    return kept


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return isinstance(value, bool) or (isinstance(value, str) and value != "")


def pushed(item: Mapping[str, Any]) -> str:
    """When something was last put in; it moves with branches that are not read too."""
    found = item.get("pushed_at") or item.get("last_activity_at") or item.get("updated_at")
    return found if isinstance(found, str) else ""


def is_hidden(item: Mapping[str, Any]) -> bool:
    """Whether the host shows a repository to members only."""
    return item.get("private") is True or item.get("visibility", "public") not in ("public", None)


def addresses(item: Mapping[str, Any]) -> tuple[str, str]:
    """(address for people, address for Git) of a host's description; "" where it gives none."""
    page = item.get("html_url") or item.get("web_url") or ""
    clone = item.get("clone_url") or item.get("http_url_to_repo") or ""
    page, clone = (one if isinstance(one, str) and one.startswith("http") else "" for one in (page, clone))
    return page, clone or (page + ".git" if page else "")


@dataclass(slots=True)
class Api(Walk):
    """Pages of a host's API; the feed's secret goes to the feed's own host and no other."""

    def _fetch(self, address: str, known: Document | None) -> Fetched:
        return self.visit.http.get(address, accept=self.accept, headers=bearer(self.visit, address))


def bearer(visit: Visit, address: str) -> dict[str, str]:
    """The header that carries the feed's secret, for its own host (and that host's API) only."""
    own, asked = (urlsplit(one).netloc.lower() for one in (visit.feed.address, address))
    same = own.removeprefix("www.").removeprefix("api.") == asked.removeprefix("www.").removeprefix("api.")
    safe = address.startswith("https://") or any(urlsplit(address).netloc == one for one in visit.feed.allow_hosts)
    return {"authorization": f"Bearer {visit.token}"} if visit.token and same and safe else {}


def detail(visit: Visit, address: str) -> dict[str, Any]:
    """One description. Raises NetError; {} for what is none."""
    answer = visit.http.get(address, accept=JSON, headers=bearer(visit, address))
    try:
        value = parse(answer.body, answer.headers.get("content-type", ""), address).value
    except BadJson:
        return {}
    return value if is_repository(value) else {}


def listed(visit: Visit, address: str, walk: Api) -> Iterator[dict[str, Any]]:
    """The descriptions of a list, page by page. Raises FeedFailed for a first page that is none."""
    page = walk.first(address)
    number = 0
    while isinstance(page, Page):
        value = page.read.value
        items = value if isinstance(value, list) else None
        if isinstance(value, dict):
            items = next((value[key] for key in ("items", "data", "values") if isinstance(value.get(key), list)), None)
            items = [value] if items is None and is_repository(value) else items
        if items is None and page.number == 1:
            raise FeedFailed(Issue("git-not-a-list", address[:300], type(value).__name__))
        found = [item for item in items or [] if is_repository(item)]
        if isinstance(value, dict) and value.get("incomplete_results") is True:
            walk.stop("git-list-cut", page.address)
        walk.count(len(items or []), len(found), value)
        yield from found
        number += len(found)
        if number >= MAX_LIST:
            walk.stop("git-list-cut", page.address, str(number))
            return
        following = walk.after(page, next_link(page) or _counted(page.address, len(items or []), page))
        page = walk.then(following) if following else None  # type: ignore[assignment]


def _counted(address: str, items: int, page: Page) -> str | None:
    """The next page by number, for a server that sends no links although the page is full."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    size = query.get("per_page") or query.get("limit") or ""
    if page.headers.get("link") or not size.isdigit() or items < int(size) or not items:
        return None
    at = query.get("page", "1")
    query["page"] = str(int(at) + 1) if at.isdigit() and len(at) < 6 else "2"
    return urlunsplit(parts._replace(query=urlencode(query)))


def walk_of(visit: Visit, address: str) -> Api:
    """A walk along the pages of the API that speaks for the feed's own host."""
    return Api(replace(visit, feed=replace(visit.feed, address=address)), accept=JSON)


def probe(visit: Visit, root: str) -> str:
    """Which kind of host an unknown server is; "" when it is none that is known."""
    for kind, path in PROBES:
        try:
            answer = visit.http.get(f"{root}/{path}", accept=JSON, headers=bearer(visit, root))
        except NetError as error:
            if error.status == 401 and kind == "gitlab":  # GitLab tells its version to members only
                return kind
            continue
        if b'"version"' in answer.body[:2000]:
            return kind
    return ""
