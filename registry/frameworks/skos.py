"""A framework from SKOS, in any form of RDF: Turtle, RDF/XML, JSON-LD, N-Triples.

Its own addresses are kept as exact matches. Source: SKOS (W3C REC 2009).
"""

from __future__ import annotations

from collections.abc import Sequence

from harvesters.base import FeedFailed
from harvesters.rdf_graph import Graph, Node
from harvesters.rdf_read import read as read_rdf
from registry import messages
from registry.frameworks.terms import MAX_TEXT, BadFramework, Framework, Term, language, plain
from registry.iris import DCTERMS
from registry.messages import fill
from registry.terms import Iri, Literal

SKOS = "http://www.w3.org/2004/02/skos/core#"
RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_LABELS = (SKOS + "prefLabel", RDFS_LABEL)
_TITLES = (DCTERMS + "title", "http://purl.org/dc/elements/1.1/title", *_LABELS)
_NOTES = (DCTERMS + "description", SKOS + "definition", "http://purl.org/dc/elements/1.1/description")


def read(body: bytes, name: str, usual: str, limit: int) -> tuple[Framework, list[str]]:
    """The framework, without id and role, and what was left out. ``usual`` is the language of untagged texts.

    Raises BadFramework.
    """
    address = f"https://registry.invalid/{name}"
    try:
        graph = read_rdf(body, "", address, limit)
    except FeedFailed as error:
        said = messages.load()[error.issue.code].text["en"]
        raise BadFramework(fill(said, error.issue).replace(address, name)) from error
    concepts = sorted(node for node in graph.nodes if SKOS + "Concept" in graph.types(node))
    if not concepts:
        raise BadFramework("there are no terms in it: nothing is a skos:Concept")
    scheme = _scheme(graph, concepts)
    codes = {node: _code(graph, node) for node in concepts}
    terms = [_term(graph, node, codes, usual) for node in concepts]
    remarks = [f"{len(graph.issues)} statements could not be read."] if graph.issues else []
    title = _texts(graph, scheme, _TITLES, usual) if scheme is not None else {}
    note = _texts(graph, scheme, _NOTES, usual, MAX_TEXT) if scheme is not None else {}
    own = str(scheme) if isinstance(scheme, Iri) and not scheme.startswith("https://registry.invalid/") else ""
    return Framework("", "", 1, title, terms, note, own), remarks


def _scheme(graph: Graph, concepts: Sequence[Node]) -> Node | None:
    """The one scheme of the file. Raises BadFramework where its terms belong to several."""
    used = {
        str(value): value
        for node in concepts
        for value in graph.objects(node, SKOS + "inScheme", SKOS + "topConceptOf")
        if not isinstance(value, Literal)
    }
    if not used:
        used = {str(node): node for node in graph.nodes if SKOS + "ConceptScheme" in graph.types(node)}
    if len(used) > 1:
        raise BadFramework(f"there are several lists in it; keep one: {', '.join(sorted(used)[:5])}")
    return next(iter(used.values()), None)


def _code(graph: Graph, node: Node) -> str:
    """The notation of a concept, else the last part of its address."""
    said = graph.text(node, SKOS + "notation", DCTERMS + "identifier").strip()
    if said and "://" not in said:
        return plain(said)
    return str(node).rstrip("/#").replace("#", "/").rsplit("/", 1)[-1] if isinstance(node, Iri) else ""


def _texts(graph: Graph, node: Node, names: Sequence[str], usual: str, limit: int = 300) -> dict[str, str]:
    """{language: text} of the first property that has any; of several in a language the first by code point."""
    for name in names:
        found: dict[str, str] = {}
        values = [value for value in graph.objects(node, name) if isinstance(value, Literal)]
        for value in sorted(values, key=lambda one: (not one.language, one.value)):
            if text := plain(value.value, limit):
                found.setdefault(language(value.language, usual), text)
        if found:
            return found
    return {}


def _term(graph: Graph, node: Node, codes: dict[Node, str], usual: str) -> Term:
    term = Term(codes[node], _texts(graph, node, _LABELS, usual))
    for value in graph.objects(node, SKOS + "altLabel", SKOS + "hiddenLabel", SKOS + "prefLabel"):
        text = plain(value.value) if isinstance(value, Literal) else ""
        tag = language(value.language, usual) if isinstance(value, Literal) else ""
        if text and text != term.labels.get(tag):
            term.synonyms.setdefault(tag, []).append(text)
    term.definition.update(_texts(graph, node, (SKOS + "definition", SKOS + "scopeNote"), usual, MAX_TEXT))
    above = [value for value in graph.objects(node, SKOS + "broader") if not isinstance(value, Literal)]
    above += [subject for subject, name in graph.incoming(node) if name == SKOS + "narrower"]
    term.broader = sorted({codes.get(one, str(one)) for one in above})
    own: list[object] = [node] if isinstance(node, Iri) and not node.startswith("https://registry.invalid/") else []
    term.exact = _addresses([*own, *graph.objects(node, SKOS + "exactMatch")])
    term.close = _addresses(graph.objects(node, SKOS + "closeMatch"))
    return term


def _addresses(values: Sequence[object]) -> list[str]:
    return sorted({str(value) for value in values if isinstance(value, Iri)})
