"""Serving: the web process, the query workers that it starts, and the publisher beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import typer

from registry.pipeline.house import ROOT, ledger_path
from registry.prepare.workers import die_with_parent
from registry.settings import PREFIX, Settings


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings as they are now, for a process started beside it."""
    known = {f"{PREFIX}{field.name.upper()}": str(getattr(settings, field.name)) for field in fields(Settings)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, **{name: value for name, value in known.items() if value}}


def serve_registry(settings: Settings, *, publisher: bool) -> int:
    """Serve until interrupted; 2 if the port is taken."""
    import socket

    import uvicorn

    from registry.graph.pool import QueryPool
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
    beside = _start_publisher(settings) if publisher else None
    try:
        pool = QueryPool(settings)
        app = create_app(settings, pool=pool, ledger_path=ledger_path(settings), messages=messages, base=base)
        typer.echo(f"serving {base}/ on {settings.host}:{settings.port} (end with Ctrl-C)", err=True)
        forwarded = settings.trusted_proxies or None
        uvicorn.run(
            app, host=settings.host, port=settings.port, log_level="warning", access_log=False,
            proxy_headers=bool(forwarded), forwarded_allow_ips=forwarded,
        )  # fmt: skip
    finally:
        if beside is not None:
            beside.terminate()
            beside.wait(30)
    return 0


def _start_publisher(settings: Settings) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "registry.cli", "publish", "--watch"]
    env = {**environment(settings), "PYTHONPATH": path}
    return subprocess.Popen(command, env=env, cwd=Path.cwd(), preexec_fn=die_with_parent)
