"""Outgoing HTTP: what is refused, retried, bounded, and in which words."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib

import pytest

from registry import messages
from registry.model import Feed
from registry.net import Fetcher, NetError, retry_after
from registry.net_guard import Allowed, is_public, literal
from registry.net_pace import PER_HOST, Pace, moved_feed
from registry.settings import Settings
from tests.support.oai_server import serving

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


def fetcher(address="http://127.0.0.1/", allow=("127.0.0.1",), slept=None, resolve=None, pace=None, **settings):
    feed = Feed("f", "a", "oai_pmh", address, allow_hosts=tuple(allow))
    given = {"resolve": resolve} if resolve else {}
    sleep = slept.append if slept is not None else lambda _: None
    return Fetcher(Settings(**settings), feed, sleep=sleep, pace=pace, **given)


def fails(http, url, code, **more):
    with pytest.raises(NetError) as caught:
        http.get(url, **more)
    assert caught.value.issue.code == code, caught.value.issue
    known = messages.load()[code]
    for language in messages.LANGUAGES:
        for text in (known.text[language], known.mend[language]):
            assert "{" not in messages.fill(text, caught.value.issue), "a parameter of the message is missing"
    return caught.value


def test_get_conditional_and_own_agent():
    seen = []

    def reply(path, headers):
        seen.append(headers)
        if headers.get("if-none-match") == '"v1"':
            return 304, {"ETag": '"v1"'}, b""
        return 200, {"ETag": '"v1"', "Content-Type": "text/plain"}, b"hello"

    with serving(reply) as base, fetcher(contact="ops@example.org") as http:
        first = http.get(base + "/a b?q=é#part", accept="text/xml")
        assert (first.status, first.body, first.headers["etag"], first.not_modified) == (200, b"hello", '"v1"', False)
        again = http.get(base + "/", etag='"v1"')
        assert again.not_modified and again.body == b""
    assert seen[0]["user-agent"] == "MetaAcademyRegistry/0.1 (+ops@example.org)"
    assert seen[0]["accept"] == "text/xml" and seen[0]["host"] in base


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/", "http://localhost:9/", "http://10.1.2.3/", "http://192.168.0.1/", "http://[::1]/",
        "http://169.254.169.254/latest", "http://[fe80::1]/", "http://[fd00::1]/", "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://017700000001/",
        "http://[64:ff9b::a00:1]/", "http://[2002:7f00:1::]/", "http://224.0.0.1/", "http://100.64.0.1/", "http://[::]/",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(url):
    error = fails(fetcher(allow=()), url, "net-private-address")
    assert "allow_hosts" in str(error) and url[:16] in str(error)


def test_every_address_of_a_name_is_checked_and_the_checked_one_used():
    def mixed(host, port):
        return ["93.184.216.34", "10.0.0.7"]

    fails(fetcher(allow=(), resolve=mixed), "http://example.org/", "net-private-address")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return next(answers)

    with serving(lambda path, headers: (200, {}, headers["host"].encode())) as base:
        port = base.rpartition(":")[2]
        http = fetcher(allow=("rebind.example",), resolve=rebinding)
        assert http.get(f"http://rebind.example:{port}/").body == f"rebind.example:{port}".encode()
    assert asked == ["rebind.example"], "the name was resolved more than once"


def test_redirects_are_checked_again():
    def reply(path, headers):
        if path == "/private":
            return 302, {"Location": "http://10.0.0.1/secret"}, b""
        if path == "/file":
            return 302, {"Location": "file:///etc/passwd"}, b""
        if path == "/loop":
            return 301, {"Location": "/loop"}, b""
        if path == "/ok":
            return 307, {"Location": "final"}, b""
        return 200, {}, b"there"

    with serving(reply) as base, fetcher() as http:
        fails(http, base + "/private", "net-private-address")
        fails(http, base + "/file", "net-bad-redirect")
        fails(http, base + "/loop", "net-redirects")
        answer = http.get(base + "/ok")
        assert answer.body == b"there" and answer.url == base + "/final"


def test_secrets_do_not_follow_to_another_host():
    seen = {}

    def second(path, headers):
        seen["second"] = headers
        return 200, {}, b""

    with serving(second) as other:

        def first(path, headers):
            seen["first"] = headers
            return 302, {"Location": other + "/x"}, b""

        with serving(first) as base, fetcher() as http:
            answer = http.get(
                base.replace("//", "//user:pass@"), headers={"X-Api-Key": "k", "Cookie": "c"}, accept="text/xml"
            )
    assert seen["first"]["authorization"].startswith("Basic ") and seen["first"]["x-api-key"] == "k"
    assert not {"authorization", "x-api-key", "cookie"} & set(seen["second"])
    assert seen["second"]["accept"] == "text/xml" and "pass" not in answer.url


def test_password_is_not_shown():
    assert "pass" not in str(fails(fetcher(allow=()), "http://user:pass@10.0.0.1/", "net-private-address"))


def test_retries_with_backoff_then_gives_the_status():
    slept, calls = [], []

    def reply(path, headers):
        calls.append(path)
        return 503, {}, b"<OAI-PMH>busy</OAI-PMH>"

    with serving(reply) as base, fetcher(slept=slept, http_retries=3) as http:
        error = fails(http, base, "net-status")
    assert (error.status, error.body, len(calls)) == (503, b"<OAI-PMH>busy</OAI-PMH>", 4)
    assert len(slept) == 3 and slept[0] < slept[1] < slept[2] < 6


def test_retry_after_is_kept_to_within_bounds():
    slept, waits = [], iter(["7", "Mon, 23 Nov 2026 10:00:09 GMT"])

    def reply(path, headers):
        wait = next(waits, None)
        if wait is None:
            return 200, {}, b"at last"
        return 503, {"Retry-After": wait, "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, b""

    with serving(reply) as base, fetcher(slept=slept) as http:
        assert http.get(base).body == b"at last"
    assert slept == [7, 9]
    with serving(lambda path, headers: (429, {"Retry-After": "86400"}, b"")) as base, fetcher(slept=slept) as http:
        fails(http, base, "net-later")
    assert len(slept) == 2
    assert (
        retry_after("soon") is None
        and retry_after("Mon, 23 Nov 2026 10:00:09 GMT", "Mon, 23 Nov 2026 10:00:00 GMT") == 9
    )


def test_404_is_not_retried():
    calls = []

    def reply(path, headers):
        calls.append(path)
        return 404, {}, b"gone"

    with serving(reply) as base, fetcher() as http:
        assert fails(http, base, "net-status").status == 404
    assert len(calls) == 1


def test_ten_gigabytes_are_not_read():
    sent = []

    def announce(path, headers):
        return 200, {"Content-Length": str(10 << 30)}, b"x" * 1000

    with serving(announce) as base, fetcher(http_max_bytes=1 << 20) as http:
        fails(http, base, "net-too-large")

    listener = socket.create_server(("127.0.0.1", 0))

    def endless():
        connection, _ = listener.accept()
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        try:
            while sum(sent) < 10 << 30:
                sent.append(connection.send(b"x" * 65536))
        except OSError:
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=endless, daemon=True)
    thread.start()
    with fetcher(http_max_bytes=1 << 20) as http:
        fails(http, f"http://127.0.0.1:{listener.getsockname()[1]}/", "net-too-large")
    thread.join(10)
    listener.close()
    assert not thread.is_alive() and sum(sent) < 50 << 20


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw", "gzip, gzip"])
def test_bombs_and_honest_packing(coding):
    def pack(data):
        if coding == "raw":
            packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            return packer.compress(data) + packer.flush()
        if coding == "deflate":
            return zlib.compress(data, 9)
        return gzip.compress(gzip.compress(data)) if "," in coding else gzip.compress(data)

    bomb, plain = pack(bytes(40 << 20)), pack(b"plain text " * 1000)
    name = "deflate" if coding == "raw" else coding

    def reply(path, headers):
        return 200, {"Content-Encoding": name}, bomb if path == "/bomb" else plain

    with serving(reply) as base, fetcher(http_max_bytes=2 << 20) as http:
        began = time.monotonic()
        fails(http, base + "/bomb", "net-bomb")
        assert time.monotonic() - began < 5
        assert http.get(base + "/").body == b"plain text " * 1000


def test_gzip_with_several_members_and_padding():
    body = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 100
    with serving(lambda path, headers: (200, {"Content-Encoding": "gzip"}, body)) as base, fetcher() as http:
        assert http.get(base).body == b"one two"


def test_damaged_and_unasked_codings():
    replies = {
        "/br": ({"Content-Encoding": "br"}, b"abc"),
        "/bad": ({"Content-Encoding": "gzip"}, b"not gzip at all"),
        "/cut": ({"Content-Encoding": "gzip"}, gzip.compress(bytes(range(256)) * 100)[:-20]),
    }
    with serving(lambda path, headers: (200, *replies[path])) as base, fetcher(http_retries=1) as http:
        fails(http, base + "/br", "net-encoding")
        fails(http, base + "/bad", "net-encoding")
        fails(http, base + "/cut", "net-cut")


def test_truncated_answer_is_retried_then_an_error():
    calls = []

    def reply(path, headers):
        calls.append(path)
        if path == "/once" and len(calls) > 1:
            return 200, {}, b"whole"
        return 200, {"Content-Length": "1000"}, b"half"

    with serving(reply) as base:
        with fetcher(http_retries=2) as http:
            assert http.get(base + "/once").body == b"whole" and len(calls) == 2
        with fetcher(http_retries=2) as http:
            fails(http, base + "/never", "net-cut")
    assert len(calls) == 5


def test_silence_and_dripping_end():
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip():
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.recv(4096)
            try:
                if not slow.is_set():
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                    while not stop.is_set():
                        connection.sendall(b"x")
                        time.sleep(0.05)
                else:
                    stop.wait(5)
            except OSError:
                pass
            connection.close()

    slow = threading.Event()
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with fetcher(http_timeout=0.2, http_retries=0) as http:
        fails(http, url, "net-overtime")
    slow.set()
    with fetcher(http_timeout=0.2, http_retries=0) as http:
        fails(http, url, "net-timeout")
    stop.set()
    listener.close()


def test_nobody_there_and_no_such_name():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    fails(fetcher(http_retries=1), f"http://127.0.0.1:{port}/", "net-refused")

    def unknown(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert "nowhere.example" in str(fails(fetcher(resolve=unknown), "http://nowhere.example/", "net-dns"))


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "example.org", "http://", "http://[::1", ""]
)
def test_only_web_addresses(url):
    fails(fetcher(), url, "net-bad-address")


def test_proxy_is_used_and_names_are_checked(monkeypatch):
    seen = []

    def proxy(path, headers):
        seen.append(path)
        return 200, {}, b"by proxy"

    with serving(proxy) as base:
        monkeypatch.setenv("http_proxy", base.replace("//", "//me:secret@"))
        http = fetcher("http://feed.example/oai", allow=("other.example",))
        assert http.get("http://feed.example/oai?x=1").body == b"by proxy"
        assert http.get("http://other.example/").body == b"by proxy"
        assert "allow_hosts" in str(fails(http, "http://third.example/", "net-proxy-host"))
        fails(http, "http://10.0.0.1/", "net-private-address")
        fails(http, "http://0x7f000001/", "net-private-address")
        with serving(lambda path, headers: (200, {}, b"direct")) as own:
            local = fetcher(own, allow=("127.0.0.1",))
            assert local.get(own).body == b"direct", "a proxy cannot reach this machine's loopback"
    assert seen == ["http://feed.example/oai?x=1", "http://other.example/"]


def test_proxy_failures_are_named(monkeypatch):
    with serving(lambda path, headers: (407, {}, b"")) as base:
        monkeypatch.setenv("http_proxy", base)
        fails(fetcher("http://feed.example/"), "http://feed.example/", "net-proxy")
    monkeypatch.setenv("http_proxy", base.replace("//", "//me:secret@"))
    error = fails(fetcher("http://feed.example/", http_retries=0), "http://feed.example/", "net-proxy")
    assert "127.0.0.1" in str(error) and "secret" not in str(error) and "HTTPS_PROXY" in str(error)
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1080")
    fails(fetcher("http://feed.example/"), "http://feed.example/", "net-proxy")


def test_ca_file_that_is_none(tmp_path):
    bad = tmp_path / "ca.pem"
    bad.write_text("nothing")
    assert str(bad) in str(fails(fetcher(http_ca_file=str(bad)), "https://127.0.0.1:9/", "net-ca-file"))


def test_politeness_between_requests():
    slept, now = [], [100.0]
    with serving(lambda path, headers: (200, {}, b"")) as base:
        port = base.rpartition(":")[2]
        feed = Feed("f", "a", "oai_pmh", base, allow_hosts=("slow.example",))
        pace = Pace()
        http = Fetcher(
            Settings(http_delay=2), feed, pace=pace, clock=lambda: now[0], sleep=slept.append,
            resolve=lambda host, port: ["127.0.0.1"],
        )  # fmt: skip
        http.get(f"http://slow.example:{port}/")
        http.get(f"http://slow.example:{port}/")
        http.crawl_delay("slow.example", 1000)
        http.get(f"http://slow.example:{port}/")
        http.get(f"http://slow.example:{port}/")
    assert slept == [2, 4, 34]


def test_addresses():
    assert is_public("93.184.216.34") and is_public("2606:2800:220:1::1")
    assert not is_public("fe80::1%eth0") and not is_public("nonsense")
    assert literal("example.org") is None and literal("0x7f.1") == "127.0.0.1" and literal("1.2.3.4.example") is None
    allowed = Allowed.of(["localhost", "10.0.0.1:8080", "[::1]:81", "fd00::5"])
    assert allowed("LOCALHOST", 1) and allowed("10.0.0.1", 8080) and not allowed("10.0.0.1", 80)
    assert allowed("::1", 81) and not allowed("::1", 80) and allowed("fd00::5", 443)


def test_one_host_answers_two_at_once_however_many_feeds_ask():
    lock, at_once, most = threading.Lock(), 0, 0

    def reply(path, headers):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return 200, {}, b""

    pace = Pace()
    with serving(reply) as base:

        def ask() -> None:
            with fetcher(pace=pace) as http:
                http.get(base + "/")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == PER_HOST


@pytest.mark.parametrize(
    ("asked", "moved", "feed"),
    [
        ("https://a.example/oai", "https://b.example/oai", "https://b.example/oai"),
        ("https://a.example/oai?verb=Identify", "https://b.example/x?verb=Identify", "https://b.example/x"),
        ("https://a.example/oai?verb=Identify", "https://b.example/login", ""),
        ("https://a.example/oai/api/v1?page=1", "https://b.example/new/api/v1?page=1", "https://b.example/new"),
        ("https://a.example/oai/api/v1", "https://b.example/elsewhere", ""),
        ("https://a.example/oai2", "https://b.example/oai2", ""),
        ("https://elsewhere.example/", "https://b.example/", ""),
        ("https://a.example/oai", "", ""),
    ],
)
def test_what_a_move_says_of_the_feed(asked, moved, feed):
    assert moved_feed("https://a.example/oai", asked, moved) == feed


def test_a_move_keeps_what_belongs_to_the_feeds_own_address():
    feed = "https://a.example/oai/?db=1"
    assert (
        moved_feed(feed, feed + "&verb=Identify", "https://b.example/?db=1&verb=Identify") == "https://b.example/?db=1"
    )
    assert moved_feed(
        "https://a.example/", "https://a.example/?verb=Identify", "https://b.example/x?verb=Identify"
    ) == ("https://b.example/x")


def test_a_fetcher_remembers_that_its_feed_moved_for_good():
    def reply(path, headers):
        place, status = path.partition("?")[0], {"/old": 301, "/passing": 302, "/again": 308}
        if place in status:
            to = "/old" if place == "/again" else "/new"
            return status[place], {"Location": to + path[len(place) :]}, b""
        return 200, {}, b"here"

    for path, told in (("/old", True), ("/again", True), ("/passing", False), ("/new", False)):
        with serving(reply) as base, fetcher(address=base + path) as http:
            assert http.get(base + path + "?verb=Identify").body == b"here"
            assert http.moved == (base + "/new" if told else "")
