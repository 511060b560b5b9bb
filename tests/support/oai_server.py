"""A small OAI-PMH 2.0 repository on loopback whose pages, tokens, deletions and faults a test can script."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

OPEN = '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
NAMESPACES = 'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
Reply = tuple[int, dict[str, str], bytes]
# A fault sees the arguments and the number of the request, and gives a reply in place of the right one.
Fault = Callable[[dict[str, str], int], Reply | None]


@dataclass(frozen=True)
class Item:
    """One record: ``inner`` is the content of oai_dc:dc as XML, None for a deleted one.

    ``forms`` are its other formats, {prefix: the whole metadata element's content}.
    """

    key: str
    stamp: str
    inner: str | None
    sets: tuple[str, ...] = ()
    about: str = ""
    forms: Mapping[str, str] = field(default_factory=dict)

    def xml(self, prefix: str = "oai_dc") -> str:
        sets = "".join(f"<setSpec>{escape(one)}</setSpec>" for one in self.sets)
        status = ' status="deleted"' if self.inner is None else ""
        header = (
            f"<header{status}><identifier>{escape(self.key)}</identifier>"
            f"<datestamp>{self.stamp}</datestamp>{sets}</header>"
        )
        if self.inner is None:
            return f"<record>{header}</record>"
        inside = self.forms.get(prefix) or f"<oai_dc:dc {NAMESPACES}>{self.inner}</oai_dc:dc>"
        return f"<record>{header}<metadata>{inside}</metadata>{self.about}</record>"


@dataclass
class Repository:
    """What is served. ``log`` holds the arguments of all requests; ``clock`` is the responseDate."""

    items: Sequence[Item]
    page: int = 10
    granularity: str = "YYYY-MM-DDThh:mm:ssZ"
    policy: str = "persistent"
    prefixes: tuple[str, ...] = ("oai_dc",)
    namespaces: Mapping[str, str] = field(default_factory=dict)
    clock: str = "2026-03-01T12:00:00Z"
    sizes: bool = True
    fault: Fault | None = None
    log: list[dict[str, str]] = field(default_factory=list)

    def error(self, code: str, text: str = "") -> str:
        return f'<error code="{code}">{escape(text)}</error>'

    def _list(self, arguments: dict[str, str]) -> str:
        token = arguments.get("resumptionToken", "")
        start = 0
        if token:
            arguments = dict(part.split("=", 1) for part in token.split(";"))
            start = int(arguments["at"])
        if arguments.get("metadataPrefix") not in self.prefixes:
            return self.error("cannotDisseminateFormat", "no such format")
        since, chosen = arguments.get("from", ""), arguments.get("set", "")
        prefix = arguments["metadataPrefix"]
        found = [
            item
            for item in self.items
            if item.stamp >= since and (not chosen or chosen in item.sets)
            and (prefix == "oai_dc" or not self.namespaces or prefix in item.forms or item.inner is None)
        ]  # fmt: skip
        if not found:
            return self.error("noRecordsMatch")
        body = "\n".join(item.xml(prefix) for item in found[start : start + self.page])
        size = f' completeListSize="{len(found)}" cursor="{start}"' if self.sizes else ""
        if start + self.page < len(found):
            kept = {**{n: v for n, v in arguments.items() if n != "verb"}, "at": str(start + self.page)}
            token = ";".join(f"{name}={value}" for name, value in kept.items())
            body += f"\n<resumptionToken{size}>{escape(token)}</resumptionToken>"
        elif start:
            body += f"\n<resumptionToken{size}/>"
        return f"<ListRecords>\n{body}\n</ListRecords>"

    def answer(self, arguments: dict[str, str], address: str) -> bytes:
        """The right answer, without faults."""
        verb = arguments.get("verb", "")
        if verb == "Identify":
            inner = (
                f"<Identify><repositoryName>Test</repositoryName><baseURL>{escape(address)}</baseURL>"
                "<protocolVersion>2.0</protocolVersion><adminEmail>a@example.org</adminEmail>"
                "<earliestDatestamp>2020-01-01T00:00:00Z</earliestDatestamp>"
                f"<deletedRecord>{self.policy}</deletedRecord><granularity>{self.granularity}</granularity></Identify>"
            )
        elif verb == "ListMetadataFormats":
            formats = "".join(
                f"<metadataFormat><metadataPrefix>{one}</metadataPrefix>"
                f"<metadataNamespace>{self.namespaces.get(one, '')}</metadataNamespace></metadataFormat>"
                for one in self.prefixes
            )
            inner = f"<ListMetadataFormats>{formats}</ListMetadataFormats>"
        elif verb == "ListRecords":
            inner = self._list(arguments)
        elif verb == "ListIdentifiers":
            inner = self._list(arguments).replace("ListRecords>", "ListIdentifiers>")
            inner = re.sub(r"</?record>|<metadata>.*?</metadata>|<about>.*?</about>", "", inner, flags=re.DOTALL)
        elif verb == "GetRecord":
            chosen = [item for item in self.items if item.key == arguments.get("identifier")]
            inner = self.error("idDoesNotExist")
            if chosen:
                inner = f"<GetRecord>{chosen[0].xml(arguments.get('metadataPrefix', ''))}</GetRecord>"
        else:
            inner = self.error("badVerb")
        asked = "".join(f" {name}={quoteattr(value)}" for name, value in arguments.items())
        return (
            f"{OPEN}<responseDate>{self.clock}</responseDate><request{asked}>{escape(address)}</request>\n"
            f"{inner}\n</OAI-PMH>"
        ).encode()


@contextmanager
def serving(reply: Callable[[str, dict[str, str]], Reply]) -> Iterator[str]:
    """Any HTTP server: ``reply`` gets path with query, and headers. Gives its address, without a slash.

    A Content-Length header given by the reply is sent as it is, else the right one.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, headers, body = reply(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if int(headers.get("Content-Length", len(body))) != len(body):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def repository(content: Repository) -> Iterator[str]:
    """Serve a repository; gives its base address."""

    def reply(path: str, _: dict[str, str]) -> Reply:
        arguments = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        content.log.append(arguments)
        found = content.fault(arguments, len(content.log)) if content.fault else None
        return found or (200, {"Content-Type": "text/xml; charset=utf-8"}, content.answer(arguments, "/oai"))

    with serving(reply) as address:
        yield address + "/oai"
