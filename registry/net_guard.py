"""Who may be asked, and over which connection: addresses, proxies and certificates of outgoing HTTP.

A name is resolved here, every address that it has is checked, and the socket is opened to a checked
address, so that a second answer of the name server cannot lead elsewhere (DNS rebinding). Host name and
certificate are still checked against the name. Sources: RFC 6890 (special-purpose addresses), RFC 4291
(IPv4-mapped), RFC 6052 (NAT64), RFC 3056 (6to4).
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import httpcore
import httpx
import truststore

Resolve = Callable[[str, int], list[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """A host that this feed may not ask; ``address`` is the private address that its name has."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is {address}")
        self.host, self.address = host, address


class Overtime(Exception):
    """An answer took longer than it may as a whole, however lively it dripped."""


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host name, in the system's order of preference. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only wraps it (mapped, 6to4, Teredo, NAT64), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address.teredo:
        return address.teredo[1]
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet (not private, loopback, link-local, multicast …)."""
    try:
        found = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.is_site_local:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def literal(host: str) -> str | None:
    """The address that a host name is, without asking a name server, also in the old forms ("0x7f.1")."""
    try:
        return str(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if host[-1:].isalnum() and host[0].isdigit() else None
    except OSError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = literal(host)
    return address is not None and _embedded(ipaddress.ip_address(address)).is_loopback


def split_host(entry: str) -> tuple[str, int | None]:
    """An entry of ``allow_hosts`` ("host", "host:port", "[::1]:80", "::1") as host and port."""
    entry = entry.strip().lower()
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdigit() else None
    host, colon, port = entry.rpartition(":")
    if colon and ":" not in host and port.isdigit():
        return host, int(port)
    return entry, None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The hosts that a feed's own entry names: (host, port or None for any port)."""

    hosts: frozenset[tuple[str, int | None]]

    @classmethod
    def of(cls, entries: Iterable[str]) -> Allowed:
        """From ``feed.allow_hosts``."""
        return cls(frozenset(split_host(entry) for entry in entries))

    def __call__(self, host: str, port: int) -> bool:
        """Whether the entry names this host."""
        host = host.strip("[]").lower()
        return (host, None) in self.hosts or (host, port) in self.hosts


@dataclass(slots=True)
class Deadline:
    """Until when the present answer must be there in full; every socket operation is bounded by it."""

    clock: Callable[[], float]
    at: float = float("inf")

    def bound(self, timeout: float | None) -> float:
        """The seconds that one operation may take. Raises Overtime when none are left."""
        left = self.at - self.clock()
        if left <= 0:
            raise Overtime
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.bound(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.bound(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._inner.start_tls(ssl_context, server_hostname, self._deadline.bound(timeout))
        return _Stream(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Opens sockets to checked addresses only; ``check`` False for the way to a proxy."""

    def __init__(self, allowed: Allowed, deadline: Deadline, resolver: Resolve, check: bool) -> None:
        self._allowed, self._deadline, self._resolve, self._check = allowed, deadline, resolver, check
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers. Raises Refused, gaierror, httpcore.ConnectError."""
        addresses = self._resolve(host.strip("[]"), port)
        if self._check and not self._allowed(host, port):
            for address in addresses:
                if not is_public(address):
                    raise Refused(host, address)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[:6]:
            try:
                opened = self._sockets.connect_tcp(
                    address, port, self._deadline.bound(timeout), local_address, socket_options
                )
                return _Stream(opened, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def proxy_for(url: httpx.URL) -> httpx.URL | None:
    """The proxy that the environment names for an address (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY).

    None for this machine itself, which no proxy could reach. Raises httpx.InvalidURL.
    """
    proxies: Mapping[str, str] = getproxies_environment()
    address = proxies.get(url.scheme) or proxies.get("all")
    host = url.host if url.port is None else f"{url.host}:{url.port}"
    if not address or is_loopback(url.host) or proxy_bypass_environment(host, dict(proxies)):
        return None
    return httpx.URL(address if "://" in address else f"http://{address}")


def trust(ca_file: str) -> ssl.SSLContext:
    """The system's certificates plus those of one file. Raises OSError or ssl.SSLError for a bad file."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
