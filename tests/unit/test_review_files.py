"""Batches as workbooks and decisions as SSSOM/TSV: out, back, and what hostile files get."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.ledger.reviews import Batch, Given
from registry.messages import LANGUAGES
from registry.model import Decision
from registry.relations import load as load_relations
from registry.review import sssom, sssom_read, workbook_read
from registry.review.shown import Shown, Side, number
from registry.review.texts import say
from registry.review.workbook import workbook

BASE = "http://localhost:8000"
NOW = "2026-11-30T00:00:00Z"
PREDICATES = {name: kind.predicate for name, kind in load_relations().items()}
EVIL = '=HYPERLINK("http://evil.example","x")'


def res(name: str) -> str:
    return f"{BASE}/id/resource/{name}"


# Workbooks.


def pair(position: int, part: int = 0, relation: str = "copy", source: str = "") -> Given:
    left, right = res(f"a/{position}-{part}"), res(f"b/{position}-{part}")
    return Given(
        position, part, left, right, relation, {"left": left, "": ""}[source], "queue", "cross-2", False, "b7"
    )  # type: ignore[arg-type]


PAIRS = (
    pair(1), pair(2, relation="translation", source="left"), pair(3, 1, "version"), pair(3, 2, "version"),
    pair(3, 3, "version"), pair(4),
)  # fmt: skip
BATCH = Batch("b7", "A. Reader", NOW, 12, PAIRS)


def shown_all(title: str = "Title") -> list[Shown]:
    side = Side(title, "-academy", "en", "+http://x.example", "@text", "f/k")
    return [Shown(number(one), one, (side, side), "=proposed", ("-evidence",)) for one in PAIRS]


def filled(cells: dict[str, str], language: str = "en") -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook(BATCH, shown_all(), language)))
    sheet = book[say("sheet-pairs", language)]
    for place, value in cells.items():
        sheet[place] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(body: bytes) -> workbook_read.Read:
    sheets = workbook_read.rows(body)
    assert workbook_read.batch_id(sheets) == "b7"
    return workbook_read.read(sheets, BATCH)


def test_no_text_of_a_list_becomes_a_formula() -> None:
    body = workbook(BATCH, shown_all(EVIL), "en")
    book = openpyxl.load_workbook(io.BytesIO(body))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    risky = [cell for cell in cells if str(cell.value)[:1] in "=+-@"]
    assert len(risky) == 6 * (2 * 4 + 2) and all(cell.quotePrefix for cell in risky)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(re.search(rb"<f[ >]", sheet) for sheet in sheets)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_batch_comes_back_in_each_language(language: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(BATCH, shown_all(), language)))
    helping, sheet = book.worksheets[0], book.worksheets[1]
    told = " ".join(str(cell.value) for row in helping.iter_rows() for cell in row if cell.value)
    assert "A. Reader" in told and say("means-translation", language) in told
    assert len(sheet.data_validations.dataValidation) == 3
    found = read(filled({
        "B2": say("answer-same", language), "B3": say("answer-translation", language),
        "C3": say("direction-1", language), "E3": "a note", "B7": say("answer-unsure", language),
    }, language))  # fmt: skip
    assert [(one.given.position, one.answer, one.source, one.note) for one in found.filled] == [
        (1, "same", "", ""), (2, "translation", res("b/2-0"), "a note"), (4, "unsure", "", ""),
    ]  # fmt: skip
    assert not found.errors and found.empty == 3


def test_the_answer_of_a_family_is_for_all_but_what_is_struck_out_or_answered_apart() -> None:
    found = read(filled({"B4": "same", "D5": "x", "B6": "not-related"}))
    assert [(number(one.given), one.answer) for one in found.filled] == [("3a", "same"), ("3c", "not-related")]
    found = read(filled({"B4": "other edition", "C4": "2 comes from 1", "D6": "X"}))
    assert [(number(one.given), one.source) for one in found.filled] == [("3a", res("a/3-1")), ("3b", res("a/3-2"))]


def test_what_is_wrong_is_told_by_cell() -> None:
    found = read(filled({
        "B2": "perhaps", "D3": "x", "B4": "other edition", "B7": "adapted from", "C7": "sideways", "A6": "9z",
    }))  # fmt: skip
    assert {(one.cell, one.key) for one in found.errors} == {
        ("B2", "cell-answer"), ("D3", "cell-except"), ("C4", "cell-direction-missing"), ("C7", "cell-direction"),
        ("A6", "cell-number"),
    }  # fmt: skip
    assert not found.filled
    assert "perhaps" in next(one.said("fr") for one in found.errors if one.cell == "B2")
    again = read(filled({"A3": "1", "B2": "same", "B3": "same", "E7": "x" * 3000, "B7": "same"}))
    assert {(one.cell, one.key) for one in again.errors} == {("A3", "cell-twice"), ("E7", "cell-note")}


def test_the_direction_that_the_registry_proposed_need_not_be_said_again() -> None:
    (one,) = read(filled({"B3": "traduction"})).filled
    assert one.source == res("a/2-0")


def far_cell() -> bytes:
    body, out = filled({}), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet2.xml":
                content = content.replace(
                    b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                )
            new.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (workbook_read.MAX_UNPACKED + 1))
    return out.getvalue()


def other_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    return out.getvalue()


def without_batch() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"PK no archive", "file-unreadable"), (b"", "file-unreadable"), (other_zip(), "file-unreadable"),
        (b"PK" + b"x" * workbook_read.MAX_BYTES, "file-too-large"), (bomb(), "file-too-large"),
        (far_cell(), "file-too-large"), (without_batch(), "file-no-batch"), (filled({})[:3000], "file-unreadable"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_words(body: bytes, key: str) -> None:
    with pytest.raises(workbook_read.BadWorkbook) as told:
        read(body)
    assert told.value.key == key and len(str(told.value)) < 400


# SSSOM.

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=30)
NAME = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=20).filter(
    str.strip
)
TIME = st.integers(0, 10**7).map(lambda n: f"2026-0{1 + n % 9}-1{n % 10}T0{n % 10}:{n % 60:02}:{n // 7 % 60:02}Z")
DIGEST = st.sampled_from(["", "0" * 64, "ab" * 32])
KEY = st.sampled_from(["f/k1", "f/k2", "g-h/oai:x.example:1", "g/ünïcode", "g/a~b.c"])


@st.composite
def rows(draw: st.DrawFn) -> sssom.Row:
    left, right = sorted({res(draw(KEY)), res("z/last")})
    verdict = draw(st.sampled_from(["confirm", "retype", "reject", "unsure"]))
    relations = sorted(set(PREDICATES) - {"different"})
    relation = "different" if verdict == "reject" else draw(st.sampled_from(relations))
    publisher = draw(st.booleans())
    undone = draw(st.sampled_from(["", "2026-11-01T00:00:00Z"]))
    decision = Decision(
        left, right, verdict, relation,  # type: ignore[arg-type]
        draw(NAME | st.just("https://orcid.org/0000-0002-1825-0097")), draw(TIME), draw(TEXT),
        "" if verdict == "reject" else draw(st.sampled_from(["", left, right])),
        "publisher" if publisher else "reviewer", "insee" if publisher else "", draw(DIGEST), draw(DIGEST),
        draw(st.sampled_from(["", "b12"])), undone,
    )  # fmt: skip
    return sssom.Row(decision, "R" if undone else "", draw(TEXT) if undone else "", "", draw(TEXT), draw(TEXT))


def written(some: list[sssom.Row]) -> str:
    return sssom.write(some, base=BASE, predicates=PREDICATES, title="T: #1", set_id=f"{BASE}/set")


def told(body: str | bytes) -> sssom_read.Told:
    raw = body.encode() if isinstance(body, str) else body
    return sssom_read.read(raw, predicates={n: str(p) for n, p in PREDICATES.items()}, now=NOW)


def key(row: sssom.Row) -> str:
    return repr(row)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(rows(), max_size=6, unique_by=lambda row: (row.decision.left, row.decision.reviewer, row.decision.time))
)
def test_what_is_written_is_read_back_exactly(some: list[sssom.Row]) -> None:
    found = told(written(some))
    assert not found.errors
    assert sorted((one.row for one in found.found), key=key) == sorted(some, key=key)


@settings(max_examples=100, deadline=None)
@given(st.lists(rows(), min_size=1, max_size=5))
def test_the_file_is_what_the_specification_says(some: list[sssom.Row]) -> None:
    """Read by nothing of ours: metadata as YAML, CURIEs that expand, slots that exist or are defined."""
    body = written(some)
    lines = body.split("\n")
    head = [line for line in lines if line.startswith("#")]
    assert lines[: len(head)] == head, "the metadata come first"
    data = yaml.safe_load("\n".join(line[1:] for line in head))
    assert data["mapping_set_id"] and data["license"].startswith("https://") and data["mapping_set_title"] == "T: #1"
    assert data["sssom_version"] == "1.1"
    table = list(csv.reader(io.StringIO("\n".join(lines[len(head) :])), delimiter="\t", strict=True))
    columns, values = table[0], table[1:]
    assert len(values) == len(some) and all(len(row) == len(columns) for row in values)
    defined = {one["slot_name"]: one for one in data.get("extension_definitions", [])}
    assert set(columns) - set(sssom.STANDARD) == set(defined), "each extension is defined, and none that is not used"
    assert sorted(one["property"] for one in defined.values()) == [one["property"] for one in defined.values()]
    known = {**sssom_read.BUILT_IN, **data.get("curie_map", {})}
    for row in values:
        for slot in ("subject_id", "predicate_id", "object_id", "mapping_justification"):
            prefix, colon, _ = dict(zip(columns, row, strict=True))[slot].partition(":")
            assert colon and prefix in known
    assert all(any(row[at] for row in values) for at in range(len(columns))), "no column is empty"
    assert [name for name in columns if name in sssom.STANDARD] == [n for n in sssom.STANDARD if n in columns]


DECIDED = Decision(res("a/1"), res("b/1"), "confirm", "copy", "R", "2026-01-01T00:00:00Z")


def test_a_rejection_is_not_and_who_cannot_tell_or_took_it_back_has_no_confidence() -> None:
    some = [
        replace(DECIDED, verdict="reject", relation="different"), replace(DECIDED, verdict="unsure", reviewer="S"),
        replace(DECIDED, undone="2026-02-01T00:00:00Z", reviewer="T"), replace(DECIDED, reviewer="U"),
        replace(DECIDED, verdict="confirm", relation="derivative", source=res("a/1"), reviewer="V"),
    ]  # fmt: skip
    body = written([sssom.Row(one) for one in some])
    table = csv.DictReader(io.StringIO(body[body.index("\nsubject_id") + 1 :]), delimiter="\t")
    by_person = {row["reviewer_label"]: row for row in table}
    assert by_person["R"]["predicate_modifier"] == "Not" and by_person["R"]["predicate_id"] == "schema:sameAs"
    assert [by_person[name]["confidence"] for name in "RSTUV"] == ["1", "0", "0", "1", "1"]
    assert by_person["V"]["subject_id"] == "res:b/1", "the subject comes from the object"


FOREIGN = """#curie_map:
#  x: http://localhost:8000/id/resource/
#mapping_set_id: https://other.example/set
#license: https://creativecommons.org/publicdomain/zero/1.0/
#mapping_date: 2026-05-01
subject_id\tpredicate_id\tobject_id\tmapping_justification\tauthor_label\tpredicate_modifier
x:a/1\tskos:exactMatch\tx:b/1\tsemapv:ManualMappingCuration\tR\t
x:b/2\tskos:exactMatch\tx:a/2\tsemapv:ManualMappingCuration\tR\tNot
x:a/3\tskos:broadMatch\tx:b/3\tsemapv:ManualMappingCuration\tR\t
x:a/4\tskos:exactMatch\tx:b/4\tsemapv:LexicalMatching\tR\t
y:a/5\tskos:exactMatch\tx:b/5\tsemapv:ManualMappingCuration\tR\t
x:a/6\tskos:relatedMatch\tx:b/6\tsemapv:ManualMappingCuration\tR\tNot
x:a/7\tskos:exactMatch\tx:a/7\tsemapv:ManualMappingCuration\tR\t
x:a/8\tskos:exactMatch\tx:b/8\tsemapv:ManualMappingCuration\tR|S\t
"""


def test_another_registry_s_file_is_taken_row_by_row() -> None:
    found = told(FOREIGN)
    assert [(one.line, one.row.decision.verdict, one.row.decision.time) for one in found.found] == [
        (7, "confirm", "2026-05-01T00:00:00Z"), (8, "reject", "2026-05-01T00:00:00Z"),
    ]  # fmt: skip
    assert found.found[1].row.decision.left == res("a/2"), "the pair is put in order"
    assert [(one.line, one.slot) for one in found.errors] == [
        (9, "predicate_id"), (10, "mapping_justification"), (11, "subject_id"), (12, "predicate_modifier"),
        (13, "object_id"), (14, "reviewer_label"),
    ]  # fmt: skip
    assert "broadMatch" in found.errors[0].message


def test_contradictions_are_told_and_of_one_person_at_one_time_refused() -> None:
    other = replace(DECIDED, verdict="reject", relation="different")
    found = told(written([sssom.Row(DECIDED), sssom.Row(other)]))
    assert not found.found and len(found.errors) == 2 and "same person" in found.errors[0].message
    later = replace(other, time="2026-01-02T00:00:00Z")
    found = told(written([sssom.Row(DECIDED), sssom.Row(later)]))
    assert len(found.found) == 2 and not found.errors and "newest counts" in found.remarks[0].message
    back = replace(other, undone="2026-02-01T00:00:00Z")
    found = told(written([sssom.Row(DECIDED), sssom.Row(back)]))
    assert len(found.found) == 2 and not found.remarks, "what was taken back contradicts nothing"


def test_nothing_from_the_future_is_taken() -> None:
    """A decision dated later than now would win over every later one for ever."""
    for one in (replace(DECIDED, time="2027-01-01T00:00:00Z"), replace(DECIDED, undone="2027-01-01T00:00:00Z")):
        found = told(written([sssom.Row(one)]))
        assert not found.found and "not come yet" in found.errors[0].message


def test_extensions_count_only_where_they_are_defined_as_ours() -> None:
    body = written([sssom.Row(replace(DECIDED, verdict="unsure"))])
    assert told(body).found[0].row.decision.verdict == "unsure"
    undefined = re.sub(r"#  - slot_name: ext_verdict\n#    property: .*\n", "", body)
    assert told(undefined).found[0].row.decision.verdict == "confirm"


HEAD = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe", b"", b"#curie_map: {}\n", b"hello\tworld\n", ("#a: &x 1\n#b: *x\n" + HEAD).encode(),
        ("#a: !!python/object/apply:os.system [x]\n" + HEAD).encode(), ("#" + "[" * 5000 + "\n" + HEAD).encode(),
        ("#a: " + "x" * 300_000 + "\n" + HEAD).encode(), ("#curie_map: [1]\n" + HEAD).encode(),
        ("#curie_map:\n#  skos: https://evil.example/\n" + HEAD).encode(), (HEAD + '"open\tquote\n').encode(),
        ("#sssom_version: 9.9\n" + HEAD).encode(), (HEAD + "x" * 200_000).encode(), b"x" * (20 * 2**20 + 1),
        (HEAD + "a\tb\tc\td\n" * 1001).encode(), HEAD.replace("object_id", "subject_id").encode(),
    ],
)  # fmt: skip
def test_files_that_are_no_sssom_are_refused_in_words(body: bytes) -> None:
    with pytest.raises(sssom_read.BadFile) as refused:
        told(body)
    assert 10 < len(str(refused.value)) < 500


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 100))
def test_a_damaged_file_is_told_and_nothing_else_happens(junk: bytes, at: int, cut: int) -> None:
    body = FOREIGN.encode()
    at = min(at, len(body))
    try:
        found = told(body[:at] + junk + body[at + cut :])
    except sssom_read.BadFile:
        return
    assert len(found.found) <= 10
