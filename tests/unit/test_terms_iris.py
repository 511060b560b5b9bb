"""What may be an address in RDF: as strict readers take it, so that none of ours stops a load."""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.crosswalk import clean
from registry.terms import XSD, Iri, Literal, Term, by_subject, from_ntriples, is_iri, mended_iri, text, to_ntriples

PARTS = st.sampled_from(
    ["http:", "https:", "urn:", "oai:", "//", "/", "?", "#", "[", "]", "[::1]", "%", "%20", "%zz", ":", "@", ":80", "a.example",
     "é", "☃", " ", "\ue000", "\ufdd0", "\u202e", "\U0001fffe", "\U000f0000", "<", "{", "|", "\\", "^", "a", "..", "=", "&"]
)  # fmt: skip
ADDRESSES = st.lists(PARTS, min_size=1, max_size=9).map("".join) | st.text(max_size=20)


def strict(address: str) -> bool:
    try:
        list(ox.parse(f"<{address}> <urn:p> <urn:o> .\n".encode(), ox.RdfFormat.N_TRIPLES))
    except (SyntaxError, UnicodeEncodeError):
        return False
    return True


@given(ADDRESSES)
@example("http://a.b:port/")
@example("http://a.example/[x]?y[]=1#[z]")
@example("http://[::1")
@settings(max_examples=1500, deadline=None)
def test_what_passes_is_taken_by_a_strict_reader(address: str) -> None:
    for one in (address, mended_iri(address), clean.url(address) or ""):
        if is_iri(one):
            assert strict(one), one
    found = clean.url(address)
    assert found is None or is_iri(found), "an address that is published is one"
    mended = mended_iri(address)
    assert mended == address or not is_iri(address), "what is one already stays as it is"
    assert mended_iri(mended) == mended


@pytest.mark.parametrize(
    ("address", "mended"),
    [
        ("https://a.example/list?filter[0]=x&y[]=1", "https://a.example/list?filter%5B0%5D=x&y%5B%5D=1"),
        ("https://a.example/100%/a|b", "https://a.example/100%25/a%7Cb"),
        ("https://a.example/x#a#b", "https://a.example/x#a%23b"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("urn:x:[1]", "urn:x:%5B1%5D"),
        ("https://a.example/é", "https://a.example/é"),
    ],
)
def test_addresses_as_sites_write_them(address: str, mended: str) -> None:
    assert mended_iri(address) == mended and is_iri(mended) and strict(mended)
    assert is_iri(address) == (address == mended)


def test_no_address_takes_long() -> None:
    for odd in (
        "a:" + "x" * 200_000 + " ",
        "http://" + "%41" * 60_000 + " ",
        "http://" + "a:" * 60_000 + "@@",
        "//" * 90_000,
    ):
        began = time.process_time()
        is_iri(odd), mended_iri(odd)
        assert time.process_time() - began < 1


WRITTEN = st.text(alphabet=st.sampled_from('a"\\<>@^. \n\té☃') | st.characters(exclude_categories=["Cs"]), max_size=12)
OBJECTS = st.one_of(
    st.just(Iri("http://o.example/")),
    WRITTEN.map(lambda value: text(value, "en")),
    WRITTEN.map(lambda value: Literal(value, XSD + "string", "")),
    WRITTEN.map(lambda value: Literal(value, XSD + "date", "")),
)


@given(st.lists(st.tuples(st.sampled_from(["http://a.example/", "http://b.example/"]), OBJECTS), max_size=6))
def test_a_graph_by_subject_is_what_its_lines_say(pairs: list[tuple[str, Term]]) -> None:
    data = to_ntriples((Iri(subject), Iri("http://p.example/"), value) for subject, value in pairs)
    grouped: dict[str, list[Term]] = {}
    for subject, _, value in from_ntriples(data):
        grouped.setdefault(subject, []).append(value)
    found = by_subject(data)
    assert {subject: values["http://p.example/"] for subject, values in found.items()} == grouped
    for values in found.values():
        assert all(type(value) in (Iri, Literal) for value in values["http://p.example/"])


@pytest.mark.parametrize("row", ["", "x", "<a> <b> c .", '<a> <b> "c"', "<a> <b> .", "_:a <b> <c> ."])
def test_another_line_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="N-Triples"):
        by_subject(f"<http://a> <http://b> <http://c> .\n{row or ' '}\n")
