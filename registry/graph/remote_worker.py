"""A query worker that asks a remote store. It can reach that store's address and no other.

It may open no socket itself, like every query worker. A *connector*, one small process that parses nothing,
opens connections to the one address it was started with, and hands them over.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from contextlib import suppress

from registry.graph import remote_query, sandbox, worker
from registry.graph.remote import CONNECT_SECONDS, Remote, dialects
from registry.graph.target import Target
from registry.iris import Iris


def _connect(reply: socket.socket, address: tuple[str, int]) -> None:
    with reply, suppress(OSError):
        try:
            made = socket.create_connection(address, CONNECT_SECONDS)
        except OSError:
            reply.send(b"-")
            return
        with made:
            made.settimeout(None)
            socket.send_fds(reply, [b"+"], [made.fileno()])


def run_connector(channel: socket.socket, address: tuple[str, int]) -> None:
    """Until killed: connect to one address for each socket that comes through the channel, and reply through it."""
    sandbox.die_with_parent()
    while True:
        _, sockets, _, _ = socket.recv_fds(channel, 1, 1)
        for number in sockets:
            threading.Thread(target=_connect, args=(socket.socket(fileno=number), address), daemon=True).start()


def start_connector(address: tuple[str, int]) -> tuple[socket.socket, int]:
    """Fork a connector: what workers ask through, and its process id. For a process without threads."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    process = os.fork()
    if not process:
        code = 1
        try:
            ours.close()
            run_connector(theirs, address)
        except OSError:
            code = 0
        finally:
            os._exit(code)
    theirs.close()
    return ours, process


def connect_through(channel: socket.socket, timeout: float) -> socket.socket:
    """A connection to the connector's address. Raises OSError where there is none."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            socket.send_fds(channel, [b"c"], [theirs.fileno()])
        ours.settimeout(CONNECT_SECONDS + 1)
        _, sockets, _, _ = socket.recv_fds(ours, 1, 1)
    if not sockets:
        raise ConnectionRefusedError("the store does not answer")
    made = socket.socket(fileno=sockets[0])
    made.settimeout(timeout)
    return made


__all__ = ["Target", "connect_through", "run_connector", "serve", "start_connector"]


def serve(connection: socket.socket, channel: socket.socket, target: Target, memory: int) -> None:
    """Answer queries until the other side closes. Runs in a forked process, never returns to its caller's work."""
    sandbox.die_with_parent()
    context = None
    if target.query.startswith("https:"):
        context = ssl.create_default_context()
        if target.ca_file:
            context.load_verify_locations(target.ca_file)
    remote = Remote(dialects()[target.kind], target.query, "", Iris(target.base))
    asker = remote_query.Asker(remote, lambda timeout: connect_through(channel, timeout), target.hidden, context)
    worker.answer_all(connection, lambda request, output: remote_query.answer(asker, request, output), memory)
