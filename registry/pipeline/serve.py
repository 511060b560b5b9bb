"""Serving: the web process, the query workers that it starts, and the publisher beside it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from registry.pipeline.house import ROOT, ledger_path
from registry.prepare.workers import die_with_parent
from registry.settings import PREFIX, TOKEN, Settings


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings as they are now, for a process started beside it."""
    names = [field.name for field in fields(Settings) if field.name != "tokens"]
    known = {f"{PREFIX}{name.upper()}": str(getattr(settings, name)) for name in names}
    known |= {f"{PREFIX}{TOKEN}{feed}".upper().replace("-", "_"): secret for feed, secret in settings.tokens.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, **{name: value for name, value in known.items() if value}}


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn serves the registry, besides its address: heads of requests are bounded."""
    from registry.web.bounded import BoundedProtocol

    forwarded = settings.trusted_proxies or None
    return {
        "log_level": "warning", "access_log": False, "proxy_headers": bool(forwarded),
        "forwarded_allow_ips": forwarded, "http": BoundedProtocol,
    }  # fmt: skip


def settle() -> None:
    """Tell the collector of garbage that what stands now stands until the end: else it looks through all of it again
    while answers are made, a tenth of a second at a time. Called once, when the application is made."""
    gc.collect()
    gc.freeze()


def serve_registry(settings: Settings, *, publisher: bool) -> int:
    """Serve until interrupted; 2 if the port is taken."""
    import socket

    import uvicorn

    from registry.graph.mirrored import pool_of
    from registry.pipeline.acting import Acting
    from registry.pipeline.house import opened
    from registry.web.app import create_app

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            typer.echo(
                f"port {settings.port} on {settings.host} cannot be used ({error.strerror}); set META_ACADEMY_PORT",
                err=True,
            )
            return 2
    with opened(settings) as house:
        messages = dict(house.messages)
        base = house.iris.base
    beside = [start_beside(settings, *verb) for verb in (("publish", "--watch"), ("work", "--watch")) if publisher]
    try:
        pool = pool_of(settings, base)
        app = create_app(
            settings, pool=pool, ledger_path=ledger_path(settings), messages=messages, base=base, acts=Acting(settings)
        )
        typer.echo(f"serving {base}/ on {settings.host}:{settings.port} (end with Ctrl-C)", err=True)
        settle()
        uvicorn.run(app, host=settings.host, port=settings.port, **server_options(settings))
    finally:
        for process in beside:
            process.terminate()
        for process in beside:
            process.wait(30)
    return 0


def start_beside(settings: Settings, *verb: str) -> subprocess.Popen[bytes]:
    """A process of this program beside this one, which ends with it."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "registry.cli", *verb]
    env = {**environment(settings), "PYTHONPATH": path}
    return subprocess.Popen(command, env=env, cwd=Path.cwd(), preexec_fn=die_with_parent)
