"""Certificates: the system's and one file more; what is said when one is not trusted."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from registry.model import Feed
from registry.net import Fetcher, NetError
from registry.settings import Settings

# Made for this test only: self-signed, for the name feed.example, trusted by nobody.
PEM = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZAha1zcb8XyZBacI
yzWuHORrnSRiQtQQV/2lfvX8J7yhRANCAASxLRq49S6+8EuABP5QT0U0BV1SCsJl
anc49b662gBUX9fV/fL+k2afcL3KUuIpi87kZ9ZbWGXTR1dwo32JS+R3
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnjCCAUSgAwIBAgIUa/xhPN1HHPDuypoJPkPndLb9xk4wCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMZmVlZC5leGFtcGxlMCAXDTI2MTEyMzEyNTk0MloYDzIxMjYx
MDMwMTI1OTQyWjAXMRUwEwYDVQQDDAxmZWVkLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASxLRq49S6+8EuABP5QT0U0BV1SCsJlanc49b662gBUX9fV
/fL+k2afcL3KUuIpi87kZ9ZbWGXTR1dwo32JS+R3o2wwajAdBgNVHQ4EFgQUJZ4j
80RaCFWgTsy3UB8SqTdWZ5cwHwYDVR0jBBgwFoAUJZ4j80RaCFWgTsy3UB8SqTdW
Z5cwFwYDVR0RBBAwDoIMZmVlZC5leGFtcGxlMA8GA1UdEwEB/wQFMAMBAf8wCgYI
KoZIzj0EAwIDSAAwRQIganXD8OSV9xCVppcBUhjZFpeGuglHU+UM81zVQ6qCoKMC
IQC8FVrRoqHeYkP7feYIEPTCOAg2AGfjEmTEDv+RZi6mww==
-----END CERTIFICATE-----
"""


@pytest.fixture
def server(tmp_path):
    pem = tmp_path / "server.pem"
    pem.write_text(PEM)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"secure")

        def log_message(self, *_):
            """Quiet."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    served = HTTPServer(("127.0.0.1", 0), Handler)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield served.server_port, pem
    served.shutdown()
    served.server_close()
    thread.join()


def fetch(port, name, **settings):
    feed = Feed("f", "a", "oai_pmh", f"https://{name}:{port}/", allow_hosts=(name,))
    given = Settings(http_retries=0, **settings)
    with Fetcher(given, feed, sleep=lambda _: None, resolve=lambda host, port: ["127.0.0.1"]) as http:
        return http.get(feed.address)


def test_unknown_certificate_is_refused_in_words(server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(NetError) as caught:
        fetch(server[0], "feed.example")
    assert caught.value.issue.code == "net-certificate"
    assert "proxy" in str(caught.value) and "http_ca_file" in str(caught.value)


def test_file_of_certificates_is_trusted_for_its_name_only(server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    port, pem = server
    assert fetch(port, "feed.example", http_ca_file=str(pem)).body == b"secure"
    with pytest.raises(NetError) as caught:
        fetch(port, "other.example", http_ca_file=str(pem))
    assert caught.value.issue.code == "net-certificate"
