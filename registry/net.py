"""The only outgoing HTTP: politeness, retries, conditional GET, bounds, allowed hosts, proxy, certificates.

``Fetcher.get`` is all that harvesters use. Everything that can go wrong is one NetError whose Issue says
what, where and how to mend it. Sources: RFC 9110 (HTTP semantics), RFC 6585 (429), RFC 9111 (validators).
"""

from __future__ import annotations

import email.utils
import random
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import httpcore
import httpx

from registry import messages, net_body, net_guard
from registry.model import Feed, Issue
from registry.net_pace import Pace, moved_feed
from registry.settings import Settings

MAX_REDIRECTS = 5
MAX_RETRY_AFTER = 300.0  # a server that wants a longer pause is left for the next visit
MAX_CRAWL_DELAY = 30.0
MAX_ERROR_BODY = 64 << 10
WHOLE = 5  # an answer as a whole may take so many times the timeout of one wait
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
# What of a request's headers may follow a redirect to another host: nothing that is a secret.
_TRAVELLING = frozenset({"accept", "accept-language", "if-none-match", "if-modified-since"})


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``url`` is the final address, ``headers`` have lower-case names, ``body`` is unpacked.

    ``moved`` is the address that the server says to use from now on (301 or 308 all the way), else "".
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    not_modified: bool = False
    moved: str = ""


