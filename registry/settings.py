"""What an operator can set: from the environment (``META_ACADEMY_…``) or one TOML file; passed as an argument.

The environment wins over the file. ``docs/settings.md`` lists every setting; a test compares.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "META_ACADEMY_"
TOKEN = "token_"
ENGINES = ("duckdb", "spark")
STORE_KINDS = ("plain", "oxigraph", "virtuoso")
CLUSTER = "spark://"
"""Begins the address of a Spark cluster, which ``match_engine`` may be instead of one of ENGINES."""


class BadSettings(Exception):
    """A setting cannot be used; the message says which, why and where it came from."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults. Times in seconds, sizes in bytes.

    ``tokens`` are the secrets of feeds, {feed id: token}, from the environment alone: the token of the feed
    ``eso-moodle`` stands in ``META_ACADEMY_TOKEN_ESO_MOODLE``.
    """

    data: Path = Path("var")
    academies: Path = Path("academies")
    base: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    demo_port: int = 8001
    workers: int = 0
    harvest_workers: int = 40
    query_workers: int = 0
    query_deadline: float = 30.0
    query_memory: int = 1 << 30
    query_max_bytes: int = 64 * 1024
    query_queue: int = 256
    query_seconds: float = 60.0
    query_seconds_burst: float = 120.0
    query_errors: float = 30.0
    query_errors_burst: float = 60.0
    query_cache: int = 64 << 20
    query_cache_answer: int = 4 << 20
    api_requests: float = 600.0
    api_requests_burst: float = 1200.0
    user_agent: str = "MetaAcademyRegistry/0.1"
    contact: str = ""
    http_timeout: float = 60.0
    http_delay: float = 1.0
    http_retries: int = 4
    http_max_bytes: int = 64 << 20
    http_ca_file: str = ""
    releases_kept: int = 3
    upload_max_bytes: int = 10 << 20
    schemes: str = ""
    trusted_proxies: str = ""
    notice_days: int = 14
    match_engine: str = "duckdb"
    store: str = ""
    store_kind: str = "plain"
    store_update: str = ""
    store_user: str = field(default="", repr=False)
    store_password: str = field(default="", repr=False)
    tokens: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_address(self) -> str:
        """The base of all IRIs: the setting, or this machine's own address."""
        return (self.base or f"http://localhost:{self.port}").rstrip("/")

    @property
    def schemes_folder(self) -> Path:
        """Where the added lists of terms lie: the setting, or in the data folder."""
        return Path(self.schemes) if self.schemes else self.data / "schemes"

    @property
    def prepare_workers(self) -> int:
        """How many worker processes prepare uses: the setting, or one per core."""
        return self.workers or os.cpu_count() or 1

    @property
    def query_worker_count(self) -> int:
        """How many query workers stand ready: the setting, or two per core."""
        return self.query_workers or 2 * (os.cpu_count() or 1)


def _convert(name: str, kind: str, value: object, origin: str) -> object:
    try:
        if kind == "Path":
            return Path(str(value))
        if kind == "int":
            return int(str(value))
        if kind == "float":
            return float(str(value))
        return str(value)
    except ValueError as error:
        raise BadSettings(f"{origin}: {name} must be a number, not {value!r}") from error


def load(environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """Settings from a TOML file (``META_ACADEMY_SETTINGS`` names it) and the environment.

    Raises BadSettings for an unknown name, a value of the wrong kind, or a file that is not TOML.
    """
    known = {one.name: str(one.type) for one in fields(Settings) if one.name != "tokens"}
    values: dict[str, object] = {}
    tokens: dict[str, str] = {}
    file = file or (Path(environment[PREFIX + "SETTINGS"]) if environment.get(PREFIX + "SETTINGS") else None)
    if file is not None:
        try:
            content = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(f"{file}: {error}") from error
        for name, value in content.items():
            if name not in known:
                raise BadSettings(f"{file}: unknown setting {name!r}; there are: {', '.join(sorted(known))}")
            values[name] = _convert(name, known[name], value, str(file))
    for variable, value in environment.items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or name == "settings":
            continue
        if name.startswith(TOKEN):
            tokens[name.removeprefix(TOKEN).replace("_", "-")] = value
            continue
        if name not in known:
            raise BadSettings(f"environment: unknown setting {variable}; see docs/settings.md")
        values[name] = _convert(variable, known[name], value, "environment")
    settings = Settings(**values, tokens=tokens)  # type: ignore[arg-type]
    if settings.match_engine not in ENGINES and not settings.match_engine.startswith(CLUSTER):
        raise BadSettings(
            f"{PREFIX}MATCH_ENGINE must be one of {', '.join(ENGINES)}, {CLUSTER}host:port;"
            f" it is {settings.match_engine!r}; see docs/settings.md"
        )
    check_store(settings)
    return settings


def check_store(settings: Settings) -> None:
    """Raise BadSettings where a store is named in a way that cannot be meant; the message holds no password."""
    if settings.store_kind not in STORE_KINDS:
        raise BadSettings(
            f"{PREFIX}STORE_KIND must be one of {', '.join(STORE_KINDS)}; it is {settings.store_kind!r};"
            " see docs/settings.md"
        )
    for name in ("store", "store_update"):
        address = getattr(settings, name)
        try:
            parts = urlsplit(address)
        except ValueError:
            raise BadSettings(f"{PREFIX}{name.upper()} is no address") from None
        if address and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise BadSettings(f"{PREFIX}{name.upper()} must be an address such as http://127.0.0.1:8890")
        if parts.username or parts.password:
            raise BadSettings(f"{PREFIX}{name.upper()} holds a name or password; use STORE_USER and STORE_PASSWORD")
