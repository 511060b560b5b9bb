"""The process that query workers are forked from: it has no threads and has opened no store.

Run as ``python -m registry.graph.zygote FD``. The Unix socket FD brings lines of JSON: ``{"spawn": token,
"graph": folder, "memory": bytes}`` with the worker's socket attached (with ``"target"``, a store elsewhere that
it asks instead), or ``{"kill": token}``. Only this
process, which reaps them, kills workers: a process id cannot be used again before that. When the socket
closes, all workers are killed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from registry.graph import worker


def _child(connection: socket.socket, order: dict[str, Any], channel: socket.socket | None) -> None:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if channel is not None:
            from registry.graph import remote_worker

            remote_worker.serve(connection, channel, remote_worker.Target.read(order["target"]), int(order["memory"]))
        worker.serve(connection, Path(str(order["graph"])), int(str(order["memory"])))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        # A fork must never run its parent's loop or exit handlers.
        os._exit(code)


class Zygote:
    """Forks and kills workers on request."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._workers: dict[int, int] = {}
        self._sockets: list[int] = []
        self._connectors: dict[tuple[str, int], tuple[socket.socket, int]] = {}
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)

    def run(self) -> None:
        """Until the control socket closes."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        held = b""
        while True:
            ready, _, _ = select.select([self._control, self._wake], [], [])
            self._reap()
            if self._control not in ready:
                continue
            data, sockets, _, _ = socket.recv_fds(self._control, 1 << 16, 64)
            self._sockets += sockets
            if not data:
                break
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                self._obey(json.loads(line))
        # Reaped here, since what inherits orphans in a container may never do it.
        for process in self._workers.values():
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            self._wake.recv(4096)
        while self._workers:
            process, _ = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            self._workers = {token: pid for token, pid in self._workers.items() if pid != process}

    def _channel(self, told: Any) -> socket.socket:
        """To the process that connects to a store; it is started when it is first needed."""
        from registry.graph import remote_worker

        address = remote_worker.Target.read(told).address
        if address not in self._connectors or self._connectors[address][1] not in self._workers.values():
            channel, process = remote_worker.start_connector(address)
            self._connectors[address] = channel, process
            self._workers[-process] = process
        return self._connectors[address][0]

    def _obey(self, order: dict[str, Any]) -> None:
        if "kill" in order:
            process = self._workers.get(int(str(order["kill"])))
            if process is not None:
                os.kill(process, signal.SIGKILL)
            return
        connection = socket.socket(fileno=self._sockets.pop(0))
        channel = self._channel(order["target"]) if order.get("target") else None
        process = os.fork()
        if not process:
            self._control.close()
            self._wake.close()
            self._waker.close()
            _child(connection, order, channel)
        connection.close()
        self._workers[int(str(order["spawn"]))] = process


def main() -> None:
    """Take the control socket from the command line and run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    Zygote(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
