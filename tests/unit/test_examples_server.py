"""The loopback server: OAI-PMH with all its errors, files with validators."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from examples import serve_feeds

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RECORD = (
    "<record><header><identifier>oai:a.example:{n}</identifier><datestamp>{day}</datestamp>"
    "<setSpec>{s}</setSpec></header><metadata><x/></metadata></record>"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serve_feeds.Server]:
    feeds = tmp_path_factory.mktemp("feeds")
    (feeds / "robots.txt").write_text("User-agent: *\nDisallow:\n")
    (feeds / "a/edition-1/oai").mkdir(parents=True)
    (feeds / "a/edition-2/oai").mkdir(parents=True)
    settings = 'name = "A & B"\nemail = "a@a.example"\ndeleted = "persistent"\ngranularity = "YYYY-MM-DD"\npage = 2\n'
    (feeds / "a/oai.toml").write_text(settings + '[sets]\nodd = "Odd"\neven = "Even"\n')
    for n in range(1, 6):
        text = RECORD.format(n=n, day=f"2026-01-0{n}", s="odd" if n % 2 else "even")
        (feeds / f"a/edition-1/oai/{n}.xml").write_text(text)
    (feeds / "a/edition-2/oai/1.xml").write_text(RECORD.format(n=1, day="2026-05-01", s="odd"))
    (feeds / "a/edition-1/page.html").write_text("<p>${feeds}</p>")
    (feeds / "a/edition-1/index.html").write_text("<p>start</p>")
    (feeds / "a/edition-1/map.xml").write_text("<urlset/>")
    (feeds / "a/edition-2/gone.txt").write_text("page.html\n")
    with serve_feeds.start(feeds=feeds) as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as opened:
        yield opened


Ask = Callable[..., etree._Element]


@pytest.fixture(scope="module")
def ask(server: serve_feeds.Server, client: httpx.Client) -> Ask:
    def send(query: str, method: str = "GET") -> etree._Element:
        return _answer(client, f"{server.address}/a/oai", query, method)

    return send


def _answer(client: httpx.Client, address: str, query: str, method: str) -> etree._Element:
    if method == "POST":
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post(address, content=query, headers=kind)
    else:
        answer = client.get(f"{address}?{query}")
    assert answer.raise_for_status().headers["content-type"].startswith("text/xml")
    root = etree.fromstring(answer.content)
    assert [child.tag for child in root][:2] == [f"{OAI}responseDate", f"{OAI}request"]
    return root


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=Delete", "badVerb"),
        ("verb=Identify&verb=Identify", "badArgument"),
        ("verb=Identify&set=odd", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=January", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-02-01&until=2026-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2027-01-01", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=none", "noRecordsMatch"),
        ("verb=ListRecords&resumptionToken=x", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=W10=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=x&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
        ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:a.example:9", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=marc&identifier=oai:a.example:1", "cannotDisseminateFormat"),
        ("verb=ListMetadataFormats&identifier=oai:a.example:9", "idDoesNotExist"),
    ],
)
def test_each_error_of_the_protocol(ask: Ask, query: str, code: str) -> None:
    for method in ("GET", "POST"):
        root = ask(query, method)
        assert [child.get("code") for child in root.iter(f"{OAI}error")] == [code]


def test_the_six_verbs(server: serve_feeds.Server, ask: Ask) -> None:
    server.set_edition(1)
    identify = ask("verb=Identify").find(f"{OAI}Identify")
    said = {child.tag.removeprefix(OAI): child.text for child in identify}
    assert said["repositoryName"] == "A & B" and said["baseURL"] == f"{server.address}/a/oai"
    assert said["earliestDatestamp"] == "2026-01-01" and said["deletedRecord"] == "persistent"
    formats = ask("verb=ListMetadataFormats").iter(f"{OAI}metadataPrefix")
    assert [one.text for one in formats] == ["oai_dc"]
    assert [one.text for one in ask("verb=ListSets").iter(f"{OAI}setSpec")] == ["odd", "even"]
    one = ask("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:a.example:3")
    assert [child.text for child in one.iter(f"{OAI}identifier")] == ["oai:a.example:3"]
    headers = ask("verb=ListIdentifiers&metadataPrefix=oai_dc&set=even")
    assert len(list(headers.iter(f"{OAI}header"))) == 2 and not list(headers.iter(f"{OAI}record"))


def test_tokens_lead_through_the_list_and_die_with_the_edition(server: serve_feeds.Server, ask: Ask) -> None:
    server.set_edition(1)
    found, query, sizes, tokens = [], "metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-05", [], []
    while True:
        root = ask(f"verb=ListRecords&{query}")
        found += [one.text for one in root.iter(f"{OAI}identifier")]
        (token,) = root.iter(f"{OAI}resumptionToken")
        sizes.append((token.get("completeListSize"), token.get("cursor")))
        if not token.text:
            break
        tokens.append(token.text)
        query = f"resumptionToken={token.text}"
    assert found == [f"oai:a.example:{n}" for n in range(1, 6)]
    assert sizes == [("5", "0"), ("5", "2"), ("5", "4")]
    server.set_edition(2)
    root = ask(f"verb=ListRecords&resumptionToken={tokens[0]}")
    assert root.find(f"{OAI}error").get("code") == "badResumptionToken"
    changed = ask("verb=ListRecords&metadataPrefix=oai_dc&from=2026-03-01")
    assert [one.text for one in changed.iter(f"{OAI}identifier")] == ["oai:a.example:1"]
    assert not list(changed.iter(f"{OAI}resumptionToken"))


def test_files_with_validators(server: serve_feeds.Server, client: httpx.Client) -> None:
    server.set_edition(1)
    at = server.address
    page = client.get(f"{at}/a/page.html")
    assert page.text == f"<p>{server.address}</p>" and page.headers["content-type"].startswith("text/html")
    etag, day = page.headers["etag"], page.headers["last-modified"]
    assert day == "Sun, 01 Mar 2026 06:00:00 GMT"
    for headers, status in [
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"x", W/{etag}'}, 304),
        ({"If-None-Match": '"x"', "If-Modified-Since": day}, 200),
        ({"If-Modified-Since": day}, 304),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Sun, 01 Feb 2026 06:00:00 GMT"}, 200),
    ]:
        assert client.get(f"{at}/a/page.html", headers=headers).status_code == status, headers
    head = client.head(f"{at}/a/page.html")
    assert head.content == b"" and head.headers["content-length"] == str(len(page.content))
    assert client.get(f"{at}/a/").text == "<p>start</p>"
    packed = client.get(f"{at}/a/map.xml.gz")
    assert packed.content[:2] == b"\x1f\x8b" and packed.content == client.get(f"{at}/a/map.xml.gz").content
    for wrong in ("/a/none.html", "/a/../oai.toml", "/a/oai.toml", "/a/none.xml.gz"):
        assert client.get(at + wrong).status_code == 404
    assert client.post(f"{at}/a/oai", content=b"x" * (serve_feeds.MAX_BODY + 1)).status_code == 413
    server.set_edition(2)
    assert client.get(f"{at}/a/page.html").status_code == 404


def test_a_port_that_is_taken_is_an_error(server: serve_feeds.Server) -> None:
    with pytest.raises(OSError, match="in use"):
        serve_feeds.start(server.port)


def test_closing_frees_the_port(tmp_path: Path) -> None:
    running = serve_feeds.start()
    running.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", running.port)) != 0
