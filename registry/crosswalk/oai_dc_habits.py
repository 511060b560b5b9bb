"""What widespread software writes into Dublin Core beside the value itself.

DSpace (where a file came from, as a description), OJS (affiliations behind names, the journal as the source),
EPrints (the page as a relation, the files as identifiers), Invenio (kinds of identifiers before them), library
systems (punctuation of ISBD, years of birth, "c2004."). Pure functions over the text of one element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_EPRINT = re.compile(r"/\d+/$")
_PROVENANCE = re.compile(
    r"(?:Submitted by|Made available in DSpace on|Approved for entry into archive by|Rejected by|Item withdrawn by|"
    r"Item reinstated by|Restored into DSpace on|Workflow started|Step: ?\d{1,2} ?- ?action:)\b"
)
_MACHINE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}|No\. of bitstreams|checksum", re.IGNORECASE)
_SCHEME = re.compile(r"(?:url|uri|doi|handle|hdl|link):\s*(?=https?://)", re.IGNORECASE)
_ISSN = re.compile(r"(?:e-?|p-?)?(?:issn)?(?:-?l)?[\s:]*(\d{4})-?(\d{3}[\dXx])", re.IGNORECASE)
_ISSUE = re.compile(r";\s*(?:vol|v|no|n|núm|num|nr|bd|heft|tome|t|issue|año)\b[.º°]?\s?\d", re.IGNORECASE)
_ISBD = re.compile(r"\s+[/:;=]\s*$")
_LIFE = re.compile(r"[\s,(]+(?:b\. ?)?\d{4}\s?[-–]\s?(?:\d{4})?[.)]{0,2}\s*$")
_YEAR = re.compile(r"\s*\[?\s*(?:c|©|cop\.?|p|℗|dl)?\s?(\d{4})\s*\]?\s*\.?\s*", re.IGNORECASE)
_PERSON = re.compile(r"[^\W\d_][^,;\d]{0,60},\s?[^,;\d]{1,60}")


def is_provenance(text: str) -> bool:
    """Whether a description only tells who put the files there and when (DSpace)."""
    return _PROVENANCE.match(text) is not None and _MACHINE.search(text) is not None


def title(text: str) -> str:
    """A title without the mark that a catalogue card sets before what follows ("Index numbers /")."""
    return _ISBD.sub("", text)


def year(text: str) -> str:
    """The year of "c2004.", "[2004]", "©2004"; any other text as it is."""
    found = _YEAR.fullmatch(text)
    return found[1] if found else text


def names(text: str, is_group: Callable[[str], object]) -> list[str]:
    """The agents of one element: "Doe, J.; Smith, A." are two; "Doe, J.; Some University" is one and her office.

    The office is left out, as Dublin Core has no place for it. Where the first is no "Surname, Name", all is one.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if len(parts) > 1 and _PERSON.fullmatch(parts[0]) and not is_group(parts[0]):
        return [without_years(part) for part in parts if _PERSON.fullmatch(part) and not is_group(part)]
    return [without_years(text)]


def without_years(name: str) -> str:
    """A name without years of birth and death."""
    return _LIFE.sub("", name)


def address(text: str) -> str:
    """An address without the word for its kind before it ("url:https://…")."""
    return _SCHEME.sub("", text, count=1)


def journal(text: str) -> str | None:
    """What a source says of the journal that it stands in: urn:issn, or the citation; None for other sources."""
    issn = _ISSN.fullmatch(text)
    if issn is not None:
        return f"urn:issn:{issn[1]}-{issn[2].upper()}"
    return text if _ISSUE.search(text) else None


def landing_page(pages: Sequence[str], relations: Sequence[str]) -> str | None:
    """The relation below whose address all pages stand: the page of a work whose files they are (EPrints).

    EPrints numbers its works: a site's home is above all its pages too, and is nobody's page.
    """
    below = [one for one in relations if _EPRINT.search(one) and pages and all(page.startswith(one) for page in pages)]
    return next((one for one in below if one not in pages and one.count("/") > 3), None)
