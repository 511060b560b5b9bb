"""A recorded owner with five repositories → the expected graph and issues, the same bytes each time.

After a wanted change: ``python -m tests.unit.test_git_golden`` writes the expected files anew; read the difference
before committing it.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from registry.model import Document, FeedIssue, RawRecord
from registry.terms import to_ntriples
from tests.support.git_site import BASE, Host, build, done, hosting, mapped, records, tree, unchanged

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "git"
PLACE = "https://git.example"
NAMES = ("sampling-lesson", "quality-handbook", "enquetes", "tools")
LIST = "/api/v1/users/office/repos?limit=50"


def api(name: str, **more: object) -> dict[str, object]:
    """What a Gitea server says of a repository."""
    address = f"{{root}}/office/{name}"
    return {
        "name": name, "full_name": f"office/{name}", "html_url": address, "clone_url": address + ".git",
        "private": False, "archived": False, "fork": False, "created_at": "2020-01-01T08:00:00Z", "stars_count": 3,
        "updated_at": "2025-02-02T02:02:02Z", "description": "", "website": "", "default_branch": "master", **more,
    }  # fmt: skip


def host_of(folder: Path, root: str) -> Host:
    """The host with its repositories; the first commits of two lessons are the same."""
    host = Host(root=root)
    for name in NAMES:
        seed = {"README.md": "# lesson\n"} if name in ("sampling-lesson", "enquetes") else {"README.md": f"# {name}\n"}
        files = tree(GOLDEN / "repositories" / name, root)
        tags = ("v1.2", "v1.10", "v2.0-rc1") if name == "quality-handbook" else ()
        host.repositories[f"/office/{name}.git"] = build(folder / name, seed, files, tags=tags)
    parent = {"html_url": "https://git.example/first/surveys", "website": "https://surveys.example"}
    fork = api("enquetes", fork=True, parent=parent, topics=["survey-design", "lesson"], licenses=["CC-BY-3.0"],
               website="https://surveys.example/", description="Cours sur les enquêtes, écrire à a@b.example")  # fmt: skip
    first = [api("sampling-lesson", website="https://unused.example"), api("quality-handbook", description="A book")]
    host.pages[LIST] = first
    host.links[LIST] = '<{root}/api/v1/users/office/repos?limit=50&page=2>; rel="next"'
    host.pages[LIST + "&page=2"] = [fork, api("tools"), api("secret", private=True)]
    return host


@cache
def run(twice: bool = False, again: bool = False) -> tuple[list[object], str, str]:
    """Harvest the owner: (events, graph, issues), the server's address and the hashed keys replaced."""
    with tempfile.TemporaryDirectory() as folder, hosting(Host()) as host:
        made = host_of(Path(folder), host.root)
        host.repositories, host.pages, host.links = made.repositories, made.pages, made.links
        feed = host.feed("/api/v1/users/office/repos?limit=50")
        events = host.visit(feed)
        if twice:
            events = host.visit(feed)
        bare = host.root.removeprefix("http://")
        triples, issues, names = [], [], {}
        for event in events:
            if isinstance(event, FeedIssue):
                issues.append(("", event.issue))
            if isinstance(event, RawRecord):
                event = public(event, host.root, bare)
                result = mapped(event, feed)
                triples += [triple[:3] for triple in result.triples]
                issues += [(event.key, issue) for issue in (*event.issues, *result.issues)]
                for iri in (result.resource, BASE.record(feed.id, event.key)):
                    names[iri.rpartition("/")[2]] = event.key.partition("/")[2].replace("#", "_").replace("/", ".")
        graph = to_ntriples(triples)
        for digest, name in names.items():
            graph = graph.replace(digest, name)
        lines = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) for key, one in issues]
        text = "".join(f"{row}\n" for row in lines).replace(host.root, PLACE)
        return events, "".join(sorted(graph.splitlines(keepends=True))), text


def public(record: RawRecord, root: str, bare: str) -> RawRecord:
    """A record as it would come from a host that the world can reach."""
    payload = record.payload.replace(root.encode(), PLACE.encode())
    source, key = record.source.replace(root, PLACE), record.key.replace(bare, "git.example")
    return replace(record, payload=payload, source=source, key=key)


def test_expected_graph_and_issues() -> None:
    events, graph, issues = run()
    assert graph == (GOLDEN / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / "issues.tsv").read_text("utf-8")
    assert done(events).complete and done(events).deletions == "proved"


def test_twice_gives_nothing_but_unchanged() -> None:
    events, graph, _ = run(twice=True)
    assert graph == "" and len(unchanged(events)) == 4 and records(events) == [] and done(events).complete


def test_the_same_bytes_each_time() -> None:
    first, second = run()[0], run(again=True)[0]
    assert len([one for one in first if isinstance(one, Document)]) == 4
    payloads = [[(len(one.payload), one.locator) for one in records(events)] for events in (first, second)]
    assert payloads[0] == payloads[1] and len(payloads[0]) == 9


if __name__ == "__main__":
    (GOLDEN / "expected.nt").write_text(run()[1], "utf-8")
    (GOLDEN / "issues.tsv").write_text(run()[2], "utf-8")
