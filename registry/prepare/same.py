"""By what an entry of a list can be found to be the same as another one of it: marks, 64-bit numbers.

Equal marks of two entries mean: the same bytes, the same content but for their own addresses, the same DOI, or the
same address or identifier together with the same title, language and start. An address alone says little (the page
of a catalogue, the code of a course that is given three times).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_DOI = re.compile(r"https?://(?:dx\.)?doi\.org/10\.[^>\s]+")
_WHICH = ("url", "identifier")
_WHAT = ("name", "inLanguage", "startDate", "endDate", "location", "courseMode")
_SCHEMA = "http://schema.org/"


def marks(stated: str, resource: str, payload: str) -> tuple[int, ...]:
    """The marks of one record: ``stated`` is its accepted graph (N-Triples, a statement a line), ``resource`` the
    IRI of what it describes, ``payload`` the digest of its payload. Sorted, each once."""
    lines = [line.replace(resource, "") for line in stated.splitlines() if line.startswith(f"<{resource}")]
    said, which = [], []
    for line in lines:
        subject, _, rest = line.partition("> <" + _SCHEMA)
        name, _, value = rest.partition("> ")
        if name in _WHAT:
            said.append(line)
        elif name in _WHICH and subject == "<":
            which.append(value.removesuffix(" ."))
    texts = ["payload " + payload, "content " + "\n".join(lines)]
    for value in which:
        doi = _DOI.fullmatch(value.strip('<>"'))
        texts.append(f"doi {value.lower()}" if doi else "\n".join(["which " + value, *said]))
    return tuple(sorted(_numbers(texts)))


def _numbers(texts: Iterable[str]) -> set[int]:
    return {int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True) for text in texts}
