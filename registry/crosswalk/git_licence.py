"""Which licence a LICENSE file is, by its own words; None unless they leave no doubt.

Sources: SPDX licence list (titles and opening words of the texts), SPDX-License-Identifier (SPDX 2.3, annex E),
Creative Commons legal code titles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from registry.crosswalk.clean import fold
from registry.crosswalk.licences import creative_commons

_TAG = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]{1,60})")
_ADDRESS = re.compile(r"https?://(?:www\.)?creativecommons\.org/[^\s<>\"')\]]{1,200}")
# (SPDX id, words that stand near the beginning, words that stand somewhere)
_TITLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Apache-2.0", "apache license version 2 0 january 2004", ()),
    ("AGPL-3.0-only", "gnu affero general public license version 3 19 november 2007", ()),
    ("LGPL-3.0-only", "gnu lesser general public license version 3 29 june 2007", ()),
    ("LGPL-2.1-only", "gnu lesser general public license version 2 1 february 1999", ()),
    ("GPL-3.0-only", "gnu general public license version 3 29 june 2007", ()),
    ("GPL-2.0-only", "gnu general public license version 2 june 1991", ()),
    ("MPL-2.0", "mozilla public license version 2 0", ("definitions",)),
    ("EUPL-1.2", "european union public licence v 1 2", ()),
    ("EPL-2.0", "eclipse public license v 2 0", ()),
    ("Artistic-2.0", "the artistic license 2 0", ()),
    ("CC0-1.0", "cc0 1 0 universal", ()),
    ("Unlicense", "this is free and unencumbered software released into the public domain", ()),
    ("OGL-UK-3.0", "open government licence v3 0", ()),
    ("OGL-UK-3.0", "open government licence for public sector information v3 0", ()),
    ("etalab-2.0", "licence ouverte open licence version 2 0", ()),
    ("ODbL-1.0", "odc open database license odbl", ("version 1 0",)),
    ("ODbL-1.0", "open database license odbl v1 0", ()),
    ("GFDL-1.3-only", "gnu free documentation license version 1 3", ()),
)  # fmt: skip
_MIT = (
    "permission is hereby granted free of charge to any person obtaining a copy of this software and associated "
    "documentation files the software to deal in the software without restriction",
    "the above copyright notice and this permission notice shall be included in all copies or substantial portions",
)
_BSD = "redistribution and use in source and binary forms with or without modification are permitted provided that"
_CC = re.compile(
    r"\battribution(?: noncommercial| non commercial)?(?: sharealike| share alike| noderivatives| noderivs)? "
    r"([1-4]) (\d) (?:international|unported|generic|igo|france)\b"
)
_BEGINNING = 600


def of_text(text: str) -> set[str]:
    """The SPDX ids that the words of one file prove; several where it holds several licences."""
    tags = set(_TAG.findall(text))
    if tags:
        return tags
    words = " ".join(fold(text[at : at + 300]) for at in _cuts(text))
    start, found = words[:_BEGINNING], set[str]()
    if all(part in words for part in _MIT) and "no advertising" not in words:
        found.add("MIT")
    for name, opening, more in _TITLES:
        if opening in start and all(part in words for part in more):
            found.add(name)
            break
    if _BSD in words:
        if "neither the name" in words:
            found.add("BSD-3-Clause")
        elif "advertising materials" not in words and "endorse or promote" not in words:
            found.add("BSD-2-Clause")
    title = _CC.search(start)
    if title is not None:
        named = creative_commons(
            f"Creative Commons {title[0]}".replace(f"{title[1]} {title[2]}", f"{title[1]}.{title[2]}")
        )
        found |= {named} if named else set()
    elif "CC0-1.0" not in found:
        deeds = {creative_commons(address.rstrip(".,;")) for address in _ADDRESS.findall(text)}
        if len(deeds) == 1 and None not in deeds:
            found |= {deed for deed in deeds if deed}
    return found


def _cuts(text: str) -> list[int]:
    """Where to cut a text into pieces of at most 300 characters, at blanks."""
    cuts, at = [], 0
    while at < len(text):
        cuts.append(at)
        if at + 300 >= len(text):
            break
        blank = max(text.rfind(" ", at + 1, at + 300), text.rfind("\n", at + 1, at + 300))
        at = blank if blank > at else at + 300
    return cuts


def of_files(files: Mapping[str, str], lesson: bool) -> tuple[list[tuple[str, str]], bool]:
    """[(SPDX id, file)] that the files prove, and whether they name several licences without saying which.

    In a lesson whose text is under a Creative Commons licence, other licences are those of its programs.
    """
    found: dict[str, str] = {}
    for path, text in sorted(files.items()):
        for name in sorted(of_text(text)):
            found.setdefault(name, path)
    texts = {name: path for name, path in found.items() if name.startswith(("CC-", "OGL", "etalab", "GFDL"))}
    if len(found) > 1 and len(texts) == 1 and (lesson or any("content" in fold(t) for t in files.values())):
        return list(texts.items()), False
    return (list(found.items()), False) if len(found) == 1 else ([], len(found) > 1)
