"""Queries that have brought query services down, each by its number in the requirements: what a server must survive.

They suppose nothing of the data but that there are a few thousand triples in named graphs.
"""

from __future__ import annotations

from dataclasses import dataclass

ALL = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"


@dataclass(frozen=True, slots=True)
class Killer:
    """A query with the media type to ask for. ``ends``: on a small graph it may
    come to an end in time, and be answered."""

    name: str
    query: str
    accept: str = "application/sparql-results+json"
    ends: bool = False


def killers(hub: str) -> list[Killer]:
    """All that are one request each; ``hub`` is a node with many triples."""
    doubling = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(30))
    graphs = " ".join(f"FROM NAMED <http://x.test/g{n}>" for n in range(5000))
    return [
        Killer("01 braces", "SELECT * " + "{" * 20_000),
        Killer("02 brackets", "SELECT * { FILTER" + "(" * 20_000),
        Killer("03 negations", "ASK { FILTER(" + "!" * 60_000 + "true) }"),
        Killer("04 optionals", "SELECT * {" + "OPTIONAL{" * 5000),
        Killer("05 unions", "ASK { " + "UNION".join(["{}"] * 7000) + " }"),
        Killer("06 path of a thousand steps", "ASK { ?s " + "/".join(["<a:b>"] * 1000) + " ?o }"),
        Killer("07 cross product counted", f"SELECT (COUNT(*) AS ?n) {{ {ALL} FILTER(?a != ?d) }}"),
        Killer("08 cross product sorted", f"SELECT * {{ {ALL} }} ORDER BY ?c ?f ?i"),
        Killer("09 cross product grouped", f"SELECT ?a (GROUP_CONCAT(?f) AS ?n) {{ {ALL} }} GROUP BY ?a"),
        Killer("10 text doubled thirty times", f"SELECT (STRLEN(?v30) AS ?n) {{ BIND('xxxxxxxxxxxxxxxx' AS ?v0) {doubling} }}"),
        Killer("11 path free at both ends", "SELECT (COUNT(*) AS ?n) { ?s (<a:p>|!<a:p>)* ?o . ?o (<a:q>|!<a:q>)* ?z }", ends=True),
        Killer("12 everything crossed, streamed", "SELECT * { ?a ?b ?c . ?d ?e ?f }"),
        Killer("14 ors", "ASK { FILTER(" + "||".join(["true"] * 9000) + ") }"),
        Killer("15 service", "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"),
        Killer("16 groups over optional", "SELECT ?a (COUNT(?f) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f FILTER(?c = ?f) } } GROUP BY ?a", ends=True),
        Killer("17 union under a leading pattern", "SELECT (COUNT(*) AS ?n) { ?x ?y ?z { ?a ?b ?c } UNION { ?d ?e ?f } { ?g ?h ?i } UNION { ?j ?k ?l } }"),
        Killer("18 everything in RDF/XML", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "application/rdf+xml", ends=True),
        Killer("20 a megabyte", "ASK {} #" + "x" * 1_000_000),
        Killer("22 a hub described", f"DESCRIBE <{hub}>", "text/turtle", ends=True),
        Killer("23 all literals searched", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER(REGEX(STR(?o), '^(a+)+$|(x+x+)+y')) }", ends=True),
        Killer("24 five thousand graphs", f"SELECT * {graphs} {{ GRAPH ?g {{ ?s ?p ?o }} }}"),
    ]  # fmt: skip
