"""Sorting by numbers finds what sorting by whole keys finds, however many keys begin alike."""

from __future__ import annotations

import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.search import order
from registry.search.order import LEVELS, Order, field, numbers

KEYS = st.lists(st.sampled_from("a ab é 統 \x1f".split(" ")), max_size=20).map("".join)


def made(keys: list[bytes], *, numbered: bool = True) -> tantivy.Index:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("by_title", fast=True, tokenizer_name="raw", index_option="basic")
    for level in range(LEVELS if numbered else 0):
        builder.add_integer_field(field("title", level), indexed=False, fast=True)
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    index = tantivy.Index(builder.build())
    for some in (keys[::2], keys[1::2]):  # several parts
        writer = index.writer(15_000_000, 1)
        for key in some:
            entry = tantivy.Document(kind="x", by_title=key.hex(), key=key.hex())
            for level, number in enumerate(numbers(key) if numbered else ()):
                entry.add_integer(field("title", level), number)
            writer.add_document(entry)
        writer.commit()
        writer.wait_merging_threads()
    index.reload()
    return index


@given(one=KEYS, two=KEYS)
def test_numbers_keep_the_order_of_the_keys(one: str, two: str) -> None:
    left, right = sorted((one.encode(), two.encode()))
    assert list(numbers(left)) <= list(numbers(right))
    assert all(0 <= number < 1 << 56 for number in numbers(left))


@settings(max_examples=40, deadline=None)
@given(
    keys=st.lists(st.tuples(st.sampled_from(["", "a" * 7, "a" * 20, "a" * 40]), KEYS), min_size=1, max_size=25),
    wanted=st.integers(1, 12), worth=st.sampled_from([0, 1, 1000]), beyond=st.sampled_from([1, 3, 50]), falling=st.booleans(), numbered=st.sampled_from([True, True, False]),
)  # fmt: skip
def test_the_first_entries_are_those_of_whole_keys(
    keys: list[tuple[str, str]], wanted: int, worth: int, beyond: int, falling: bool, numbered: bool
) -> None:
    unique = [f"{start}{rest}\x1f{place}".encode() for place, (start, rest) in enumerate(keys)]
    index = made(unique, numbered=numbered)
    searcher = index.searcher()
    every, wholly = tantivy.Query.term_query(index.schema, "kind", "x"), sorted(unique, reverse=falling)

    def keys_at(addresses: list[object]) -> list[bytes]:
        found = [bytes.fromhex(str(searcher.doc(one)["key"][0])) for one in addresses]  # type: ignore[arg-type]
        return sorted(found, reverse=falling)

    with pytest.MonkeyPatch.context() as other:
        other.setattr(order, "WORTH", worth)
        other.setattr(order, "BEYOND", beyond)
        sorting = Order(
            index, searcher, "title", falling=falling, key=lambda one: bytes.fromhex(str(searcher.doc(one)["key"][0]))
        )
        addresses, total = sorting.first(every, wanted)
        assert total == len(unique) and keys_at(addresses) == wholly[:wanted]
        # What comes after any of them, whether it is still there or not.
        for start in (*wholly[:wanted], wholly[-1] + b"x", wholly[0][:3]):
            later = [key for key in wholly if (key < start if falling else key > start)]
            assert keys_at(sorting.after(every, wanted, start.hex())) == later[:wanted]
