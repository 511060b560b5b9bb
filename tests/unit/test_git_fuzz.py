"""Bounded fuzz of everything that reads bytes of strangers: no exception but the named ones, nothing without bounds."""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harvesters import git_hosts, git_lessons, git_objects, git_pack, git_texts
from harvesters.git_fetch import NoGit, Remote
from registry.crosswalk import git_licence, git_markdown
from registry.model import RawRecord
from registry.net import Fetched
from registry.terms import to_ntriples
from tests.support.git_site import mapped

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = ["title", "name", "authors", "license", "episodes", "nav", "book", "chapters", "references", "isBasedOn", "url",
         "front", "text", "path", "parent", "html_url", "keywords", "lang", "created", "x"]  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30), st.sampled_from(
    ["https://a.example/x", "10.5555/x", "# A\n\nbased on [b](https://c.example)", "CC-BY-4.0", "2024-01-01", "`r x`", "http://["],
))  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def pack(*entries: tuple[int, bytes, bytes]) -> bytes:
    """A pack of (kind, base or b"", data)."""
    out = bytearray(b"PACK" + (2).to_bytes(4) + len(entries).to_bytes(4))
    for kind, base, data in entries:
        size = len(data)
        byte, size = (kind << 4) | (size & 15), size >> 4
        while size:
            out.append(byte | 0x80)
            byte, size = size & 0x7F, size >> 7
        out.append(byte)
        out += base + zlib.compress(data)
    return bytes(out + hashlib.sha1(out).digest())


def copies(base: int, times: int) -> bytes:
    """A delta that copies its base many times."""

    def number(value: int) -> bytes:
        out = bytearray()
        while value > 0x7F:
            out.append((value & 0x7F) | 0x80)
            value >>= 7
        return bytes([*out, value])

    return number(base) + number(base * times) + (b"\xb0" + base.to_bytes(2, "little")) * times


@FEW
@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_packs(noise: bytes, at: int, byte: int) -> None:
    text = b"tree 1\n" * 20
    name = hashlib.sha1(b"blob %d\x00" % len(text) + text).digest()
    good = bytearray(pack((3, b"", text), (7, name, copies(len(text), 2)), (1, b"", b"tree x\n")))
    assert len(git_pack.read(bytes(good)).by_name) == 3
    good[at % len(good)] = byte
    for data in (bytes(good), bytes(good[: at % len(good)]), noise, b"PACK\x00\x00\x00\x02" + noise):
        try:
            git_pack.read(data)
        except git_pack.BadPack:
            continue


def test_bombs_are_refused_soon() -> None:
    started = time.process_time()
    text = b"a" * 60_000
    name = hashlib.sha1(b"blob %d\x00" % len(text) + text).digest()
    found = git_pack.read(pack((3, b"", text), (7, name, copies(60_000, 5000))))
    assert found.skipped == 1  # would be 300 MB
    lying = bytearray(copies(60_000, 5000))
    lying[3:6] = b"\x80\x80\x01"  # declares little, copies much
    with pytest.raises(git_pack.BadPack):
        git_pack.apply_delta(text, bytes(lying))
    assert git_pack.read(pack((3, b"", b"0" * 9_000_000))).skipped == 1
    many = pack(*[(3, b"", bytes([n]) * 4_000_000) for n in range(80)])
    with pytest.raises(git_pack.BadPack):
        git_pack.read(many)
    assert time.process_time() - started < 6


@FEW
@given(st.binary(max_size=300))
def test_objects(data: bytes) -> None:
    git_objects.commit(data)
    list(git_objects.entries(data))
    git_objects.listing("a", lambda name: data)
    git_objects.roots("a", lambda name: data if name == "a" else None)


def test_a_tree_that_holds_itself_ends() -> None:
    own = b"40000 a\x00" + b"\x01" * 20 + b"40000 b\x00" + b"\x01" * 20
    files, whole = git_objects.listing("01" * 20, lambda name: own)
    assert files == {} and not whole


@FEW
@given(st.text(max_size=300))
def test_yaml_and_front_matter(source: str) -> None:
    for text in (source, f"---\n{source}\n---\nx", "a: &a [*a]\n" + source):
        try:
            git_texts.from_yaml(text)
            git_texts.front(text)
            git_texts.notebook(text)
        except git_texts.Unread:
            continue


