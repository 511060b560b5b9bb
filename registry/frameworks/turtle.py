"""A framework as the Turtle file that is kept: the same bytes for the same framework, relative addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from registry.frameworks.terms import Framework, Term
from registry.terms import is_iri
from registry.vocabulary import by_number

_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OWN = re.compile(r"id/concept/[a-z][a-z0-9-]*/[A-Za-z0-9.-]+")  # a term of ours, relative to the base
_PLAIN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def write(framework: Framework) -> str:
    """The file's text."""
    scheme = f"<id/scheme/{framework.id}>"
    head = [
        f'dcterms:identifier "{framework.id}"',
        f'ma:role "{framework.role}"',
        f"ma:rank {framework.rank}",
        f"dcterms:title {_tagged(framework.title)}",
    ]
    if framework.description:
        head.append(f"dcterms:description {_tagged(framework.description)}")
    if is_iri(framework.source):
        head.append(f"dcterms:source <{framework.source}>")
    terms = sorted(framework.terms, key=lambda term: (by_number(term.notation), term.notation))
    top = ", ".join(_iri(framework, term.code, terms) for term in terms if not term.broader)
    lines = [
        "# Added by an operator (meta-academy scheme add); see docs/frameworks.md.",
        "# Relative addresses are resolved against the deployment's base address.",
        "",
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .",
        "@prefix dcterms: <http://purl.org/dc/terms/> .",
        "@prefix ma: <https://w3id.org/meta-academy/def#> .",
        "",
        _block(scheme, "skos:ConceptScheme", [*head, f"skos:hasTopConcept {top}"]),
    ]
    notations = {term.code: term.notation for term in terms}
    below: dict[str, list[str]] = {}
    for term in terms:
        for code in term.broader:
            below.setdefault(code, []).append(term.notation)
    lines += [_term(framework.id, term, notations, below.get(term.code, [])) for term in terms]
    return "\n".join(lines)


def _iri(framework: Framework, code: str, terms: Iterable[Term]) -> str:
    return f"<id/concept/{framework.id}/{next(term.notation for term in terms if term.code == code)}>"


def _term(name: str, term: Term, notations: Mapping[str, str], below: list[str]) -> str:
    scheme = f"<id/scheme/{name}>"
    said = [f"skos:inScheme {scheme}"]
    if term.broader:
        above = ", ".join(f"<id/concept/{name}/{notations[code]}>" for code in term.broader)
        said.append(f"skos:broader {above}")
    else:
        said.append(f"skos:topConceptOf {scheme}")
    if below:
        said.append("skos:narrower " + ", ".join(f"<id/concept/{name}/{one}>" for one in below))
    said += [f'skos:notation "{term.notation}"', f"skos:prefLabel {_tagged(term.labels)}"]
    synonyms = [
        f'"{_escaped(text)}"@{tag}'
        for tag in sorted(term.synonyms)
        for text in dict.fromkeys(term.synonyms[tag])
        if text != term.labels.get(tag)
    ]
    if synonyms:
        said.append("skos:altLabel " + ", ".join(synonyms))
    if term.notation != term.code:
        tag = next(iter(sorted(term.labels)))
        said.append(f'skos:hiddenLabel "{_escaped(term.code)}"@{tag}')
    if term.definition:
        said.append(f"skos:definition {_tagged(term.definition)}")
    for property_, addresses in (("exactMatch", term.exact), ("closeMatch", term.close)):
        found = [f"<{address}>" for address in sorted(set(addresses)) if is_iri(address) or _OWN.fullmatch(address)]
        if found:
            said.append(f"skos:{property_} {', '.join(found)}")
    return _block(f"<id/concept/{name}/{term.notation}>", "skos:Concept", said)


def _block(subject: str, kind: str, said: list[str]) -> str:
    return f"{subject} a {kind} ;\n    " + " ;\n    ".join(said) + " .\n"


def _tagged(texts: Mapping[str, str]) -> str:
    return ", ".join(f'"{_escaped(text)}"@{tag}' for tag, text in sorted(texts.items()))


def _escaped(text: str) -> str:
    text = _PLAIN.sub(" ", text)
    return "".join(_ESCAPED.get(char, char) for char in text)
