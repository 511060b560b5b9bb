"""Creative Commons licences as people write them, to SPDX identifiers.

Strict: every word must be understood, and element and version must be there; else None. Source: T3; the
licence names of creativecommons.org; SPDX licence list.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from registry.crosswalk.clean import fold
from registry.crosswalk.when import words

_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-n[cd]|-sa)*)/(\d\.\d)(?:/([a-z]{2,4}))?(?![\w.])|publicdomain/(zero|mark)/1\.0)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?<![0-9.,])v?\.?\s?([1-4])(?:[.,_-]([0-9])\b|\b)(?!\.\d)")
_ELEMENTS = {
    "by": words("by attribution atribucion reconocimiento atribuicao paternite namensnennung attribuzione"),
    "nc": words("nc noncommercial nocomercial naocomercial nichtkommerziell noncommerciale"),
    "nd": words("nd noderivatives noderivs noderivative sinderivadas sinderivados sinobraderivada semderivacoes "
                "semderivados keinebearbeitungen keinebearbeitung"),
    "sa": words("sa sharealike compartirigual compartilhaigual"),
}  # fmt: skip
_PHRASES = (
    ("pas d utilisation commerciale", "nc"), ("pas d usage commercial", "nc"), ("non commercial", "nc"),
    ("no commercial", "nc"), ("no comercial", "nc"), ("nao comercial", "nc"), ("nicht kommerziell", "nc"),
    ("non commerciale", "nc"), ("pas de modification", "nd"), ("no derivatives", "nd"), ("no derivs", "nd"),
    ("no derivative works", "nd"), ("sin obras derivadas", "nd"), ("sin obra derivada", "nd"),
    ("sin derivadas", "nd"), ("sin derivar", "nd"), ("sem derivacoes", "nd"), ("keine bearbeitungen", "nd"),
    ("keine bearbeitung", "nd"), ("non opere derivate", "nd"),
    ("partage dans les memes conditions", "sa"), ("partage a l identique", "sa"), ("share alike", "sa"),
    ("compartir igual", "sa"), ("compartilha igual", "sa"),
    ("weitergabe unter gleichen bedingungen", "sa"), ("condividi allo stesso modo", "sa"),
)  # fmt: skip
_NOISE = words(
    "cc creative commons license licence licensed licenses licencia licenca licenza lizenz international generic "
    "internacional internationale internazionale unported the this work is are a an under of de la le une un "
    "sous bajo una unter einer der available made public deed legalcode v version all content material materials and"
)
_JURISDICTIONS = {
    "igo": "IGO", "australia": "AU", "austria": "AT", "germany": "DE", "deutschland": "DE", "netherlands": "NL",
    "france": "FR", "japan": "JP", "us": "US", "au": "AU", "at": "AT", "nl": "NL", "uk": "UK", "fr": "FR",
    "jp": "JP", "intergovernmental": "IGO",
}  # fmt: skip
_LETTERS = ("by", "nc", "nd", "sa")


def _spdx(elements: set[str], version: str, place: str) -> str | None:
    if "by" not in elements or {"nd", "sa"} <= elements:
        return None
    order = "-".join(e for e in ("by", "nc", "sa", "nd") if e in elements).upper()
    return f"CC-{order}-{version}" + (f"-{place}" if place else "")


def _from_addresses(s: str) -> str | None:
    found: set[str | None] = set()
    for address in _ADDRESS.finditer(s):
        if address[4]:
            found.add({"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}[address[4].lower()])
            continue
        place = (address[3] or "").upper()
        found.add(_spdx(set(address[1].lower().split("-")), address[2], "" if place in ("DEED", "LEGA") else place))
    return found.pop() if len(found) == 1 else None


def id_at_end(address: str, known: Collection[str]) -> str | None:
    """The known SPDX id with a version that is the last part of an address, as an office's own list has it."""
    last = re.split(r"[/#=]", address.strip().rstrip("/"))[-1] if "://" in address else ""
    return next((one for one in known if one.lower() == last.lower()), None) if re.search(r"\d\.\d", last) else None


def creative_commons(s: str) -> str | None:
    """The SPDX id that a deed address or a name stands for; it may be one that SPDX does not list.

    "CC-BY 4.0", "Creative Commons Attribution-NonCommercial 3.0 IGO", a sentence of the usual kind; None
    without a version, with two different ones, or with a word that is not understood.
    """
    if len(s) > 600:
        return None
    if "creativecommons.org" in s.lower():
        return _from_addresses(s)
    versions = {f"{found[1]}.{found[2] or '0'}" for found in _VERSION.finditer(s.replace("CC0", ""))}
    plain = f" {fold(_VERSION.sub(' ', s))} "
    if len(versions) != 1:
        return None
    elements: set[str] = set()
    for phrase, element in _PHRASES:
        if f" {phrase} " in plain:
            plain = plain.replace(f" {phrase} ", " ")
            elements.add(element)
    named, place = False, ""
    for word in plain.split():
        known = next((key for key, names in _ELEMENTS.items() if word in names), None)
        letters = word.removeprefix("cc")
        if known is not None:
            elements.add(known)
        elif word in _JURISDICTIONS and not place:
            place = _JURISDICTIONS[word]
        elif (
            len(letters) > 2
            and len(letters) % 2 == 0
            and all(letters[i : i + 2] in _LETTERS for i in range(0, len(letters), 2))
        ):  # "CCBYSA", "ccbyncsa"
            elements.update(letters[i : i + 2] for i in range(0, len(letters), 2))
        elif word == "ccby":
            elements.add("by")
        elif word not in _NOISE:
            return None
        named = named or word.startswith("cc") or word in ("creative", "by") or known is not None
    return _spdx(elements, versions.pop(), place) if named else None