@pytest.mark.parametrize(
    "source",
    ["[" * 5000, "- " * 5000 + "x", "{a: " * 2000, "? " * 3000, "\n".join(" " * n + "a:" for n in range(400)),
     "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p}]\n"
                                             for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
     "!!python/object/apply:os.system [echo]", "a: &a {<<: *a}"],
)  # fmt: skip
def test_hostile_yaml_ends_soon(source: str) -> None:
    started = time.process_time()
    try:
        value = git_texts.from_yaml(source)
        assert len(json.dumps(value)) < 1_000_000
    except git_texts.Unread:
        pass
    assert time.process_time() - started < 1


@FEW
@given(st.dictionaries(st.sampled_from(["documents", "texts", "host", "chapters", "chapter", "languages", "tags", "kind",
                                        "first_commits", "date"]), VALUES), VALUES)  # fmt: skip
@example({"chapters": 1}, None)
def test_the_crosswalk(data: dict[str, Any], inner: Any) -> None:
    names = (
        "CITATION.cff",
        "config.yaml",
        "metadata.yml",
        "_quarto.yml",
        ".zenodo.json",
        "codemeta.json",
        "mkdocs.yml",
    )
    documents = dict.fromkeys(names, inner) if not isinstance(data.get("documents"), dict) else data["documents"]
    texts = {"README.md": inner, "index.md": {"front": inner, "text": "x"}, "LICENSE": {"text": inner}}
    whole = {**data, "repository": {"name": "a-b", "address": "https://github.com/a/b"}, "documents": documents,
             "texts": data.get("texts", texts)}  # fmt: skip
    payload = json.dumps(whole, ensure_ascii=True).encode()
    result = mapped(RawRecord("k#x", payload, "application/json", "git", "https://github.com/a/b"))
    to_ntriples(triple[:3] for triple in result.triples)


@FEW
@given(st.text(max_size=400))
def test_markdown_and_licences(source: str) -> None:
    for text in (source, f"# {source}\n\n[a]({source})", f"<h1>{source}</h1>"):
        git_markdown.read(text)
        git_markdown.read(text, restructured=True)
        git_markdown.plain(text)
        git_licence.of_text(text)


@pytest.mark.parametrize(
    "unit",
    ["[", "![", "*a_", "<!--", "`", "> ", "- ", "[a](", "{{<", "# ", "a@b.", "<h1>", "(((", "|", "\\", "::: ", "  * "],
)
def test_hostile_markdown_ends_soon(unit: str) -> None:
    started = time.process_time()
    source = (unit * 20_000)[:20_000]
    git_markdown.read(source)
    git_markdown.plain(source)
    git_licence.of_text(source[:6000])
    assert time.process_time() - started < 2


@FEW
@given(VALUES)
def test_descriptions_of_hosts(item: Any) -> None:
    git_hosts.is_repository(item)
    if isinstance(item, dict):
        git_hosts.facts(item)
        git_hosts.addresses(item)
        git_hosts.is_hidden(item)
        git_hosts.pushed(item)


@FEW
@given(st.text(max_size=60))
def test_addresses(text: str) -> None:
    place = git_hosts.place_of("https://github.com/" + text.replace("\\", "").replace("[", "").replace("]", ""))
    assert place.what in ("repository", "list", "either", "api")


@FEW
@given(st.lists(st.binary(max_size=120), min_size=3, max_size=3), st.booleans())
def test_answers_that_are_no_git(bodies: list[bytes], smart: bool) -> None:
    head = b"001e# service=git-upload-pack\n0000" if smart else b"000eversion 2\n"

    class Http:
        def get(self, url: str, **_: object) -> Fetched:
            return Fetched(200, url, {"content-type": "application/x-git-upload-pack-advertisement"}, head + bodies[0])

        def post(self, url: str, body: bytes, **_: object) -> Fetched:
            return Fetched(200, url, {"content-type": "application/x-git-upload-pack-result"}, bodies[1] + bodies[2])

    remote = Remote("https://git.example/a.git", Http())  # type: ignore[arg-type]
    try:
        remote.snapshot(remote.refs(), git_lessons.wanted)
    except NoGit as error:
        assert error.issue.code.startswith("git-")
