"""Query workers seen from outside: the process that forks them, and a socket to each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from ctypes.util import find_library
from dataclasses import asdict, dataclass
from pathlib import Path

from registry.graph.link import Link
from registry.graph.target import Target

_JEMALLOC = "narenas:1,thp:always"
"""One arena: a worker may have so much address space and no more. Huge pages, without which half of what is gained is
lost; and it keeps what is freed at hand, since giving it back (``retain:false``) costs all of it."""
_TUNABLES = {"glibc.malloc.hugetlb": "1", "glibc.malloc.tcache_count": "1000"}


def allocation(environment: Mapping[str, str], jemalloc: str | None = None) -> dict[str, str]:
    """What workers are told about their memory, as environment variables; what the operator says of it stays.

    ``jemalloc`` is the name of that library where the system has it: an engine allocates for every row, and with it
    aggregates are some seven per cent quicker than with the C library's own way. For that one: one arena, else opening
    a store reserves a gigabyte of address space for each thread; huge pages where the system leaves it to programs,
    and more freed pieces at hand, without which it takes a third more. Sources: jemalloc(3), "TUNING"; The GNU C
    Library manual, "Memory Allocation Tunables"; another C library ignores them.
    """
    said = [part for part in environment.get("GLIBC_TUNABLES", "").split(":") if part]
    known = {part.partition("=")[0] for part in said}
    said += [f"{name}={value}" for name, value in _TUNABLES.items() if name not in known]
    told = {"MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": ":".join(said)}
    if jemalloc and "LD_PRELOAD" not in environment:
        told |= {"LD_PRELOAD": jemalloc, "MALLOC_CONF": environment.get("MALLOC_CONF", _JEMALLOC)}
    return told


class Zygote:
    """The process that forks workers, seen from outside; it ends when ``close`` closes its socket."""

    def __init__(self) -> None:
        self._token = 0
        self._control, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        # An engine that breaks ends at once: looking up the names of what it did takes a second or two.
        told = allocation(os.environ, find_library("jemalloc"))
        environment = {**os.environ, **told, "RUST_BACKTRACE": "0", "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "registry.graph.zygote", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def spawn(self, graph: Path, memory: int, target: Target | None = None) -> tuple[int, socket.socket]:
        """A new worker's token and our end of its socket; it says ``R`` when it is ready.

        With a target it asks a store elsewhere, and opens no graph here.
        """
        self._token += 1
        ours, theirs = socket.socketpair()
        told = asdict(target) if target else None
        order = json.dumps({"spawn": self._token, "graph": str(graph), "memory": memory, "target": told}) + "\n"
        with theirs:
            socket.send_fds(self._control, [order.encode()], [theirs.fileno()])
        return self._token, ours

    def kill(self, token: int) -> None:
        """End a worker, whatever it does; nothing happens if it has ended."""
        with suppress(OSError):
            self._control.sendall(json.dumps({"kill": token}).encode() + b"\n")

    def close(self) -> None:
        """End it and all its workers."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass(slots=True, eq=False)
class Worker:
    """A worker seen from outside: what it was started for, how many queries it was asked, how many
    seconds it was busy, whether it was killed."""

    zygote: Zygote
    token: int
    link: Link
    generation: int
    release: str
    asked: int = 0
    busy: float = 0.0
    dead: bool = False

    def kill(self) -> None:
        """End it, whatever it does."""
        if not self.dead:
            self.dead = True
            self.zygote.kill(self.token)
            self.link.close()
