"""Cleaning functions: what they make of the spellings that feeds hold, and that nothing makes them raise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.crosswalk import clean
from registry.terms import XSD, is_iri

FEW = settings(max_examples=150, deadline=None)
# Text of the kinds that make parsers stumble, beside any text at all.
AWKWARD = st.one_of(
    st.text(max_size=120),
    st.text(alphabet="<>&;/\"'!-=#ap b\n\t\u00a0\u0301\x00\ud800%1é", max_size=120),
    st.text(alphabet="0123456789-/.:TZ+ hdjPWM,½", max_size=40),
    st.text(alphabet="htps:/w.@?#[]%|é1 \\", max_size=60).map(lambda s: "http://" + s),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Plain words.", "Plain words."),
        ("<p>A &amp; B<br/>c</p>\n<p>d</p>", "A & B\nc\nd"),
        ("a < b &amp; c > d", "a < b & c > d"),
        ("&lt;p&gt;escaped &amp;amp; whole&lt;/p&gt;", "escaped & whole"),
        ("AT&amp;amp;T", "AT&amp;T"),
        ("one\r\n\r\n\r\ntwo   three\u00a0four", "one\ntwo three four"),
        ("x<script>alert(1)</script>y<style>p{}</style>", "xy"),
        ("<!-- nothing -->", ""),
        ("cafe\u0301\x03\u200b", "café"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("List<String> and <name>", "List<String> and <name>"),
    ],
)
def test_text(given: str, expected: str) -> None:
    assert clean.text(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://Example.org/a", "https://example.org/a"),
        ("  <http://x.org/é?q=ö|1>  ", "http://x.org/%C3%A9?q=%C3%B6%7C1"),
        ("www.x.org/y", "https://www.x.org/y"),
        ("http://[2001:4860:4860::8888]:8000/a", "http://[2001:4860:4860::8888]:8000/a"),
        ("http://bücher.de/", "http://xn--bcher-kva.de/"),
        ("https://x.org/100%", "https://x.org/100%25"),
        ("x.org/y", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://x.org/", None),
        ("https://user:secret@x.org/", None),
        ("https://a.org https://b.org", None),
        ("https://", None),
        ("https://x.org:99999/", None),
        ("https://x.org/" + "a" * 2000, None),
        ("", None),
    ],
)
def test_url(given: str, expected: str | None) -> None:
    assert clean.url(given) == expected


def test_canonical_url_joins_spellings_and_keeps_pages_apart() -> None:
    same = {
        "http://www.x.org/a/", "https://x.org/a", "https://X.org:443/a/index.html?utm_source=mail", "http://x.org/a#top",
    }  # fmt: skip
    assert {clean.canonical_url(address) for address in same} == {"https://x.org/a"}
    assert clean.canonical_url("https://x.org/view.php?id=1") != clean.canonical_url("https://x.org/view.php?id=2")
    assert clean.canonical_url("https://x.org/?b=2&a=1") == clean.canonical_url("https://x.org/?a=1&b=2")
    assert clean.canonical_url("https://x.org/app#/course/1") != clean.canonical_url("https://x.org/app#/course/2")
    assert clean.canonical_url("http://dx.doi.org/10.5281/ZENODO.1") == "https://doi.org/10.5281/zenodo.1"
    assert clean.canonical_url("no address") == ""


def test_identifiers() -> None:
    assert clean.doi("doi:10.1000/ABC.") == "https://doi.org/10.1000/abc"
    assert (
        clean.doi("https://doi.org/10.1002/(SICI)1097<1::AID>3.0")
        == "https://doi.org/10.1002/(sici)1097%3C1::aid%3E3.0"
    )
    assert clean.doi("10.1/x") is None
    assert clean.doi("see 10.1234/x") is None
    assert clean.orcid("http://orcid.org/0000-0002-1825-0097") == "https://orcid.org/0000-0002-1825-0097"
    assert clean.orcid("0000-0002-1694-233x") == "https://orcid.org/0000-0002-1694-233X"
    assert clean.orcid("0000-0002-1825-0098") is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2024", "2024 gYear"), ("2024-05", "2024-05 gYearMonth"), ("2024-05-01", "2024-05-01 date"),
        ("2024/5/1", "2024-05-01 date"), ("20240501", "2024-05-01 date"),
        ("2024-05-01T10:00:00+0200", "2024-05-01T10:00:00+02:00 dateTime"),
        ("2024-05-01 10:00", "2024-05-01T10:00:00 dateTime"),
        ("Mon, 06 May 2024 10:00:00 GMT", "2024-05-06T10:00:00Z dateTime"),
        ("1714989600", "2024-05-06T10:00:00Z dateTime"), ("1714989600000", "2024-05-06T10:00:00Z dateTime"),
        ("31/12/2024", "2024-12-31 date"), ("12.31.2024", "2024-12-31 date"), ("03/03/2024", "2024-03-03 date"),
        ("03/04/2024", None), ("31.12.24", None), ("32/13/2024", None), ("2024-02-30", None), ("2024-13", None),
        ("1er janvier 2024", "2024-01-01 date"), ("12 de marzo de 2024", "2024-03-12 date"),
        ("12. März 2024", "2024-03-12 date"), ("mars 2024", "2024-03 gYearMonth"), ("5 de maio de 2023", "2023-05-05 date"),
        ("March 12th, 2024", "2024-03-12 date"), ("lundi 5 mai 2025", "2025-05-05 date"),
        ("12/31/2024 2:30 pm", "2024-12-31T14:30:00 dateTime"),
        ("0", None), ("", None), ("1970-01-01T00:00:00Z", None), ("soon", None), ("juillet-août 2024", None),
        ("2024-05-01T10:00:00+15:00", None), ("99999999", None),
    ],
)  # fmt: skip
def test_date(given: str, expected: str | None) -> None:
    found = clean.date(given)
    assert (found and f"{found.value} {found.datatype.removeprefix(XSD)}") == expected


def test_date_order_decides_only_what_is_open() -> None:
    read = {order: clean.date("03/04/2024", order) for order in ("dmy", "mdy")}
    assert [date and date.value for date in read.values()] == ["2024-04-03", "2024-03-04"]
    assert clean.date("31/12/2024", "mdy") == clean.date("2024-12-31")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PT90M", "PT90M"), ("P1D", "P1D"), ("P3W", "P21D"), ("PT1.5H", "PT1H30M"), ("PT", None), ("P", None),
        ("PT0S", None), ("3 h", "PT3H"), ("1 jour", "P1D"), ("2 days", "P2D"), ("3 semaines", "P21D"),
        ("90 min", "PT1H30M"), ("1h30", "PT1H30M"), ("0.5 day", "PT12H"), ("2½ días", "P2DT12H"), ("demi-journée", "PT12H"),
        ("1,5 jours", "P1DT12H"), ("01:30:00", "PT1H30M"), ("about 2 hours", "PT2H"), ("deux jours", "P2D"), ("6 mois", "P6M"),
        ("3 hours per week", None), ("30-40 minutes", None), ("3", None), ("1:30", None), ("2 x 3h", None), ("", None),
    ],
)  # fmt: skip
def test_duration(given: str, expected: str | None) -> None:
    assert clean.duration(given) == expected


def test_yes_no_lists_and_addresses_of_persons() -> None:
    assert [clean.boolean(word) for word in ("Oui", "Sí", "gratuit", "NÃO", "payant", "de pago", "maybe", "")] == [
        True, True, True, False, False, False, None, None,
    ]  # fmt: skip
    assert clean.split_list("a|b;c|a") == ["a", "b;c"]
    assert clean.split_list("a; b\nc") == ["a", "b", "c"]
    assert clean.split_list("a, b") == ["a, b"]
    assert clean.split_list("a, b", comma=True) == ["a", "b"]
    assert clean.drop_emails("Jane Doe (jane.doe@stat.example); Bob") == ("Jane Doe ; Bob", True)
    assert clean.drop_emails("a @ b") == ("a @ b", False)


@FEW
@given(AWKWARD)
def test_nothing_raises(s: str) -> None:
    for function in (clean.url, clean.canonical_url, clean.doi, clean.orcid, clean.date, clean.duration, clean.boolean,
                     clean.line, clean.fold, clean.looks_html, clean.split_list, clean.drop_emails):  # fmt: skip
        function(s)
    assert not set(clean.text(s)) & {"\x00", "\ud800", "\r"}


@FEW
@given(AWKWARD)
def test_cleaning_again_changes_nothing(s: str) -> None:
    address = clean.url(s)
    if address is not None:
        assert is_iri(address) and clean.url(address) == address
        assert clean.canonical_url(clean.canonical_url(s)) == clean.canonical_url(s)
    date = clean.date(s)
    assert date is None or clean.date(date.value) == date
    duration = clean.duration(s)
    assert duration is None or clean.duration(duration) == duration
    doi = clean.doi(s)
    assert doi is None or (is_iri(doi) and clean.doi(doi) == doi)
    plain = clean.text(s)
    if "&" not in plain and "<" not in plain:  # entities are unescaped once, so one more layer may be left
        assert clean.text(plain) == plain
    assert clean.fold(clean.fold(s)) == clean.fold(s)


def test_hostile_sizes_take_no_time() -> None:
    for s in ("<" * 200_000, "<!--" * 50_000, "&" * 200_000, "<p " * 60_000, "<div>" * 50_000, "( " * 100_000):
        clean.text(s)
        clean.drop_emails(s + "@")
    clean.drop_emails("a." * 100_000 + "@" + "a." * 100_000)


@pytest.mark.parametrize(
    "host",
    ["intranet", "10.1.2.3", "192.168.0.9", "172.20.1.1", "127.0.0.1", "169.254.1.1", "[fd00::1]", "[::1]", "0.0.0.0",
     "srv-web.local", "moodle.stat.intra", "intranet.stat.example", "Intranet2.stat.example", "nas.home.arpa",
     "forge.stat.LAN.", "localhost", "2130706433", "0x7f.1", "wiki.internal", "100.64.0.1", "formation.corp"],
)  # fmt: skip
def test_private_hosts_give_no_address(host: str) -> None:
    assert clean.private_host(host)
    assert clean.url(f"http://{host}/course/view.php?id=3") is None
    assert clean.is_private(f" <http://{host}:8080/x> ")
    assert clean.canonical_url(f"http://{host}/x") == ""


@pytest.mark.parametrize(
    "host",
    ["stat.example", "www.insee.fr", "8.8.8.8", "[2001:4860:4860::8888]", "stat.example.org.uk",
     "xn--bcher-kva.de", "local.gov.uk", "home.kpmg", "intrastat.eu", "international.stat.int", "a.xn--p1ai"],
)  # fmt: skip
def test_public_hosts_do(host: str) -> None:
    assert not clean.private_host(host)
    assert clean.url(f"http://{host}/x") == f"http://{host}/x"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("See http://intranet/course/3, then the test.", "See  then the test."),
        ("Fichiers : \\\\srv-form01\\partage\\git", "Fichiers :"),
        ("Slides (S:\\Formation\\Git) and https://x.org/a", "Slides  and https://x.org/a"),
        ("file:///C:/x.pdf", ""),
        ("Open http://localhost:8888/lab in your browser", None),
        ("http://localhost.stat.local/x", ""),
        ("https://x.org/http://y", None),
        ("km/h and 1:\\2", None),
    ],
)
def test_addresses_of_the_house_are_taken_out_of_texts(given: str, expected: str | None) -> None:
    assert clean.drop_private(given) == ((given, False) if expected is None else (expected, True))


@FEW
@given(AWKWARD)
def test_nothing_makes_the_tests_of_hosts_raise(s: str) -> None:
    clean.private_host(s)
    out, found = clean.drop_private(s)
    assert found or out == s
    assert clean.is_private(s) in (True, False)
