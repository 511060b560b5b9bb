"""What people read about a shape: the texts of ``shapes/*.ttl`` as messages by code.

The code is the local name of a property shape; ``sh:message`` says what is wrong, ``sh:description`` how to mend it.
"""

from __future__ import annotations

from pathlib import Path

from rdflib import SH as SHACL
from rdflib import Graph, Literal
from rdflib.term import Node

from registry.messages import LANGUAGES, Message
from registry.model import Severity

_SEVERITIES: dict[str, Severity] = {"Violation": "violation", "Warning": "warning", "Info": "info"}


def _texts(graph: Graph, node: Node, predicate: Node) -> dict[str, str]:
    found = {}
    for value in graph.objects(node, predicate):
        if isinstance(value, Literal) and value.language:
            found[value.language] = str(value)
    return found


def load(folder: Path) -> dict[str, Message]:
    """All shapes with texts, by local name. Raises ValueError for a shape that lacks a text in a language."""
    result: dict[str, Message] = {}
    for file in sorted(folder.glob("*.ttl")):
        graph = Graph().parse(file, format="turtle", publicID="http://localhost/")
        for node in sorted(set(graph.subjects(SHACL.message, None)), key=str):
            code = str(node).rpartition("#")[2]
            severity = str(graph.value(node, SHACL.severity) or SHACL.Violation).rpartition("#")[2]
            text, mend = _texts(graph, node, SHACL.message), _texts(graph, node, SHACL.description)
            if set(LANGUAGES) - set(text) or set(LANGUAGES) - set(mend):
                raise ValueError(f"{file.name}: {code} lacks a text in en, fr or es")
            result[code] = Message(code, _SEVERITIES[severity], text, mend)
    return result
