"""Addresses, hosts' APIs, refusals and unchanged visits of the Git harvester, against a host on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harvesters import git_hosts
from harvesters.base import FeedFailed
from harvesters.git_hosts import place_of
from tests.support.git_site import (
    Host,
    build,
    codes,
    commit,
    done,
    hosting,
    mapped,
    records,
    said,
    unchanged,
)

LESSON = {"README.md": "# Training on tables\n\nHow to read and make statistical tables in one afternoon.\n"}


def item(name: str, **more: object) -> dict[str, object]:
    page = f"{{root}}/office/{name}"
    return {"name": name, "full_name": f"office/{name}", "html_url": page, "clone_url": page + ".git", **more}


@pytest.mark.parametrize(
    ("address", "what", "api"),
    [
        ("https://github.com/office", "list", "https://api.github.com/users/office/repos?per_page=100&sort=full_name"),
        ("https://github.com/orgs/office/repositories", "list", "https://api.github.com/users/office/repos"),
        ("https://github.com/office/lesson", "repository", "https://api.github.com/repos/office/lesson"),
        (
            "https://www.github.com/office/lesson/tree/main/part/one",
            "repository",
            "https://api.github.com/repos/office/",
        ),
        ("https://github.com/office/lesson.git", "repository", "https://api.github.com/repos/office/lesson"),
        ("https://gitlab.com/groups/office", "list", "https://gitlab.com/api/v4/groups/office/projects?include_sub"),
        (
            "https://gitlab.com/office/stats/lesson",
            "either",
            "https://gitlab.com/api/v4/projects/office%2Fstats%2Flesson",
        ),
        ("https://gitlab.com/a/b/-/tree/main/c", "either", "https://gitlab.com/api/v4/projects/a%2Fb?license=true"),
        ("https://codeberg.org/office", "list", "https://codeberg.org/api/v1/users/office/repos?limit=50"),
        (
            "https://codeberg.org/office/lesson/src/branch/main/x",
            "repository",
            "https://codeberg.org/api/v1/repos/office/l",
        ),
        ("https://api.github.com/search/repositories?q=topic:lesson", "api", ""),
        ("https://git.office.example/api/v4/groups/7/projects", "api", ""),
        ("https://git.office.example/some/where.git", "repository", ""),
        ("https://git.office.example/some/where", "either", ""),
        ("https://files.office.example/repositories.json", "api", ""),
    ],
)
def test_addresses(address: str, what: str, api: str) -> None:
    place = place_of(address)
    assert place.what == what
    if api:
        url = git_hosts.list_address(place) if what == "list" else git_hosts.detail_address(
            place.kind, place.root, place.path
        )  # fmt: skip
        assert url.startswith(api)


def test_a_folder_inside_a_repository() -> None:
    place = place_of("https://github.com/office/lesson/tree/v2/part/one")
    assert (place.path, place.ref, place.folder, place.page) == (
        "office/lesson", "v2", "part/one", "https://github.com/office/lesson",
    )  # fmt: skip


def test_one_repository_without_an_api(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", {"README.md": "# x\n"}, LESSON, tags=("v1", "v2"))
    with hosting(Host({"/office/tables.git": repo})) as host:
        events = host.visit(host.feed("/office/tables.git"))
        (record,) = records(events)
        data = json.loads(record.payload)
        assert data["date"].startswith("2025-01-01T") and len(data["first_commits"]) == 1
        assert data["tags"] == ["v1", "v2"] and data["repository"]["branch"] == "master"
        assert said(mapped(record), "name") == ["Training on tables"]
        host.log.clear()
        again = host.visit(host.feed("/office/tables.git"))
        assert unchanged(again) == [host.root + "/office/tables"] and records(again) == []
        assert not [path for method, path, _ in host.log if method == "POST"]  # nothing was fetched
        commit(repo, {"README.md": "# Training on charts\n"}, 1_740_000_000)
        (changed,) = records(host.visit(host.feed("/office/tables.git")))
        assert said(mapped(changed), "name") == ["Training on charts"]


def test_a_subfolder_of_a_repository(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", {"README.md": "# Whole\n", "courses/a/README.md": "# Course A\n\nLearn A first.\n"})
    with hosting(Host({"/o/r.git": repo, "/o/r": repo})) as host:
        (record,) = records(host.visit(host.feed("/o/r/tree/master/courses/a")))
        assert said(mapped(record), "name") == ["Course A"] and record.key.endswith("/o/r/tree/master/courses/a")


def test_a_list_proves_deletion_and_a_failing_repository_keeps_what_stood(tmp_path: Path) -> None:
    host = Host({f"/office/{name}.git": build(tmp_path / name, LESSON) for name in ("a", "b")})
    path = "/api/v1/users/office/repos"
    host.pages[path] = [item("a"), item("b")]
    with hosting(host):
        feed = host.feed(path)
        assert len(records(host.visit(feed))) == 2 and host.bookmark == {}
        host.pages[path] = [item("b")]
        host.faults["/office/b.git"] = 503
        events = host.visit(feed)
        assert unchanged(events) == [host.root + "/office/b"] and codes(events) == ["git-later"]
        assert done(events).complete and done(events).deletions == "proved"


def test_pages_that_lead_back_end_and_prove_nothing(tmp_path: Path) -> None:
    host = Host({"/office/a.git": build(tmp_path / "a", LESSON)})
    path = "/api/v1/users/office/repos"
    host.pages[path] = [item("a")]
    host.links[path] = f'<{{root}}{path}>; rel="next"'
    with hosting(host):
        events = host.visit(host.feed(path))
        assert not done(events).complete and "jsontext-page-loop" in codes(events) and len(records(events)) == 1


def test_pages_by_number_where_no_links_are_sent(tmp_path: Path) -> None:
    host = Host({f"/office/{name}.git": build(tmp_path / name, LESSON) for name in ("a", "b", "c")})
    path = "/api/v1/users/office/repos?limit=2"
    host.pages |= {path: [item("a"), item("b")], path + "&page=2": [item("c")]}
    with hosting(host):
        events = host.visit(host.feed(path))
        assert len(records(events)) == 3 and done(events).complete


def test_a_cut_search_proves_nothing(tmp_path: Path) -> None:
    host = Host({"/office/a.git": build(tmp_path / "a", LESSON)})
    host.pages["/api/v3/search/repositories"] = {"total_count": 9, "incomplete_results": True, "items": [item("a")]}
    with hosting(host):
        events = host.visit(host.feed("/api/v3/search/repositories"))
        assert not done(events).complete and done(events).deletions == "unknown" and len(records(events)) == 1


def test_api_refused_the_repository_alone_does(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", LESSON)
    host = Host({"/office/tables.git": repo})
    detail = "/api/v1/repos/office/tables"
    host.pages[detail] = item("tables", topics=["quality"], licenses=["CC-BY-4.0"])
    with hosting(host):
        feed = host.feed("/office/tables.git", host="gitea")
        (whole,) = records(host.visit(feed))
        assert said(mapped(whole), "license") == ["http://spdx.org/licenses/CC-BY-4.0"]
        host.faults["/api/"] = 403
        assert unchanged(host.visit(feed))  # refused and nothing new: what stands, stands
        commit(repo, {"README.md": "# New\n"}, 1_740_000_000)
        host.bookmark = {}
        events = host.visit(feed)
        assert unchanged(events) and "git-later" in codes(events)  # one visit of patience
        (bare,) = records(host.visit(feed))
        assert said(mapped(bare), "name") == ["New"] and said(mapped(bare), "license") == []


def test_git_refused_the_api_alone_does() -> None:
    host = Host()
    host.pages["/api/v4/projects/office%2Ftables?license=true"] = None
    detail = "/api/v4/projects/office/tables"
    host.pages[detail] = {
        "name": "Tables", "path_with_namespace": "office/tables", "web_url": "{root}/office/tables",
        "description": "Training on statistical tables", "topics": ["tables"], "license": {"key": "cc-by-sa-4.0"},
        "archived": True, "created_at": "2021-01-01T00:00:00Z", "last_activity_at": "2022-02-02T00:00:00Z",
        "forked_from_project": {"web_url": "https://git.example/first/tables"},
    }  # fmt: skip
    del host.pages["/api/v4/projects/office%2Ftables?license=true"]
    with hosting(host):
        events = host.visit(host.feed("/office/tables.git", host="gitlab"))
        (record,) = records(events)
        assert codes(events) == ["git-api-only"]
        result = mapped(record)
        assert said(result, "description") == ["Training on statistical tables"]
        assert said(result, "license") == ["http://spdx.org/licenses/CC-BY-SA-4.0"]
        assert said(result, "isBasedOn") == ["https://git.example/first/tables"]
        assert said(result, "creativeWorkStatus")[0].endswith("/archived")
        assert said(result, "dateModified") == ["2022-02-02T00:00:00Z"]
        assert unchanged(host.visit(host.feed("/office/tables.git", host="gitlab")))


def test_the_parent_of_a_fork_is_asked_for_and_may_be_refused(tmp_path: Path) -> None:
    host = Host({"/office/copy.git": build(tmp_path / "copy", LESSON)})
    path, detail = "/api/v3/users/office/repos", "/api/v3/repos/office/copy"
    fork = item("copy", fork=True, topics=["tables"])
    host.pages = {path: [fork], detail: {**fork, "parent": {"html_url": "https://github.com/first/lesson"}}}
    host.faults[detail] = 403
    with hosting(host):
        feed = host.feed(path)
        events = host.visit(feed)
        result = mapped(records(events)[0])
        assert "git-api-refused" in codes(events) and said(result, "isBasedOn") == []
        assert said(result, "keywords") == ["tables"]  # the list's own words are kept
        host.faults.clear()
        result = mapped(records(host.visit(feed))[0])
        assert said(result, "isBasedOn") == ["https://github.com/first/lesson"]
        host.faults[detail] = 429
        assert unchanged(host.visit(feed)) and host.bookmark["api"] == "refused"


def test_an_unknown_server_is_asked_what_it_is(tmp_path: Path) -> None:
    host = Host({"/office/training/tables.git": build(tmp_path / "t", LESSON)})
    project = {"name": "Tables", "path_with_namespace": "office/training/tables",
               "web_url": "{root}/office/training/tables", "visibility": "public",
               "http_url_to_repo": "{root}/office/training/tables.git"}  # fmt: skip
    host.pages = {"/api/v4/version": {"version": "17.0"}, "/api/v4/groups/office/training/projects": [project]}
    with hosting(host):
        events = host.visit(host.feed("/office/training"))
        assert len(records(events)) == 1 and host.bookmark["kind"] == "gitlab" and done(events).complete
        assert len(unchanged(host.visit(host.feed("/office/training")))) == 1


def test_nothing_answers_yesterday_stays() -> None:
    with hosting(Host()) as host, pytest.raises(FeedFailed) as failed:
        host.visit(host.feed("/office/none.git"))
    assert failed.value.issue.code == "net-status"


def test_the_token_goes_to_its_own_host_only(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", LESSON)
    other = Host({"/office/far.git": repo})
    host = Host({"/office/near.git": repo})
    path = "/api/v1/users/office/repos"
    with hosting(other), hosting(host):
        far = item("far")
        far |= {"html_url": other.root + "/office/far", "clone_url": other.root + "/office/far.git"}
        host.pages[path] = [item("near"), far]
        feed = host.feed(path)
        feed = type(feed)(**{
            **{name: getattr(feed, name) for name in feed.__slots__},
            "allow_hosts": (*feed.allow_hosts, other.root.removeprefix("http://")),
        })  # fmt: skip
        events = host.visit(feed, token="s3cret")
        assert len(records(events)) == 2
        assert {secret[:6] for _, path_, secret in host.log} == {"Bearer", "Basic "}
        assert {secret for _, _, secret in other.log} == {""}
        assert b"s3cret" not in b"".join(record.payload for record in records(events))


def test_hidden_forked_archived_and_chosen_names(tmp_path: Path) -> None:
    names = ("course-a", "course-b", "fork", "old")
    host = Host({f"/office/{name}.git": build(tmp_path / name, LESSON) for name in names})
    path = "/api/v1/users/office/repos"
    host.pages[path] = [
        item("course-a"), item("course-b"), item("fork", fork=True), item("old", archived=True),
        item("inside", visibility="internal"), item("secret", private=True),
    ]  # fmt: skip

    def names_of(**options: object) -> list[str]:
        host.known.clear()
        return [
            json.loads(one.payload)["repository"]["name"] for one in records(host.visit(host.feed(path, **options)))
        ]

    with hosting(host):
        assert names_of() == ["course-a", "course-b", "fork", "old"]
        assert names_of(forks=False, archived=False) == ["course-a", "course-b"]
        assert names_of(include=["course-*"], exclude=["*-b"]) == ["course-a"]
        with pytest.raises(FeedFailed) as failed:
            names_of(forks="no")
        assert failed.value.issue.code == "git-bad-option"


def test_an_empty_repository_is_told(tmp_path: Path) -> None:
    with hosting(Host({"/office/new.git": build(tmp_path / "new")})) as host:
        events = host.visit(host.feed("/office/new.git"))
        assert codes(events) == ["git-empty"] and records(events) == [] and done(events).complete


def test_a_page_that_is_no_repository_fails_in_words(tmp_path: Path) -> None:
    host = Host(pages={"/r.git/info/refs?service=git-upload-pack": b"<html>hello</html>"})
    with hosting(host), pytest.raises(FeedFailed) as failed:
        host.visit(host.feed("/r.git"))
    assert failed.value.issue.code == "git-not-git"


@pytest.mark.parametrize("filtering", [True, False])
def test_gits_own_server(tmp_path: Path, filtering: bool) -> None:
    """Protocol version 2 with and without filters, as large hosts speak it."""
    git = shutil.which("git")
    if git is None:
        if os.environ.get("CI"):
            pytest.fail("git must be there in CI")
        pytest.skip("git is not installed here")
    repo = build(tmp_path / "r", {"README.md": "# x\n"}, {**LESSON, "data/big.bin": os.urandom(50_000)}, tags=("v3",))
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: bytes = b"") -> None:
            path, _, query = self.path.partition("?")
            env = {
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(tmp_path), "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": self.headers.get("content-type", ""), "CONTENT_LENGTH": str(len(body)),
                "GIT_PROTOCOL": self.headers.get("git-protocol", ""), "HOME": str(tmp_path),
                "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "uploadpack.allowFilter",
                "GIT_CONFIG_VALUE_0": str(filtering).lower(),
                "GIT_CONFIG_KEY_1": "safe.directory", "GIT_CONFIG_VALUE_1": "*",
            }  # fmt: skip
            out = subprocess.run([git, "http-backend"], input=body, env=env, capture_output=True, check=False).stdout
            head, _, rest = out.partition(b"\r\n\r\n")
            headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
            status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest)
            sent.append(len(rest))

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        host = Host(root=f"http://127.0.0.1:{server.server_port}")
        events = host.visit(host.feed("/r/.git"))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    (record,) = records(events)
    data = json.loads(record.payload)
    assert data["texts"]["README.md"]["text"] == LESSON["README.md"] and data["tags"] == ["v3"]
    assert len(data["first_commits"]) == 1 and data["first_commits"][0] != repo.head().decode()
    assert (max(sent) < 50_000) == filtering  # only what is needed is fetched
