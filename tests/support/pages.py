"""Walks over the pages: all that links lead to, in words that readers know, sound for readers and browsers."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

from fastapi.testclient import TestClient
from support import small_release as small

from registry.graph.pool import QueryAnswer, QueryRequest
from registry.messages import LANGUAGES

HTML = {"accept": "text/html"}
FOR_PROGRAMS = (
    "/api/",
    "/openapi",
    "/id/",
    "/.well-known/",
    "/profile/shapes/",
    "/profile/vocabulary/",
    "/profile/guide",
)
# The left column of docs/words.md, and the names of techniques that readers never meet.
INSIDE = (
    "copy", "copies", "near-copy", "version", "versions", "derivative", "course run", "overlap", "overlaps",
    "quarantine", "quarantined", "finding", "findings", "issue", "issues", "crosswalk", "crosswalks", "mapping",
    "cluster", "clusters", "orphan", "orphans", "harvest", "harvested", "harvester", "feed", "feeds", "rdf", "sparql",
    "shacl", "triple", "triples", "ontology", "n-triples", "skos", "dcat", "quadstore", "tombstone", "payload",
)  # fmt: skip


class Texts(HTMLParser):
    """The words of a page that are the registry's own: not what an academy wrote (code), not addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[dict[str, str]] = []
        self.headings: list[int] = []
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.language = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.words += [values[name] for name in ("aria-label", "placeholder", "title", "alt") if name in values]
        if tag in ("code", "textarea", "style"):
            self._silent += 1
        if tag == "a":
            self.links.append(values)
        if tag == "html":
            self.language = values["lang"]
        if tag == "label" and "for" in values:
            self.labelled.add(values["for"])
        if tag in ("input", "select", "textarea") and values.get("type") not in ("hidden", "checkbox"):
            self.controls.append(values)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("code", "textarea", "style"):
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


class Pool:
    """Stands in for the query workers."""

    release = ""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def switch(self, graph: Path, number: str) -> None:
        self.release = number

    async def fetch(self, query: str, media_type: str) -> bytes:
        level = small.concept("level", "basic")
        label = "http://www.w3.org/2004/02/skos/core#prefLabel"
        return f'<{level}> <{label}> "Basic"@en .\n<{level}> <{label}> "Débutant"@fr .\n'.encode()

    async def run(self, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        """An answer of two rows in which every variable has a number, and of the second nothing."""
        names = re.findall(r"\?(\w+)", request.query.split("WHERE")[0])
        row = {name: {"type": "literal", "value": "7"} for name in names}
        table = {"head": {"vars": names}, "results": {"bindings": [row, {}]}}

        async def rest() -> AsyncIterator[bytes]:
            for part in ():
                yield part

        body = json.dumps(table).encode()
        return QueryAnswer(request.media_type, self.release, body, True, 0.0, rest(), lambda: None)


def read(html: str) -> Texts:
    """The texts of a page."""
    page = Texts()
    page.feed(html)
    return page


def walk(client: TestClient, *more: str) -> list[str]:
    """Every page that links lead to from the first page, within the registry, and a few that none lead to."""
    start = [
        "/",
        "/nothing",
        "/compare/none",
        "/term/level/basic",
        "/academy/northland/to-mend?code=LR-license",
        *more,
    ]
    seen: dict[str, None] = dict.fromkeys(start)
    queue = list(start)
    while queue:
        answer = client.get(queue.pop(0), headers=HTML)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for link in read(answer.text).links:
            path = link["href"].split("#")[0].removeprefix("http://testserver")
            inside = path.startswith("/") and not path.startswith(FOR_PROGRAMS)
            inside = inside and not re.match(r"/q/[a-z0-9-]+\.", path)  # the files of an answer
            if inside and path not in seen and path.count("=") <= 2 and "lang=" not in path:
                seen[path] = None
                queue.append(path)
    return list(seen)


def inside_words(client: TestClient, paths: list[str]) -> list[tuple[str, str, str]]:
    """(path, language, word) of inside words. The query page is for authors of dashboards: it alone may name the
    query language."""
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, INSIDE))})(?![\w-])", re.IGNORECASE)
    assert pattern.search("The Feed was harvested")
    found = []
    for path in paths:
        for language in LANGUAGES:
            if path.startswith("/query"):
                continue
            parts = "&" if "?" in path else "?"
            page = read(client.get(f"{path}{parts}lang={language}", headers=HTML).text)
            text = " ".join(page.words)
            found += [(path, language, hit.group(0)) for hit in pattern.finditer(text)]
    return found


def all_sound(client: TestClient, paths: list[str]) -> None:
    """One heading of the first level and none left out, labels, no script and no style inside, no foreign links."""
    for path in paths:
        answer = client.get(path, headers=HTML)
        page = read(answer.text)
        expected = 404 if path in ("/nothing", "/compare/none") else 200
        assert answer.status_code == expected, path
        assert page.headings[0] == 1 and page.headings.count(1) == 1, path
        assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False)), path
        assert all(control["id"] in page.labelled for control in page.controls), path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "http" not in policy and "unsafe" not in policy
        assert "<script" not in answer.text and "style=" not in answer.text, path
        assert "javascript:" not in answer.text, path
        for link in page.links:
            if link["href"].startswith("http") and not link["href"].startswith("http://testserver"):
                assert link["rel"] == "nofollow noopener", (path, link)
            assert link["href"].startswith(("/", "http://", "https://", "#", "mailto:")), (path, link)