class NetError(Exception):
    """Nothing usable came. ``issue`` says why; ``status`` and ``body`` are those of an HTTP error answer."""

    def __init__(self, issue: Issue, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(issue)
        self.issue, self.status, self.body = issue, status, body

    def __str__(self) -> str:
        message = messages.load()[self.issue.code]
        texts = (messages.fill(text, self.issue) for text in (message.text["en"], message.mend["en"]))
        return " ".join(texts)


class _Failed(Exception):
    """One try failed; ``again`` tells whether another may do better, ``after`` when the server wants it."""

    def __init__(self, error: NetError, again: bool, after: float | None = None) -> None:
        super().__init__(error)
        self.error, self.again, self.after = error, again, after


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _parse(url: str) -> httpx.URL:
    """An http(s) address, without fragment. Raises ValueError."""
    try:
        parsed = httpx.URL(url).copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(str(error)) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("only http:// and https:// addresses can be read")
    return parsed


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _shown(url: httpx.URL) -> str:
    """The address as people may see it: without user name and password."""
    return str(url.copy_with(userinfo=b"")) if url.userinfo else str(url)


class Fetcher:
    """Reads addresses on behalf of one feed; a context manager that closes its connections.

    ``clock`` (seconds, monotonic) and ``sleep`` can be replaced in tests, as can ``resolve`` (host, port →
    addresses). ``pace`` is shared between feeds that are harvested at the same time. ``moved`` is the address
    that the feed's own server says to use from now on, "" if it says none.
    """

    def __init__(
        self,
        settings: Settings,
        feed: Feed,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        resolve: net_guard.Resolve = net_guard.resolve,
    ) -> None:
        self._settings, self._feed = settings, feed
        self._pace, self._clock, self._sleep, self._resolve = pace or Pace(), clock, sleep, resolve
        self._allowed = net_guard.Allowed.of(feed.allow_hosts)
        self._deadline = net_guard.Deadline(clock)
        self._delays: dict[str, float] = {}
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        contact = f" (+{settings.contact})" if settings.contact else ""
        self._agent = "".join(char for char in settings.user_agent + contact if char.isprintable())
        self.moved = ""

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    @property
    def limit(self) -> int:
        """The most bytes that one answer may have, packed or unpacked."""
        return self._settings.http_max_bytes

    def crawl_delay(self, host: str, seconds: float) -> None:
        """What a host's robots.txt asks for between two requests; at most 30 s are kept to."""
        self._delays[host.lower()] = min(max(seconds, 0.0), MAX_CRAWL_DELAY)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str | None = None,
    ) -> Fetched:
        """Read an address; with ``etag`` or ``last_modified`` only if it changed since. Raises NetError."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if accept:
            sent["accept"] = accept
        if etag:
            sent["if-none-match"] = etag
        if last_modified:
            sent["if-modified-since"] = last_modified
        return self._tried(url, sent, None)

    def post(
        self, url: str, body: bytes, *, content_type: str, accept: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:  # fmt: skip
        """Ask with a body (a SPARQL query, a call of a web service, a Git negotiation). Raises NetError.

        The call must be one that may be repeated: it is tried again like a GET.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        sent |= {"content-type": content_type, **({"accept": accept} if accept else {})}
        return self._tried(url, sent, body)

    def _tried(self, url: str, sent: dict[str, str], body: bytes | None) -> Fetched:
        """As often as the settings allow where another try may do better."""
        tries = 0
        while True:
            try:
                fetched = self._follow(url, sent, body)
                self.moved = self.moved or moved_feed(self._feed.address, url, fetched.moved)
                return fetched
            except _Failed as failed:
                tries += 1
                if not failed.again or tries > self._settings.http_retries:
                    raise failed.error from failed.__cause__
                pause = min(2.0 ** (tries - 1), 60.0) * random.uniform(0.75, 1.25)
                if failed.after is not None:
                    pause = max(failed.after, 0.0)
                self._sleep(pause)

    def _follow(self, url: str, headers: dict[str, str], body: bytes | None) -> Fetched:
        """One try: the address and the redirects from it, each checked anew."""
        try:
            here = _parse(url)
        except ValueError as error:
            raise self._failed("net-bad-address", url, value=str(error)) from error
        headers = dict(headers)
        if here.userinfo:
            secret = f"{here.username}:{here.password}".encode()
            headers["authorization"] = "Basic " + b64encode(secret).decode("ascii")
            here = here.copy_with(userinfo=b"")
        moved = True
        for hop in range(MAX_REDIRECTS + 1):
            fetched = self._once(here, headers, body)
            if fetched.status not in REDIRECTS:
                return replace(fetched, moved=_shown(here)) if hop and moved else fetched
            moved = moved and fetched.status in PERMANENT
            location = fetched.headers.get("location", "")
            if body is not None and fetched.status not in (307, 308):
                raise self._failed("net-bad-redirect", str(here), value=location)
            try:
                there = _parse(str(here.join(location)) if location else "")
            except (ValueError, httpx.InvalidURL) as error:
                raise self._failed("net-bad-redirect", str(here), value=location) from error
            if (there.scheme, there.host, _port(there)) != (here.scheme, here.host, _port(here)):
                if body is not None:  # what was meant for one server is not told to another
                    raise self._failed("net-bad-redirect", str(here), value=location)
                headers = {name: value for name, value in headers.items() if name in _TRAVELLING}
            here = there.copy_with(userinfo=b"")
        raise self._failed("net-redirects", url, limit=str(MAX_REDIRECTS), value=str(here))

    def _once(self, url: httpx.URL, headers: Mapping[str, str], body: bytes | None) -> Fetched:
        """One request, without following. Raises _Failed."""
        where = _shown(url)
        try:
            proxy = net_guard.proxy_for(url)
        except httpx.InvalidURL as error:
            raise self._failed("net-proxy", where, value=str(error), proxy="?") from error
        self._check_name(url, proxy)
        shown = _shown(proxy) if proxy else ""
        try:
            with self._pace.slot(url.host):
                self._wait(url)
                # The clock of an answer starts after the waiting for the host's turn.
                self._deadline.at = self._clock() + WHOLE * self._settings.http_timeout
                return self._send(url, headers, proxy, body)
        except net_guard.Refused as error:
            address = error.address
            raise self._failed(
                "net-private-address", where, value=address, host=error.host, address=address
            ) from error
        except net_body.TooLarge as error:
            code = "net-bomb" if error.unpacked else "net-too-large"
            raise self._failed(code, where, limit=f"{error.limit / (1 << 20):g}") from error
        except net_body.Undecodable as error:
            code = "net-cut" if error.cut else "net-encoding"
            raise self._failed(code, where, again=error.cut, value=str(error)) from error
        except socket.gaierror as error:
            again, host = error.errno == socket.EAI_AGAIN, proxy.host if proxy else url.host
            code = "net-proxy" if proxy else "net-dns"
            raise self._failed(code, where, again=again, value=str(error), host=host, proxy=shown) from error
        except httpcore.ProxyError as error:
            raise self._failed("net-proxy", where, value=str(error), proxy=shown) from error
        except (net_guard.Overtime, httpcore.TimeoutException) as error:
            # A wait is cut short by the end of the answer's whole time, which no further try will mend.
            if self._clock() >= self._deadline.at:
                seconds = f"{WHOLE * self._settings.http_timeout:g}"
                raise self._failed("net-overtime", where, seconds=seconds) from error
            seconds = f"{self._settings.http_timeout:g}"
            raise self._failed("net-timeout", where, again=True, seconds=seconds) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise self._broken(error, url, shown) from error

    def _broken(self, error: Exception, url: httpx.URL, proxy: str) -> _Failed:
        """Which failure an error of the connection is."""
        where, host = _shown(url), url.host
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                reason = cause.verify_message or str(cause)
                return self._failed("net-certificate", where, value=reason, host=host)
            if isinstance(cause, ssl.SSLError):
                return self._failed("net-tls", where, value=str(cause.reason or cause), host=host, again=True)
        if isinstance(error, httpcore.ConnectError):
            if proxy:
                return self._failed("net-proxy", where, again=True, value=str(error), proxy=proxy)
            return self._failed("net-refused", where, again=True, value=str(error), host=host)
        return self._failed("net-cut", where, again=True, value=str(error))

    def _failed(
        self, code: str, place: str, *, again: bool = False, after: float | None = None, value: str = "", **params: str
    ) -> _Failed:
        issue = Issue(code, place[:300], value[:300], tuple(sorted({"url": place[:300], **params}.items())))
        return _Failed(NetError(issue), again, after)

    def _check_name(self, url: httpx.URL, proxy: httpx.URL | None) -> None:
        """Behind a proxy addresses cannot be seen: only hosts that the feed itself names are asked."""
        if proxy is None:
            return
        where, host = _shown(url), url.host
        if proxy.scheme not in ("http", "https"):
            raise self._failed("net-proxy", where, value=f"{proxy.scheme}://", proxy=_shown(proxy))
        if self._allowed(host, _port(url)):
            return
        address = net_guard.literal(host)
        if address is not None and not net_guard.is_public(address):
            raise self._failed("net-private-address", where, value=address, host=host, address=address)
        try:
            own = _parse(self._feed.address).host
        except ValueError:
            own = ""
        if host != own:
            raise self._failed("net-proxy-host", where, value=host, host=host, feed=self._feed.id)

    def _wait(self, url: httpx.URL) -> None:
        if net_guard.is_loopback(url.host) and self._allowed(url.host, _port(url)):
            return
        delay = self._delays.get(url.host, self._settings.http_delay)
        self._pace.wait(url.host, max(delay, self._settings.http_delay), self._clock, self._sleep)

    def _pool(self, url: httpx.URL, proxy: httpx.URL | None) -> httpcore.ConnectionPool:
        """The connections of one scheme and way; made when first needed (a plain feed loads no certificates)."""
        key = f"{url.scheme} {proxy or ''}"
        if key in self._pools:
            return self._pools[key]
        secure = url.scheme == "https" or (proxy is not None and proxy.scheme == "https")
        try:
            context = net_guard.trust(self._settings.http_ca_file) if secure else None
        except (OSError, ssl.SSLError) as error:
            file = self._settings.http_ca_file
            raise self._failed("net-ca-file", _shown(url), value=str(error), file=file) from error
        backend = net_guard.Backend(self._allowed, self._deadline, self._resolve, check=proxy is None)
        if proxy is None:
            pool = httpcore.ConnectionPool(context, max_connections=4, network_backend=backend)
        else:
            login = (proxy.username, proxy.password) if proxy.userinfo else None
            address = _shown(proxy)
            pool = httpcore.HTTPProxy(
                address, login, ssl_context=context, proxy_ssl_context=context if proxy.scheme == "https" else None,
                max_connections=4, network_backend=backend,
            )  # fmt: skip
        self._pools[key] = pool
        return pool

    def _send(
        self, url: httpx.URL, headers: Mapping[str, str], proxy: httpx.URL | None, body: bytes | None
    ) -> Fetched:
        timeout = self._settings.http_timeout
        waits = {"connect": min(timeout, 30.0), "read": timeout, "write": timeout, "pool": timeout}
        sent = {"user-agent": self._agent, "accept": "*/*", "accept-encoding": "gzip, deflate", **headers}
        encoded = [(b"host", url.netloc), *((name.encode("ascii"), value.encode()) for name, value in sent.items())]
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        pool = self._pool(url, proxy)
        if body is not None:
            encoded.append((b"content-length", str(len(body)).encode()))
        method = "GET" if body is None else "POST"
        with pool.stream(method, target, headers=encoded, content=body, extensions={"timeout": waits}) as response:
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            status, where = response.status, str(url)
            if status in REDIRECTS:
                return Fetched(status, where, found, b"")
            asked = "if-none-match" in sent or "if-modified-since" in sent
            if status == 304 and asked:
                return Fetched(status, where, found, b"", not_modified=True)
            encoding = found.get("content-encoding", "")
            if status not in (200, 203):
                raise self._refusal(status, where, found, response.iter_stream(), encoding)
            length = found.get("content-length", "")
            if length.isdigit() and int(length) > self.limit:
                raise net_body.TooLarge(self.limit, unpacked=False)
            return Fetched(status, where, found, net_body.unpacked(response.iter_stream(), encoding, self.limit))

    def _refusal(
        self, status: int, where: str, headers: Mapping[str, str], chunks: Iterator[bytes], encoding: str
    ) -> _Failed:
        """An HTTP error answer. Its body is kept when it is small: some protocols say there what is wrong."""
        try:
            body = net_body.unpacked(chunks, encoding, MAX_ERROR_BODY)
        except (net_body.TooLarge, net_body.Undecodable, httpcore.NetworkError, httpcore.ProtocolError):
            body = b""
        after = retry_after(headers.get("retry-after", ""), headers.get("date", ""))
        if status == 407:
            failed = self._failed("net-proxy", where, value="407 Proxy Authentication Required", proxy="407")
        elif status in RETRIED and after is not None and after > MAX_RETRY_AFTER:
            failed = self._failed("net-later", where, value=str(status), seconds=f"{after:.0f}")
        else:
            failed = self._failed(
                "net-status", where, again=status in RETRIED, after=after, value=str(status), status=str(status)
            )
        failed.error = NetError(failed.error.issue, status, body)
        return failed


def retry_after(value: str, date: str = "") -> float | None:
    """Seconds that a Retry-After header asks for (a number, or a date read against the answer's own Date)."""
    value = value.strip()
    if value.isdigit():
        return float(value[:9])
    try:
        until = email.utils.parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None
    try:
        now = email.utils.parsedate_to_datetime(date).timestamp()
    except ValueError:
        now = time.time()
    return max(until - now, 0.0)
