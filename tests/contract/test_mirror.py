"""A mirror is brought to a release, whatever breaks off on the way, and what is no whole answer is none."""

from __future__ import annotations

import asyncio
import http.server
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import release
from registry.graph import remote_query
from registry.graph.guard import Refused
from registry.graph.journal import Journal
from registry.graph.mirrored import Mirrored, State, pool_of, read_state, write_state
from registry.graph.pool import QueryFailed, QueryRequest
from registry.graph.remote import Store, StoreFailed, of_settings
from registry.graph.remote_rewrite import Rules, rewritten
from registry.graph.store import EmbeddedStore
from registry.pipeline import mirror
from registry.settings import BadSettings, Settings, load
from registry.web.answer_cache import AnswerCache, Whole
from registry.web.sparql_answer import Said
from tests.support.graphs import IRIS, record_change, tombstone_change
from tests.support.store_servers import Server, virtuoso
from tests.support.stores import KINDS, asker_of, request_of, settings_of

ROOT = Path(__file__).resolve().parents[2]
JSON = "application/sparql-results+json"


def publish(data: Path, changes: list[Any], sequence: int) -> release.Release:
    """A release of the graph alone, as the publisher makes it."""
    store = EmbeddedStore(data / "graph", IRIS, "r", {"one": "alpha"}, Journal(data / mirror.JOURNAL))
    if store.marker() is None:
        store.bulk(changes)
        changes = []
    store.apply(changes, None, sequence)
    number = release.number_for(data, sequence)
    making = release.begin(data, number)
    store.snapshot(making / "graph")
    manifest = {"number": number, "sequence": sequence, "journal": store.journalled()}
    store.close()
    return release.finish(data, making, manifest, 3)


