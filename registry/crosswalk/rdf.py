"""schema.org, Bioschemas and Dublin Core in RDF → the profile, by the crosswalk of schema.org.

Payloads: N-Triples (``application/n-triples``) of one description, or the record of OAI-PMH whose metadata is
rdf:RDF, as TeSS serves it. Sources: schema.org 30.0; Bioschemas 1.0; DCMI Metadata Terms; OAI-PMH 2.0 §2.5.
"""

from __future__ import annotations

from registry.crosswalk import oai_record, rdf_nodes, rdf_tree, schemaorg
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.rdf_nodes import Nodes
from registry.crosswalk.schemaorg_read import Reader
from registry.iris import DCAT
from registry.model import RawRecord

FORMAT_IRI = "http://schema.org/LearningResource"
DUBLIN_CORE = "http://purl.org/dc/terms/"


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one description. A payload without one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    nodes, origins = _nodes(record, build)
    subject = rdf_nodes.subject_of(nodes, record)
    if subject is None:
        build.issue("rdf-nothing", "")
        return build.mapped()
    plain = not any(rdf_tree.short(name) != name for name in nodes[subject])
    return describe(record, context, build, nodes, subject, origins, DUBLIN_CORE if plain else FORMAT_IRI, plain)


def describe(
    record: RawRecord, context: MapContext, build: Builder, nodes: Nodes, subject: str,
    origins: list[tuple[str, str]], profile: str, dcat: bool,
) -> Mapped:  # fmt: skip
    """Map one node. ``dcat``: what is missing is asked for in the terms of DCAT and Dublin Core."""
    tree = rdf_tree.Tree(nodes, context, dcat)
    node = tree.whole(subject)
    base = subject if not subject.startswith("_:") else record.source
    read = Reader(build, context, "", base, "rdf", shown=rdf_tree.shown() if dcat else {})
    for name in ("hasVersion", "previousVersion"):
        read.references(node, DCAT + name, DCAT + name)
    language = "" if node.get("inLanguage") else rdf_nodes.catalogue_language(nodes, subject, context.values.language)
    schemaorg.describe(read, node, record, profile, [*origins, *tree.origins(subject)], language)
    mapped = build.mapped()
    return Mapped(mapped.resource, mapped.triples, rdf_tree.told(mapped.issues, read.shown))


def _nodes(record: RawRecord, build: Builder) -> tuple[Nodes, list[tuple[str, str]]]:
    """The nodes of a payload, and the repositories that it went through."""
    if not record.payload.lstrip().startswith(b"<record") and "xml" not in record.media_type:
        return rdf_nodes.from_ntriples(record.payload), []
    root = oai_record.parse(record.payload)
    if root is None:
        return {}, []
    metadata = oai_record.child(root, "metadata")
    inside = root if oai_record.local(root) == "RDF" else oai_record.child(metadata, "RDF")
    if inside is None and metadata is not None and len(metadata) and str(metadata[0].tag).startswith("{"):
        inside = metadata[0]  # a single description without rdf:RDF around it
    if inside is None:
        return {}, []
    return rdf_nodes.from_xml(inside, record.source), oai_record.origins_of(root, build)
