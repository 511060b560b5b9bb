"""Killable query workers: deadline, memory, network, clients that leave, releases that change."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ctypes.util import find_library
from pathlib import Path

import pyoxigraph as ox
import pytest

from registry.graph import worker
from registry.graph.forked import allocation
from registry.graph.pool import QueryFailed, QueryPool, QueryRequest, query_release
from registry.settings import Settings

JSON = "application/sparql-results+json"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d) }"
SORTED = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
SETTINGS = Settings(query_workers=2, query_deadline=10, query_memory=256 << 20, query_queue=30)


def build(path: Path, number: int) -> Path:
    store = ox.Store(str(path))
    rows = "".join(
        f'<http://x.test/{i}> <http://x.test/p> "value {i}" <http://x.test/g{i % 2}> .\n' for i in range(number)
    )
    store.load(rows.encode(), ox.RdfFormat.N_QUADS)
    store.flush()
    return path


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("release") / "graph", 2000)


@asynccontextmanager
async def pool(graph: Path, settings: Settings = SETTINGS) -> AsyncIterator[QueryPool]:
    made = QueryPool(settings)
    await made.start()
    try:
        await made.switch(graph, "1.0")
        yield made
    finally:
        await made.stop()


async def ask(made: QueryPool, query: str, media_type: str = JSON, deadline: float | None = None) -> bytes:
    answer = await made.run(QueryRequest(query, "SELECT", media_type, deadline=deadline))
    try:
        return answer.first + b"".join([part async for part in answer.rest])
    finally:
        answer.close()


def children(parent: int) -> set[int]:
    """Living processes below one, by /proc."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == parent and fields[0] != "Z":
                found.add(int(folder.name))
    return found


def workers_of(made: QueryPool) -> set[int]:
    assert made._zygote is not None
    return children(made._zygote._process.pid)


