"""SPARQL servers for tests, really started on loopback in a temporary folder, and ended by their own process."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_SECONDS = 60.0
VIRTUOSO = "virtuoso-t"
INI = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = {sql}
LiteMode = 0
MainThreadSize = 4000000
ServerThreadSize = 4000000
FutureThreadSize = 4000000
ServerThreads = 10
CheckpointInterval = {checkpoint}
DirsAllowed = .
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
SchedulerInterval = 10
ThreadsPerQuery = 1
AsyncQueueMaxThreads = 2
[HTTPServer]
ServerPort = {http}
ServerThreads = 8
MaxClientConnections = 8
KeepAliveTimeout = 10
HTTPThreadSize = 4000000
[Client]
SQL_QUERY_TIMEOUT = 0
SQL_TXN_TIMEOUT = 0
[SPARQL]
DefaultQuery = select * {{ ?s ?p ?o }} limit 1
{rows}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its address as the setting STORE has it, and who may write."""

    store: str
    user: str
    password: str
    process: subprocess.Popen[bytes]
    log: Path


def free_port() -> int:
    """A loopback port that nothing holds now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(
                f"the server ended with {process.returncode}: {log.read_text('utf-8', 'replace')[-2000:]}"
            )
        try:
            if httpx.post(url, data={"query": "ASK {}"}, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the server was not ready in time: {log.read_text('utf-8', 'replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)


@contextmanager
def oxigraph(folder: Path) -> Iterator[Server]:
    """``oxigraph serve`` of the wheel of that name, on an empty store in a folder."""
    program = Path(sys.executable).with_name("oxigraph")
    port, log = free_port(), folder / "oxigraph.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(program), "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(process, f"http://127.0.0.1:{port}/query", log)
        yield Server(f"http://127.0.0.1:{port}", "", "", process, log)
    finally:
        _end(process)


@contextmanager
def virtuoso(folder: Path, *, max_rows: int = 0, buffers: int = 20_000) -> Iterator[Server]:
    """Virtuoso 7 of Debian's package on an empty database in a folder.

    ``max_rows`` is its ResultSetMaxRows (0: none), ``buffers`` its pages of 8 kB in memory.
    """
    program = shutil.which(VIRTUOSO)
    if program is None:
        raise RuntimeError("Virtuoso is missing: apt-get install virtuoso-opensource-7-bin")
    sql, http = free_port(), free_port()
    rows = f"ResultSetMaxRows = {max_rows}" if max_rows else ""
    text = INI.format(
        sql=f"127.0.0.1:{sql}",
        http=f"127.0.0.1:{http}",
        rows=rows,
        buffers=buffers,
        dirty=buffers * 3 // 4,
        checkpoint=60,
    )
    (folder / "virtuoso.ini").write_text(text, "utf-8")
    log = folder / "virtuoso.out"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program, "+foreground", "+configfile", "virtuoso.ini", "+wait"],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(process, f"http://127.0.0.1:{http}/sparql", log)
        yield Server(f"http://127.0.0.1:{http}", "dba", "dba", process, log)
    finally:
        _end(process)