def some(count: int, start: int = 1, word: str = "Git") -> list[Any]:
    return [record_change(start + n, f"k{n}", name=f'{word} é "{n}"') for n in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mirror_follows_the_releases_and_holds_the_same(
    kind: str, server: Callable[[str], Server], tmp_path: Path
) -> None:
    settings = settings_of(kind, server(kind), data=tmp_path)
    publish(tmp_path, some(30), 30)
    with pytest.raises(StoreFailed, match=r"has not come|no mirror"):
        mirror.compare(settings, IRIS.base)
    mirror.bring_up(settings, IRIS.base)
    state = read_state(tmp_path, settings.store)
    assert state is not None and (state.phase, state.number, state.sequence) == ("ready", "30.0", 30)
    assert mirror.compare(settings, IRIS.base).same
    publish(tmp_path, [*some(10, 31, "R"), tombstone_change(41, "k11")], 41)
    with pytest.raises(StoreFailed, match="has not come"):
        mirror.compare(settings, IRIS.base)
    marker = mirror.bring_up(settings, IRIS.base)
    assert (marker.sequence, marker.copying) == (41, False)
    found = mirror.compare(settings, IRIS.base)
    assert found.same and found.here.triples > 300
    # What is changed there behind our back is found, and mended by building the graph anew.
    made = of_settings(settings, IRIS)
    assert made is not None
    there = Store(made)
    there.update(*there.inserting({str(IRIS.record("one", "k1")): ["<http://x.test/> <http://x.test/> 1 .\n"]}))
    there.close()
    assert not mirror.compare(settings, IRIS.base).same
    assert mirror.bring_up(settings, IRIS.base) == marker
    release_graph = release.current(tmp_path)
    assert release_graph is not None
    (tmp_path / "graph").rename(tmp_path / "before")
    publish(tmp_path, some(12), 42)
    mirror.bring_up(settings, IRIS.base)
    assert mirror.compare(settings, IRIS.base).same


RUNNER = """
import json, sys
from pathlib import Path
from registry.pipeline import mirror
from registry.settings import BadSettings, Settings, load
told = json.loads(sys.argv[1])
settings = Settings(**{**told, "data": Path(told["data"])})
print("begun", flush=True)
mirror.bring_up(settings, sys.argv[2])
print("done", flush=True)
"""


@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_a_killed_mirroring_is_taken_up_and_ends_the_same(
    kind: str, server: Callable[[str], Server], tmp_path: Path
) -> None:
    settings = settings_of(kind, server(kind), data=tmp_path)
    names = ("store", "store_kind", "store_user", "store_password")
    told = json.dumps({**{name: getattr(settings, name) for name in names}, "data": str(tmp_path)})
    publish(tmp_path, some(150), 150)
    ended = []
    for round_ in range(4):
        if round_ == 2:
            publish(tmp_path, some(150, 151, "R"), 300)
        runner = subprocess.Popen([sys.executable, "-c", RUNNER, told, IRIS.base], cwd=ROOT, stdout=subprocess.PIPE)
        assert runner.stdout is not None
        assert runner.stdout.readline() == b"begun\n"
        time.sleep((0.08, 0.2, 0.05, 0.15)[round_])
        os.kill(runner.pid, signal.SIGKILL)
        ended.append(b"done" in runner.stdout.read())
        runner.wait()
        runner.stdout.close()
    assert not all(ended)
    mirror.bring_up(settings, IRIS.base)
    assert mirror.compare(settings, IRIS.base).same


def test_another_ones_data_are_not_touched(server: Callable[[str], Server], tmp_path: Path) -> None:
    settings = settings_of("oxigraph", server("oxigraph"), data=tmp_path)
    httpx.post(f"{settings.store}/update", data={"update": "DROP ALL"})
    httpx.post(f"{settings.store}/update", data={"update": "INSERT DATA { GRAPH <http://x.test/> { <a:a> <a:a> 1 } }"})
    publish(tmp_path, some(2), 2)
    with pytest.raises(StoreFailed, match="other data"):
        mirror.bring_up(settings, IRIS.base)
    left = httpx.post(f"{settings.store}/query", data={"query": "SELECT * { GRAPH ?g { ?s ?p ?o } }"})
    assert len(left.json()["results"]["bindings"]) == 1
    httpx.post(f"{settings.store}/update", data={"update": "DROP ALL"})


@dataclass
class Fake:
    """A store that gives one prepared answer to every query. ``seen`` counts, ``left`` is set when a caller goes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claimed: int | None = None
    slow: float = 0.0
    queries: list[str] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)


@contextmanager
def fake_store(fake: Fake) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fake.queries.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            assert "Authorization" not in self.headers
            assert "," not in self.headers["Accept"]
            end = time.monotonic() + fake.slow
            self.connection.settimeout(0.05)
            while time.monotonic() < end:
                try:
                    if self.connection.recv(1) == b"":
                        fake.left.set()
                        return
                except TimeoutError:
                    continue
            self.send_response(fake.status)
            for name, value in ({"Content-Type": JSON} | fake.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(fake.body) if fake.claimed is None else fake.claimed))
            self.end_headers()
            self.wfile.write(fake.body)

        def log_message(self, *_: Any) -> None:
            """Nothing is told."""

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


GOOD = b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"typed-literal","datatype":"http://www.w3.org/2001/XMLSchema#integer","value":"7"}}]}}'
TEXT = "SECRET of the engine"


def asked(fake: Fake, media_type: str = JSON, query: str = "SELECT ?n { ?n ?p ?o }", kind: str = "virtuoso") -> bytes:
    with fake_store(fake) as address:
        remote = of_settings(Settings(store=address, store_kind=kind), IRIS)
        assert remote is not None
        out = io.BytesIO()
        remote_query.answer(asker_of(remote), request_of(query, media_type, seconds=1.0), out)
        return out.getvalue()


def test_a_typed_literal_is_a_literal() -> None:
    told = json.loads(asked(Fake(GOOD)))
    (row,) = told["results"]["bindings"]
    assert row["n"] == {"type": "literal", "value": "7", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}


@pytest.mark.parametrize(
    "fake",
    [
        Fake(GOOD[:-1]),
        Fake(GOOD[:-30]),
        Fake(b""),
        Fake(GOOD, claimed=len(GOOD) + 10),
        Fake(GOOD + b"The SPARQL operation has been cancelled"),
        Fake(b'{"head":{},"boolean":true} The SPARQL operation has been cancelled'),
        Fake(GOOD, headers={"X-SPARQL-MaxRows": "10000"}),
        Fake(GOOD, headers={"X-SQL-State": "S1TAT"}),
        Fake(GOOD, headers={"Content-Type": "text/html"}),
        Fake(TEXT.encode(), status=500),
        Fake(TEXT.encode(), status=400),
        Fake(TEXT.encode(), status=503),
        Fake(GOOD, status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Fake(GOOD, slow=4.0),
    ],
    ids=lambda fake: f"{fake.status} {list(fake.headers)} {fake.body[-20:]!r} {fake.claimed} {fake.slow}",
)
def test_what_is_no_whole_answer_is_none(fake: Fake) -> None:
    fake = Fake(fake.body, fake.status, fake.headers, fake.claimed, fake.slow)
    with pytest.raises(Refused) as told:
        asked(fake)
    assert "SECRET" not in str(told.value) and len(fake.queries) == 1


@pytest.mark.parametrize(
    "fake",
    [
        Fake(b"<a:a> <a:b> <a:c> .\n<a:a> <a:b>", headers={"Content-Type": "application/n-triples"}),
        Fake(b"<a:a> <a:b> <a:c> .\n", headers={"Content-Type": "application/n-triples"}, claimed=40),
        Fake(
            b"<a:a> <a:b> <a:c> .\nThe operation has been cancelled", headers={"Content-Type": "application/n-triples"}
        ),
    ],
)
def test_a_graph_that_is_cut_off_is_none(fake: Fake) -> None:
    with pytest.raises(Refused):
        asked(fake, "text/turtle", "CONSTRUCT WHERE { ?s ?p ?o }")


def test_a_store_that_cuts_answers_off_is_no_mirror(tmp_path: Path) -> None:
    publish(tmp_path, some(2), 2)
    rows = b'{"head":{"vars":["a"]},"results":{"bindings":[]}}'
    for fake in (Fake(GOOD, headers={"X-SPARQL-MaxRows": "10000"}), Fake(rows)):
        with fake_store(fake) as address, pytest.raises(StoreFailed, match=r"cuts .* off"):
            mirror.bring_up(Settings(store=address, store_kind="oxigraph", data=tmp_path), IRIS.base)


def test_virtuosos_limit_of_rows_is_found(tmp_path: Path) -> None:
    publish(tmp_path, some(2), 2)
    folder = tmp_path / "virtuoso"
    folder.mkdir()
    with virtuoso(folder, max_rows=100) as limited:
        settings = settings_of("virtuoso", limited, data=tmp_path)
        with pytest.raises(StoreFailed, match=r"cuts .* off"):
            mirror.bring_up(settings, IRIS.base)
        remote = of_settings(settings, IRIS)
        assert remote is not None
        with pytest.raises(Refused, match="whole answer"):
            remote_query.answer(asker_of(remote), request_of("SELECT * { ?s ?p ?o }", JSON), io.BytesIO())


def test_a_secret_is_not_shown() -> None:
    settings = Settings(store="http://x.test", store_user="writer", store_password="hidden-word")
    remote = of_settings(settings, IRIS)
    assert "hidden-word" not in repr(settings) + repr(remote) and "writer" not in repr(remote)
    for wrong in ("ftp://x.test", "http://name:word@x.test", "x", "http://x.test/?a=b"):
        with pytest.raises(ValueError, match="STORE") as told:
            of_settings(Settings(store=wrong), IRIS)
        assert "word" not in str(told.value).replace("password", "").replace("PASSWORD", "")
    with pytest.raises(ValueError, match="STORE_KIND"):
        of_settings(Settings(store="http://x.test", store_kind="other"), IRIS)


def mirrored(settings: Settings) -> Mirrored:
    made = pool_of(settings, IRIS.base)
    assert isinstance(made, Mirrored)
    return made


COUNT = QueryRequest("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "SELECT", "text/csv")


@pytest.mark.parametrize("kind", KINDS)
def test_the_public_is_answered_by_the_mirror_and_kept_only_in_step(
    kind: str, server: Callable[[str], Server], tmp_path: Path
) -> None:
    settings = settings_of(kind, server(kind), data=tmp_path, query_workers=1)
    first = publish(tmp_path, some(3), 3)

    async def ask() -> None:
        pool = mirrored(settings)
        await pool.start()
        try:
            await pool.switch(first.graph, first.number)
            # No mirror yet: the release answers.
            answer = await pool.public.run(COUNT)
            assert answer.release == first.number == pool.public.release
            whole = answer.first
            await asyncio.to_thread(mirror.bring_up, settings, IRIS.base)
            answer = await pool.public.run(COUNT)
            assert (answer.first, answer.release) == (whole, first.number)
            second = publish(tmp_path, some(5, 4, "R"), 8)
            await pool.switch(second.graph, second.number)
            answer = await pool.public.run(COUNT)  # it lags
            assert answer.first == whole and answer.release.startswith("~")
            assert pool.public.release.startswith("~") and pool.release == second.number
            assert (await pool.run(COUNT, internal=True)).first != whole
            await asyncio.to_thread(mirror.bring_up, settings, IRIS.base)
            answer = await pool.public.run(COUNT)
            assert answer.first != whole and answer.release == second.number
            state = read_state(tmp_path, settings.store)
            assert state is not None
            write_state(tmp_path, State(settings.store, "writing", second.number, 8, state.hidden))
            assert (await pool.public.run(COUNT)).release.startswith("~")
            write_state(tmp_path, State(settings.store, "copying"))
            assert (await pool.public.run(COUNT)).release == second.number  # the release answers again
        finally:
            await pool.stop()

    asyncio.run(ask())


def test_a_worker_reaches_its_store_only_and_lets_go_when_its_caller_leaves(tmp_path: Path) -> None:
    one = publish(tmp_path, some(2), 2)
    fake = Fake(GOOD, slow=20.0)

    async def ask(address: str) -> None:
        settings = Settings(data=tmp_path, store=address, store_kind="plain", query_workers=1, query_deadline=1.0)
        write_state(tmp_path, State(address, "ready", one.number, 2))
        pool = mirrored(settings)
        await pool.start()
        try:
            await pool.switch(one.graph, one.number)
            running = asyncio.ensure_future(pool.public.run(COUNT))
            while not fake.queries:
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert await asyncio.to_thread(fake.left.wait, 2)
            began = time.monotonic()
            with pytest.raises(QueryFailed) as told:
                await pool.public.run(COUNT)
            assert told.value.kind == "deadline" and time.monotonic() - began < 2.5
            fake.slow, fake.status = 0.0, 500  # what the engine does not manage, the release does
            assert (await pool.public.run(COUNT)).first == b"n\r\n24\r\n"
        finally:
            await pool.stop()

    with fake_store(fake) as address:
        asyncio.run(ask(address))


def test_a_worker_may_open_no_other_connection(tmp_path: Path) -> None:
    script = """
import os, socket, sys
from registry.graph import remote_worker, sandbox
port = int(sys.argv[1])
channel, process = remote_worker.start_connector(("127.0.0.1", port))
assert sandbox.deny_network()
try:
    socket.create_connection(("127.0.0.1", port))
    print("open")
except PermissionError:
    print("refused")
made = remote_worker.connect_through(channel, 5.0)
print(made.getpeername()[1] == port)
os.kill(process, 9)
os.waitpid(process, 0)
"""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = str(listening.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", script, port], cwd=ROOT, capture_output=True, text=True, timeout=30
        )
    assert done.stdout.split() == ["refused", "True"], done.stderr


def test_answers_of_a_passing_release_are_neither_tagged_nor_kept() -> None:
    said = Said("text/csv", "identity", "a query", False)
    kept, passing = dict(said.headers("3.0")), dict(said.headers("~1"))
    assert b"etag" in kept and kept[b"cache-control"].startswith(b"public")
    assert b"etag" not in passing and passing[b"cache-control"] == b"no-store"
    cache = AnswerCache(1 << 20)
    assert cache.get("~1", "key") is None
    cache.put("key", Whole("~1", (b"x",), 1, ""))
    assert cache.get("~1", "key") is None
    assert cache.get("3.0", "key") is None
    cache.put("key", Whole("3.0", (b"x",), 1, ""))
    assert cache.get("3.0", "key") is not None


@given(
    before=st.text(alphabet=" \n\t{}#\"'", max_size=6).map(lambda text: "#" + text.replace("\n", " ") + "\n"),
    name=st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True),
    depth=st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_a_changed_query_is_one_and_asks_for_public_graphs_only(before: str, name: str, depth: int) -> None:
    """Whatever stands around them: patterns of graphs get their filter, and the query stays SPARQL."""
    inner = f"GRAPH ?{name} {{ ?s ?p ?o }}"
    for _ in range(depth):
        inner = f"GRAPH ?{name} {{ ?s ?p ?o . {inner} }}"
    query = f"{before}SELECT ?s {{ ?s ?p '}} GRAPH ?x {{' . OPTIONAL {{ {inner} }} }}"
    hidden = "http://registry.test/graph/projection"
    text = rewritten(query, -1, "http://registry.test/", Rules(hidden=hidden), [])
    ox.Store().query(text)
    assert text.count(f'STRSTARTS(STR(?{name}), "{hidden}")') == depth + 1
    assert "'} GRAPH ?x {'" in text
    store = ox.Store()
    node = ox.NamedNode("http://x.test/")
    for graph in (f"{hidden}/mirror", "http://x.test/g"):
        store.add(ox.Quad(node, node, ox.Literal("1"), ox.NamedNode(graph)))
    found = rewritten("SELECT ?g { GRAPH ?g { ?s ?p ?o } }", -1, "", Rules(hidden=hidden), [])
    assert [str(row["g"]) for row in store.query(found)] == ["<http://x.test/g>"]  # type: ignore[union-attr, index]


@pytest.mark.parametrize(
    "told",
    [{"STORE_KIND": "other"}, {"STORE": "virtuoso:8890"}, {"STORE": "http://[x"}, {"STORE": "http://a:word@x.test/"},
     {"STORE": "http://x.test", "STORE_UPDATE": "file:///x"}],
)  # fmt: skip
def test_a_store_that_cannot_be_meant_is_told_at_once(told: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="META_ACADEMY_STORE") as error:
        load({f"META_ACADEMY_{name}": value for name, value in told.items()})
    assert "a:word" not in str(error.value)