async def until(condition: Callable[[], bool], seconds: float = 1.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come about in time"
        await asyncio.sleep(0.02)


def test_queries_are_answered_and_columns_keep_their_order(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            assert made.sandboxed
            assert b'"2000"' in await ask(made, COUNT)
            assert (await ask(made, "SELECT * { ?z ?y ?x } LIMIT 1", "text/csv")).startswith(b"z,y,x\r\n")
            assert (await ask(made, "SELECT DISTINCT*{ ?z ?y ?x } LIMIT 1", "text/csv")).startswith(b"z,y,x\r\n")
            assert await made.fetch("ASK { ?s ?p 'value 7' }", "text/csv") == b"true"
            long = await ask(made, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "application/n-triples")
            assert long.count(b"\n") == 2000 and len(long) > 100_000

    asyncio.run(run())


def test_workers_keep_what_the_operator_says_of_memory(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0:glibc.rtld.nns=4")

    async def run() -> bytes:
        async with pool(graph) as made:
            return Path(f"/proc/{min(workers_of(made))}/environ").read_bytes()

    told = asyncio.run(run()).replace(b"\0", b":")  # some versions of the library part the list with NUL
    assert b"GLIBC_TUNABLES=glibc.malloc.hugetlb=0:glibc.rtld.nns=4:glibc.malloc.tcache_count=1000:" in told
    assert b":MALLOC_ARENA_MAX=1:" in told
    assert allocation({})["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1:glibc.malloc.tcache_count=1000"


def test_workers_allocate_with_jemalloc_where_there_is_one(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> tuple[str, bytes]:
        async with pool(graph) as made:
            (worker, *_) = sorted(workers_of(made))
            return Path(f"/proc/{worker}/maps").read_text(), await ask(made, COUNT)

    library = find_library("jemalloc")
    if os.environ.get("CI"):
        assert library, "CI installs it"
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    maps, answer = asyncio.run(run())
    assert ("libjemalloc" in maps) == bool(library) and b'"2000"' in answer
    monkeypatch.setenv("LD_PRELOAD", "")
    maps, answer = asyncio.run(run())
    assert "libjemalloc" not in maps and b'"2000"' in answer
    assert allocation({"MALLOC_CONF": "x:1"}, "libjemalloc.so.2")["MALLOC_CONF"] == "x:1"
    assert "LD_PRELOAD" not in allocation({})


def test_a_dataset_given_by_the_protocol_is_all_there_is(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            counts = []
            for default, named in ((("http://x.test/g0",), None), (None, ("http://x.test/g1",)), ((), ())):
                both = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
                answer = await made.run(QueryRequest(both, "SELECT", "text/csv", default, named))
                counts.append(answer.first)
            assert counts == [b"n\r\n1000\r\n", b"n\r\n1000\r\n", b"n\r\n0\r\n"]
            assert await ask(made, COUNT.replace("{", "FROM <http://x.test/g0> {", 1), "text/csv") == b"n\r\n1000\r\n"
            assert (
                await ask(made, COUNT.replace("{", "FROM NAMED <http://x.test/g0> {", 1), "text/csv") == b"n\r\n0\r\n"
            )

    asyncio.run(run())


PATHS = "SELECT (COUNT(*) AS ?n) { ?a (!<x:p>)* ?b . ?c (!<x:p>)* ?d . ?e (!<x:p>)* ?f FILTER(?a != ?d) }"


@pytest.mark.parametrize("query", [CROSS, SORTED, PATHS], ids=["count", "sort", "paths"])
def test_the_deadline_holds_and_others_are_served_meanwhile(graph: Path, query: str) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            before = workers_of(made)
            start = time.monotonic()
            slow = asyncio.create_task(ask(made, query, deadline=1.0))
            await asyncio.sleep(0.3)
            quick = time.monotonic()
            await ask(made, COUNT)
            assert time.monotonic() - quick < 0.5
            with pytest.raises(QueryFailed) as failed:
                await slow
            assert failed.value.kind in ("deadline", "crashed")
            assert time.monotonic() - start < 2
            await until(lambda: len(before - workers_of(made)) == 1)
            await until(lambda: len(workers_of(made)) == len(before))
            assert b'"2000"' in await ask(made, COUNT)

    asyncio.run(run())


def test_a_query_that_needs_too_much_memory_fails_alone(graph: Path) -> None:
    doubling = " ".join(f"BIND(CONCAT(?v{i}, ?v{i}) AS ?v{i + 1})" for i in range(30))

    async def run() -> None:
        async with pool(graph) as made:
            with pytest.raises(QueryFailed) as failed:
                await ask(made, f"SELECT (STRLEN(?v30) AS ?n) {{ BIND('xxxxxxxxxxxxxxxx' AS ?v0) {doubling} }}")
            assert failed.value.kind == "crashed"
            assert b'"2000"' in await ask(made, COUNT)

    asyncio.run(run())


def test_a_worker_has_no_network_even_past_the_guard() -> None:
    """The engine itself would follow SERVICE; the process must not be able to."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def listen() -> None:
            with server.accept()[0] as client:
                heard.append(client.recv(100))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        code = (
            "import sys, pyoxigraph as ox; from registry.graph import sandbox\n"
            "assert sandbox.deny_network()\n"
            f"list(ox.Store().query('SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}'))\n"
        )
        denied = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
        assert denied.returncode == 1 and "ermission denied" in denied.stderr
        assert heard == []
        with socket.create_connection(server.getsockname()[:2]) as client:
            client.sendall(b"end")
        thread.join(5)
    assert heard == [b"end"]


def test_errors_are_told_in_our_words(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            cases = {
                "SELECT * {\n ?s ?p": ("syntax", "line 2"),
                "SELECT (<http://x.test/f>(?s) AS ?x) { ?s ?p ?o }": ("function", "http://x.test/f"),
                "SELECT * { SERVICE <http://x.test/> { ?s ?p ?o } }": ("forbidden", "SERVICE"),
                "DROP ALL": ("forbidden", "queries only"),
                "{" * 20_000: ("too-big", "words and signs"),
                "SELECT ?s (COUNT(?p) AS ?n) { ?s ?p ?o }": ("syntax", "neither grouped"),
            }
            for query, (kind, word) in cases.items():
                with pytest.raises(QueryFailed, match=word) as failed:
                    await ask(made, query)
                assert (failed.value.kind, "expected one of" in str(failed.value)) == (kind, False)

    asyncio.run(run())


def test_a_client_that_leaves_takes_its_worker_with_it(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            before = workers_of(made)
            task = asyncio.create_task(ask(made, CROSS))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: len(before - workers_of(made)) == 1)
            streaming = await made.run(QueryRequest("SELECT * { ?a ?b ?c . ?d ?e ?f }", "SELECT", JSON))
            assert not streaming.whole and len(streaming.first) >= 65_536
            now = workers_of(made)
            streaming.close()
            await until(lambda: len(now - workers_of(made)) == 1)
            await until(lambda: len(workers_of(made)) == 4)

    asyncio.run(run())


def test_a_worker_that_dies_in_mid_stream_is_a_failure_not_an_end(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            streaming = await made.run(QueryRequest("SELECT * { ?a ?b ?c . ?d ?e ?f }", "SELECT", JSON, deadline=0.7))
            start = time.monotonic()
            with pytest.raises(QueryFailed) as failed:
                async for _ in streaming.rest:
                    await asyncio.sleep(0.01)
            assert failed.value.kind == "deadline" and time.monotonic() - start < 1.5
            streaming.close()

    asyncio.run(run())


def test_twenty_at_once_are_all_answered_and_a_full_queue_says_so(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            answers = await asyncio.gather(*(ask(made, COUNT) for _ in range(20)))
            assert all(b'"2000"' in answer for answer in answers)
        async with pool(graph, Settings(query_workers=1, query_deadline=2, query_queue=1)) as made:
            running = [asyncio.create_task(ask(made, CROSS)) for _ in range(2)]
            await asyncio.sleep(0.1)
            with pytest.raises(QueryFailed) as failed:
                await ask(made, COUNT)
            assert failed.value.kind == "busy" and failed.value.retry_after > 0
            assert b"2000" in await made.fetch(COUNT, "text/csv")
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(run())


def test_a_new_release_takes_over_while_running_queries_keep_theirs(graph: Path, tmp_path: Path) -> None:
    newer = build(tmp_path / "newer", 3)

    async def run() -> None:
        async with pool(graph) as made:
            streaming = await made.run(
                QueryRequest("SELECT * { ?a ?b ?c FILTER(?a != 1) ?d ?e 'value 1' }", "SELECT", "text/csv")
            )
            old = workers_of(made)
            await made.switch(newer, "2.0")
            assert b'"3"' in await ask(made, COUNT)
            rows = streaming.first + b"".join([part async for part in streaming.rest])
            assert (rows.count(b"\r\n"), streaming.release) == (2001, "1.0")
            await until(lambda: not old & workers_of(made))
            with pytest.raises(QueryFailed):
                await made.switch(tmp_path / "nothing", "3.0")
            assert b'"3"' in await ask(made, COUNT) and made.release == "2.0"

    asyncio.run(run())


def test_the_pool_survives_the_death_of_the_process_that_forks(graph: Path) -> None:
    async def run() -> None:
        async with pool(graph) as made:
            assert made._zygote is not None
            workers = workers_of(made)
            os.kill(made._zygote._process.pid, signal.SIGKILL)
            await until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), 2)
            assert b'"2000"' in await ask(made, COUNT)

    asyncio.run(run())


def test_stopping_leaves_no_process(graph: Path) -> None:
    async def run() -> set[int]:
        async with pool(graph) as made:
            assert made._zygote is not None
            return workers_of(made) | {made._zygote._process.pid}

    pids = asyncio.run(run())
    end = time.monotonic() + 2
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_query_from_the_command_line(graph: Path) -> None:
    out = io.BytesIO()
    query_release(graph, COUNT, "text/csv", out, SETTINGS)
    assert out.getvalue() == b"n\r\n2000\r\n"
    with pytest.raises(QueryFailed, match="line 1"):
        query_release(graph, "SELECT * {", "text/csv", out, SETTINGS)
    start = time.monotonic()
    with pytest.raises(QueryFailed) as failed:
        query_release(graph, CROSS, "text/csv", out, Settings(query_deadline=0.5))
    assert failed.value.kind == "deadline" and time.monotonic() - start < 3


def test_turtle_uses_our_prefixes(graph: Path) -> None:
    out = io.BytesIO()
    store = ox.Store()
    store.add(
        ox.Quad(
            ox.NamedNode("http://a.test/"),
            ox.NamedNode("http://schema.org/name"),
            ox.Literal("x"),
            ox.NamedNode("http://g.test/"),
        )
    )
    worker.evaluate(store, worker.Request("DESCRIBE <http://a.test/>", "text/turtle"), out)
    assert b'<http://a.test/> schema:name "x"' in out.getvalue()
