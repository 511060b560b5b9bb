"""DCAT and DCAT-AP → the profile: a dcat:Resource as told in its catalogue, in N-Triples.

The properties of DCAT, Dublin Core and FOAF are read in schema.org's terms (``tables/dcat.tsv``), so that
all that is known of values, agents and dates counts here too. Sources: DCAT 3; DCAT-AP 3; the EU's authority
tables (language, file-type, access-right, licence, data-theme); docs/profile.md, crosswalk of DCAT-AP.
"""

from __future__ import annotations

from registry.crosswalk import rdf, rdf_nodes
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.model import RawRecord

FORMAT_IRI = "http://www.w3.org/ns/dcat#"


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one resource of a catalogue. A payload without one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    nodes = rdf_nodes.from_ntriples(record.payload)
    subject = rdf_nodes.subject_of(nodes, record)
    if subject is None:
        build.issue("rdf-nothing", "")
        return build.mapped()
    return rdf.describe(record, context, build, nodes, subject, [], FORMAT_IRI, dcat=True)
