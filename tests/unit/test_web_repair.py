import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.web_repair import Unreadable, read

CASES = {
    "web-jsonld-bom": ('\ufeff{"a": 1}', {"a": 1}, "line 1 column 1"),
    "web-jsonld-wrapper": ('//<![CDATA[\n{"a": 1}\n//]]>', {"a": 1}, "line 1 column 1"),
    "web-jsonld-comment": (
        '{"a": "http://x//y", // no\n "b": /* no */ 2}',
        {"a": "http://x//y", "b": 2},
        "line 1 column 22",
    ),
    "web-jsonld-comma": ('{"a": [1, 2,],\n}', {"a": [1, 2]}, "line 1 column 13"),
    "web-jsonld-semicolon": ('{"a": 1};\n', {"a": 1}, "line 1 column 9"),
    "web-jsonld-control": ('{"a": "one\ntwo"}', {"a": "one\ntwo"}, "line 1 column 11"),
    "web-jsonld-entities": ("{&quot;a&quot;: &quot;x &amp; y&quot;}", {"a": "x & y"}, "line 1 column 2"),
    "web-jsonld-quotes": ("{'a': 'it\\'s \"so\"', b: 2}", {"a": 'it\'s "so"', "b": 2}, "line 1 column 2"),
    "web-jsonld-escape": (r'{"a": "it\'s C:\dir"}', {"a": r"it's C:\dir"}, "line 1 column 7"),
    "web-jsonld-literal": (
        '{"a": undefined, "b": NaN, "c": True}',
        {"a": None, "b": None, "c": True},
        "line 1 column 7",
    ),
    "web-jsonld-several": ('{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}], "line 2 column 1"),
    "web-jsonld-repeated-key": ('{"a": 1, "a": 2}', {"a": [1, 2]}, ""),
}


@pytest.mark.parametrize("code", CASES)
def test_each_fault_is_mended_and_told_with_its_place(code):
    text, value, where = CASES[code]
    found, repairs = read(text)
    assert found == value
    assert [(repair.code, repair.where) for repair in repairs] == [(code, where)]


@pytest.mark.parametrize(
    "text",
    [
        '<!-- {"a": 1} -->',
        '/*<![CDATA[*/{"a": 1}/*]]>*/',
        '<![CDATA[{"a": 1}]]>',
        '<!-- note -->\n{"a": 1}',
        '<!--\n{"a": 1}\n//-->',
    ],
)
def test_wrappers(text):
    found, repairs = read(text)
    assert found == {"a": 1} and [repair.code for repair in repairs] == ["web-jsonld-wrapper"]


def test_several_faults_at_once():
    found, repairs = read("<!--\n{'a': 'l1\nl2', // c\n 'b': [1,],};\n-->")
    assert found == {"a": "l1\nl2", "b": [1]}
    assert {repair.code.removeprefix("web-jsonld-") for repair in repairs} == {
        "wrapper", "quotes", "control", "comment", "comma", "semicolon",
    }  # fmt: skip


def test_what_is_sound_is_left_alone():
    text = '{"a": "<!-- x --> // y; &quot;, ]", "b": "\\n\\u00e9"}'
    assert read(text) == (json.loads(text), [])


def test_lone_surrogates_are_replaced():
    found, repairs = read(r'{"a": "x\ud800", "b": "\ud83d\ude00"}')
    assert found == {"a": "x\ufffd", "b": "\U0001f600"}
    assert [repair.code for repair in repairs] == ["web-jsonld-escape"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": 1', "line 1 column 8"), ('{"a" 1}', "line 1 column 6"), ('{\n"a": foo}', "line 2 column 6"),
        ('{"a": "x" "b": 1}', "line 1 column 11"), ("[" * 100_000, ""), ('{"a": ' + "9" * 5000 + "}", ""), ("  ", ""),
        ("var x = {};", "line 1 column 1"), ("{“a”: 1}", "line 1 column 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_mended_safely_is_refused_with_its_place(text, where):
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.where == where


@pytest.mark.parametrize(
    "text",
    ["/*" * 500_000, "<!--" * 200_000, '{"a":"' + '\\"x' * 300_000, "'" * 500_000, " " * 1_000_000 + "x", "{a" * 200_000,
     '{"a":1}' + "<![CDATA[" * 100_000, "&quot;" * 300_000],
)  # fmt: skip
def test_hostile_blocks_take_no_time(text):
    start = time.process_time()
    with pytest.raises(Unreadable):
        read(text)
    assert time.process_time() - start < 3


@given(st.text(alphabet="{}[]\",:'/*\\;a1 \n<!->", max_size=60))
def test_never_anything_but_a_value_or_unreadable(text):
    try:
        value, _ = read(text)
    except Unreadable:
        return
    json.dumps(value).encode()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)))  # fmt: skip
def test_every_sound_value_comes_back(value):
    assert read(json.dumps({"x": value})) == ({"x": value}, [])
