"""JSON from strangers: bounds, encodings, faults that are told, and the one form that digests are taken of."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.json_safe import MAX_DEPTH, BadJson, Read, at, canonical, lines, parse, pointer, unpacked, word


def codes(read: Read) -> list[str]:
    return [issue.code for issue in read.issues]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_encodings_are_known_by_their_bytes(codec: str) -> None:
    read = parse('{"name": "Índices de précios 🙂"}'.encode(codec))
    assert read.value == {"name": "Índices de précios 🙂"} and not read.issues


def test_another_encoding_is_read_and_told() -> None:
    assert parse('{"name": "café"}'.encode("latin-1")).value == {"name": "café"}
    assert codes(parse('{"name": "café"}'.encode("latin-1"))) == ["jsontext-encoding"]
    greek = parse('{"name": "Στατιστική"}'.encode("iso-8859-7"), "application/json; charset=ISO-8859-7")
    assert greek.value == {"name": "Στατιστική"}
    assert parse('{"a": "é"}'.encode("latin-1"), "application/json; charset=nonsense").value == {"a": "é"}


def test_smaller_faults_are_mended_and_told() -> None:
    read = parse(b'{"a": 1, "a": 2, "n": NaN, "i": -Infinity, "h": 1e999, "big": ' + b"9" * 5000 + b"}")
    assert read.value["a"] == 2 and read.value["n"] is None and read.value["i"] is None and read.value["h"] is None
    assert read.value["big"] == "9" * 1000
    assert codes(read) == ["jsontext-number", "jsontext-key-twice"]
    assert parse(b'{"a": "one\ntwo"}').value == {"a": "one\ntwo"}
    lone = parse(b'{"a\\ud800": "x \\udc00 y", "b": "\\ud83d\\ude42"}')
    assert lone.value == {"a\ufffd": "x \ufffd y", "b": "🙂"} and codes(lone) == ["jsontext-escape"]
    assert parse(b")]}',\n[1]").value == [1]


def test_what_is_no_json_says_what_it_is() -> None:
    for body, code in (
        (b"", "jsontext-empty"), (b" \n", "jsontext-empty"), (b"\xef\xbb\xbf", "jsontext-empty"),
        (b"<!DOCTYPE html><html>", "jsontext-no-json"), (b" <?xml version='1.0'?>", "jsontext-no-json"),
        (b'{"a": 1,}', "jsontext-broken"), (b'{"a": 1', "jsontext-broken"), (b"[1] [2]", "jsontext-broken"),
        (b"\x1f\x8bnothing", "jsontext-packed"), (gzip.compress(b"[1]" * 99)[:-9], "jsontext-packed"),
        (b"[" * 5000 + b"]" * 5000, "jsontext-deep"), (b"[" * 100_000, "jsontext-deep"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "jsontext-deep"),
    ):  # fmt: skip
        with pytest.raises(BadJson) as error:
            parse(body, place="https://feed.example/x")
        assert error.value.issue.code == code and error.value.issue.place == "https://feed.example/x", body[:20]


def test_the_depth_that_is_allowed_can_be_written_again() -> None:
    whole = parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).value
    assert parse(canonical(whole)).value == whole
    with pytest.raises(BadJson):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_gzip_is_unpacked_within_bounds() -> None:
    assert parse(gzip.compress(b"[1,") + gzip.compress(b"2]")).value == [1, 2]
    with pytest.raises(BadJson) as error:
        unpacked(gzip.compress(b"0" * 10_000), limit=1000)
    assert error.value.issue.code == "jsontext-too-large"


def test_one_value_a_line() -> None:
    body = b'\xef\xbb\xbf{"id": 1}\r\n\n\x1e{"id": 2}\n{"id": \n[3]'
    found = list(lines(body, place="f"))
    assert [number for number, _ in found] == [1, 3, 4, 5]
    assert [one.value for _, one in found if isinstance(one, Read)] == [{"id": 1}, {"id": 2}, [3]]
    broken = found[2][1]
    assert isinstance(broken, BadJson) and broken.issue.place == "f#line=4"


def test_the_form_of_payloads_does_not_hang_on_order_or_spaces() -> None:
    assert (
        canonical({"b": [1, 1.5], "a": "é"}) == canonical({"a": "é", "b": [1, 1.5]}) == b'{"a":"\xc3\xa9","b":[1,1.5]}'
    )


def test_helpers_are_calm() -> None:
    tree = {"hits": {"hits": [{"_id": 7}]}}
    assert at(tree, "hits", "hits", 0, "_id") == 7 and at(tree, "hits", 0) is None and at(None, "a") is None
    assert at(tree, "hits", "hits", 9) is None
    assert pointer("a/b", 0, "c~d") == "/a~1b/0/c~0d" and pointer() == ""
    assert [word(one) for one in (" a ", 7, True, None, 1.5, [1])] == ["a", "7", "", "", "", ""]


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda s: s.encode("utf-8", "surrogatepass"))))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = parse(body).value
    except BadJson as error:
        assert error.issue.code.startswith("jsontext-")
        return
    assert parse(canonical(value)).value == value


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(_VALUES)
def test_what_json_writes_comes_back(value: object) -> None:
    read = parse(json.dumps(value).encode())
    assert canonical(read.value) == canonical(parse(canonical(read.value)).value)
