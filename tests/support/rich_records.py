"""Records of LOM, DataCite and MODS for tests of their crosswalks: wrapped, mapped, and asked about."""

from __future__ import annotations

from registry import messages
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext, Mapped
from registry.iris import SCHEMA, Iris, owns
from registry.model import Academy, Feed, RawRecord
from registry.terms import Iri, Term, from_ntriples, to_ntriples

BASE = "https://registry.example"
RESOURCE = f"{BASE}/id/resource/f/k1"
RECORD = f"{BASE}/id/record/f/k1"
SUBJECTS = {"gsbpm": {"Edit and impute": "sp-5.4", "sp-5.4": "sp-5.4"}}
OAI = "http://www.openarchives.org/OAI/2.0/"


def record(metadata: str, about: str = "") -> bytes:
    """An OAI record around a metadata element."""
    header = "<header><identifier>k1</identifier></header>"
    return f'<record xmlns="{OAI}">{header}<metadata>{metadata}</metadata>{about}</record>'.encode()


def mapped(form: str, payload: bytes, **feed: object) -> Mapped:
    """A payload mapped by one crosswalk, what must hold for every record checked on the way."""
    entry = Feed("f", "a", "oai_pmh", "https://a.example/oai", **feed)  # type: ignore[arg-type]
    iris = Iris(BASE)
    academy = Academy("a", {"en": "Example Academy"}, "https://a.example")
    context = MapContext(academy, entry, iris, values.load(iris, entry, SUBJECTS))
    result = load(form)(RawRecord("k1", payload, "application/xml", form, "https://a.example/oai?x"), context)
    known = messages.load()
    for issue in result.issues:
        said = known[issue.code]
        assert "{" not in messages.fill(said.text["en"] + said.mend["es"], issue) or "{" in issue.value, issue
        assert "@example" not in issue.value
    assert all(owns(RESOURCE, s) or s == RECORD for s, _, _, _ in result.triples)
    text = to_ntriples(triple[:3] for triple in result.triples)
    assert to_ntriples(from_ntriples(text)) == text and "@example." not in text
    return result


def got(result: Mapped, name: str, subject: str = RESOURCE) -> list[Term]:
    """The values of one property, plain strings without their quotes."""
    predicate = name if ":" in name else SCHEMA + name
    return [o for s, p, o, _ in result.triples if s == subject and p == predicate]


def said(result: Mapped, name: str, subject: str = RESOURCE) -> list[str]:
    """As ``got``: text@language, text, or the end of an address."""
    return [
        o.rpartition("/")[2] if isinstance(o, Iri) else o.value + (f"@{o.language}" if o.language else "")
        for o in got(result, name, subject)
    ]


def place(result: Mapped, name: str) -> str:
    """Where the first value of a property stood."""
    return next(where for s, p, _, where in result.triples if s == RESOURCE and p == SCHEMA + name)


def codes(result: Mapped) -> list[str]:
    """The codes of the issues."""
    return [issue.code for issue in result.issues]


def names(result: Mapped, role: str) -> list[tuple[str, str]]:
    """(name, class) of the agents in a role."""
    kinds = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    return [(said(result, "name", str(one))[0], said(result, kinds, str(one))[0]) for one in got(result, role)]
