"""Matches, works, academies and runs as RDF: what stands beside the records in the public dataset.

Terms: SSSOM slots on rdf:Statement nodes, DCAT 3, PROV-O, schema.org (``docs/profile.md``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from registry import __version__
from registry.academies_known import Known
from registry.graph.layout import STATUS, date_time
from registry.iris import DCAT, DCTERMS, DQV, FOAF, MA, PROV, RDF, RDF_TYPE, SEMAPV, SKOS, SPDX, SSSOM, Iris, schema
from registry.ledger.measurements import Measurement
from registry.model import Academy, Feed, Match, Relation, Run, Work
from registry.relations import Kind, statement
from registry.terms import XSD, Iri, Literal, Triple, is_iri, text, to_ntriples

TOOL = "Meta Academy Registry"


def _double(value: float) -> Literal:
    return Literal(repr(float(value)), XSD + "double")


def _boolean(value: bool) -> Literal:
    return Literal(str(value).lower(), XSD + "boolean")


def _value(value: str) -> Iri | Literal:
    return Iri(value) if value.startswith(("http://", "https://")) and is_iri(value) else Literal(value)


def match_triples(match: Match, iris: Iris, kinds: Mapping[Relation, Kind]) -> list[Triple]:
    """A match as an ``ma:MatchAssertion`` with its evidence. Source: SSSOM 1.0, slots on rdf:Statement.

    The statement is described, not asserted; evidence stands under the match as ``…/evidence/1`` and on.
    """
    node = iris.match(match.left, match.right)
    subject, predicate, target = statement(match, dict(kinds))
    own = match.justification == "source-stated"
    justification = iris.concept("justification", match.justification) if own else Iri(SEMAPV + match.justification)
    triples: list[Triple] = [
        (node, RDF_TYPE, Iri(MA + "MatchAssertion")),
        (node, Iri(RDF + "subject"), subject),
        (node, Iri(RDF + "predicate"), predicate),
        (node, Iri(RDF + "object"), target),
        (node, STATUS, iris.concept("match-status", match.status)),
        (node, Iri(SSSOM + "confidence"), _double(match.confidence)),
        (node, Iri(SSSOM + "mapping_justification"), justification),
        (node, Iri(SSSOM + "mapping_tool"), Literal(TOOL)),
        (node, Iri(SSSOM + "mapping_tool_version"), Literal(__version__)),
        (node, Iri(MA + "rule"), Literal(match.rule)),
        (node, Iri(MA + "calibrated"), _boolean(match.probability is not None)),
    ]
    if match.weight or match.model:
        triples.append((node, Iri(MA + "weight"), _double(match.weight)))
    if match.model:
        triples.append((node, Iri(MA + "model"), Literal(match.model)))
    triples += [(node, Iri(MA + "generator"), Literal(name)) for name in match.generators]
    if kinds[match.relation].directed and not match.source:
        triples.append((node, Iri(MA + "directionUnknown"), _boolean(True)))
    if match.status == "rejected":
        triples.append((node, Iri(SSSOM + "predicate_modifier"), Iri(SSSOM + "NegatedPredicate")))
    if match.reviewer:
        triples.append((node, Iri(SSSOM + "reviewer_id"), _value(match.reviewer)))
    if match.reviewed:
        triples.append((node, Iri(SSSOM + "review_date"), Literal(match.reviewed[:10], XSD + "date")))
    swapped = subject != match.left
    for number, evidence in enumerate(match.evidence, 1):
        line = Iri(f"{node}/evidence/{number}")
        left, right = (evidence.left_value, evidence.left_field), (evidence.right_value, evidence.right_field)
        if swapped:
            left, right = right, left
        triples += [
            (node, Iri(MA + "evidence"), line),
            (line, RDF_TYPE, Iri(MA + "MatchEvidence")),
            (line, Iri(MA + "feature"), iris.concept("match-feature", evidence.feature)),
            (line, Iri(SSSOM + "similarity_score"), _double(evidence.score)),
        ]
        slots = {
            SSSOM + "similarity_measure": evidence.measure,
            MA + "subjectValue": left[0],
            MA + "objectValue": right[0],
            SSSOM + "subject_match_field": left[1],
            SSSOM + "object_match_field": right[1],
        }
        triples += [(line, Iri(name), Literal(value)) for name, value in slots.items() if value]
        if evidence.weight:
            triples.append((line, Iri(MA + "weight"), _double(evidence.weight)))
    return triples + _answers(match, node, iris, kinds)


def _answers(match: Match, node: Iri, iris: Iris, kinds: Mapping[Relation, Kind]) -> list[Triple]:
    """What academies say of it themselves, ``…/answer/1`` and on."""
    triples: list[Triple] = []
    for number, answer in enumerate(match.answers, 1):
        said = Iri(f"{node}/answer/{number}")
        triples += [
            (node, Iri(MA + "answer"), said),
            (said, RDF_TYPE, Iri(MA + "MatchAnswer")),
            (said, Iri(PROV + "wasAttributedTo"), iris.academy(answer.academy)),
            (said, Iri(MA + "answeredRelation"), kinds[answer.relation].predicate),
            (said, Iri(MA + "origin"), Literal(answer.origin)),
        ]
    return triples


def work_triples(work: Work, iris: Iris) -> list[Triple]:
    """A work with its forms, or what is listed several times (but for the work that it belongs to)."""
    node = iris.work(work.id)
    if work.level == "cluster":
        members: list[Triple] = [(node, Iri(PROV + "hadMember"), Iri(member)) for member in work.members]
        return [(node, RDF_TYPE, Iri(MA + "DuplicateCluster")), *members]
    forms: list[Triple] = [(Iri(member), schema("exampleOfWork"), node) for member in work.members]
    return [(node, RDF_TYPE, Iri(MA + "WorkCluster")), *forms]


def former_triples(identifier: str, successor: str, iris: Iris) -> list[Triple]:
    """An id that stood for a work, and what took it in ("": nothing did)."""
    node = iris.work(identifier)
    triples: list[Triple] = [(node, RDF_TYPE, Iri(MA + "FormerWork"))]
    if successor:
        triples.append((node, Iri(DCTERMS + "isReplacedBy"), iris.work(successor)))
    return triples


def run_triples(run: Run) -> list[Triple]:
    """A harvest as a prov:Activity with its outcome and its counts; never a finding itself.

    A count is a schema:PropertyValue under the run, ``{run}/count/{name}``, with schema:name and
    schema:value: no term of the own namespace is needed for it.
    """
    node = Iri(run.iri)
    triples: list[Triple] = [
        (node, RDF_TYPE, Iri(PROV + "Activity")),
        (node, Iri(PROV + "startedAtTime"), date_time(run.started)),
        (node, schema("actionStatus"), Literal(run.outcome)),
    ]
    if run.ended:
        triples.append((node, Iri(PROV + "endedAtTime"), date_time(run.ended)))
    for name, count in run.counts.items():
        value = Iri(f"{node}/count/{name}")
        triples += [
            (node, schema("additionalProperty"), value),
            (value, RDF_TYPE, schema("PropertyValue")),
            (value, schema("name"), Literal(name)),
            (value, schema("value"), Literal(str(count), XSD + "integer")),
        ]
    return triples


def provenance(
    runs: Iterable[Run], academies: Iterable[Academy], iris: Iris, is_private: Callable[[str], bool]
) -> dict[Iri, str]:
    """Runs by graph (``provenance/{feed}``), as N-Triples, with the feed's address as what was used.

    An address that ``is_private`` (of an intranet, or a folder) is not published: the feed's node stands for it.
    """
    addresses = {}
    for academy in academies:
        for feed in academy.feeds:
            shown = feed.address.startswith(("http://", "https://")) and not is_private(feed.address)
            addresses[feed.id] = feed.address if shown else f"{iris.catalog(academy.id)}/feed/{feed.id}"
    graphs: dict[Iri, list[Triple]] = {}
    for run in runs:
        triples = graphs.setdefault(iris.graph(f"provenance/{run.feed}"), [])
        triples += run_triples(run)
        triples.append((Iri(run.iri), Iri(PROV + "wasAssociatedWith"), iris.academy(run.academy)))
        address = addresses.get(run.feed, "")
        if is_iri(address):
            triples.append((Iri(run.iri), Iri(PROV + "used"), Iri(address)))
    return {graph: to_ntriples(triples) for graph, triples in graphs.items()}


def academy_triples(academy: Academy, iris: Iris) -> tuple[list[Triple], list[Triple]]:
    """The academy's dcat:Catalog (without its links to records), and the academy as an organisation."""
    catalog, agent = iris.catalog(academy.id), iris.academy(academy.id)
    described: list[Triple] = [
        (catalog, RDF_TYPE, Iri(DCAT + "Catalog")),
        (catalog, Iri(DCTERMS + "publisher"), agent),
    ]
    described += [(catalog, Iri(DCTERMS + "title"), text(name, tag)) for tag, name in academy.name.items()]
    organisation: list[Triple] = [(agent, RDF_TYPE, schema("Organization"))]
    organisation += [(agent, schema("name"), text(name, tag)) for tag, name in academy.name.items()]
    if is_iri(academy.homepage):
        described.append((catalog, Iri(FOAF + "homepage"), Iri(academy.homepage)))
        organisation.append((agent, schema("url"), Iri(academy.homepage)))
    described += [triple for feed in academy.feeds for triple in feed_triples(feed, catalog)]
    languages = {feed.language for feed in academy.feeds if feed.language}
    described += [(catalog, Iri(DCTERMS + "language"), Literal(language)) for language in languages]
    if academy.country:
        organisation.append((agent, schema("addressCountry"), Literal(academy.country)))
    if academy.acronym:
        organisation.append((agent, schema("alternateName"), Literal(academy.acronym)))
    if academy.ror:
        organisation.append((agent, schema("identifier"), _value(academy.ror)))
    return described, organisation


def feed_triples(feed: Feed, catalog: Iri) -> list[Triple]:
    """A list of an academy, ``{catalog}/feed/{id}``: the licence of its descriptions, and how we may pass them on.

    ``ma:permission`` is one of agreed, published, asked, none; without the first two texts are not exported.
    """
    node = Iri(f"{catalog}/feed/{feed.id}")
    triples: list[Triple] = [
        (catalog, Iri(MA + "feed"), node),
        (node, RDF_TYPE, Iri(PROV + "Entity")),
        (node, Iri(DCTERMS + "identifier"), Literal(feed.id)),
        (node, Iri(MA + "permission"), Literal(feed.permission)),
    ]
    if feed.metadata_licence:
        said = feed.metadata_licence
        known = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", said)
        licence = Iri(SPDX + said) if known else Iri(said) if is_iri(said) else Literal(said)
        triples.append((node, Iri(DCTERMS + "license"), licence))
    return triples


def academies(listed: Iterable[Academy], iris: Iris, not_here: Iterable[Known] = ()) -> dict[Iri, str]:
    """The catalogues, the curated agents and the aggregate catalogue by graph, as N-Triples.

    ``not_here`` are academies that are known and have no list here (ma:notHarvested of the aggregate catalogue).
    """
    graphs: dict[Iri, str] = {}
    whole, publisher = Iri(f"{iris.base}/id/catalog"), iris.academy("meta-academy-registry")
    aggregate: list[Triple] = [
        (whole, RDF_TYPE, Iri(DCAT + "Catalog")),
        (whole, Iri(DCTERMS + "title"), text(TOOL, "en")),
        (whole, Iri(DCTERMS + "publisher"), publisher),
        (whole, Iri(FOAF + "homepage"), Iri(f"{iris.base}/")),
    ]
    agents: list[Triple] = [
        (publisher, RDF_TYPE, schema("Organization")),
        (publisher, schema("name"), text(TOOL, "en")),
    ]
    for academy in listed:
        catalog, organisation = academy_triples(academy, iris)
        graphs[iris.graph(f"catalog/{academy.id}")] = to_ntriples(catalog)
        agents += organisation
        aggregate.append((whole, Iri(DCTERMS + "hasPart"), iris.catalog(academy.id)))
    for known in not_here:
        agent = iris.academy(known.id)
        aggregate.append((whole, Iri(MA + "notHarvested"), agent))
        agents += [(agent, RDF_TYPE, schema("Organization")), (agent, schema("name"), text(known.name, "en"))]
        if is_iri(known.homepage):
            agents.append((agent, schema("url"), Iri(known.homepage)))
        if known.country:
            agents.append((agent, schema("addressCountry"), Literal(known.country)))
    graphs[iris.graph("agents")] = to_ntriples(agents)
    graphs[iris.graph("catalog")] = to_ntriples(aggregate)
    return graphs


def licences(known: Mapping[str, bool], iris: Iris) -> dict[Iri, str]:
    """Which licences are open (Open Definition 2.1) and which are not, as two collections, as N-Triples by graph.

    ``known`` {licence IRI: whether it is open}; of any other it is not known.
    """
    triples: list[Triple] = []
    for name, label in (("open", "Open licences"), ("closed", "Licences that are not open")):
        node = Iri(f"{iris.base}/id/collection/licences/{name}")
        triples += [
            (node, RDF_TYPE, Iri(SKOS + "Collection")),
            (node, Iri(SKOS + "prefLabel"), text(label, "en")),
            (node, Iri(DCTERMS + "identifier"), Literal(f"{name}-licences")),
        ]
        members = [licence for licence, is_open in known.items() if is_open == (name == "open")]
        triples += [(node, Iri(SKOS + "member"), Iri(licence)) for licence in members]
    return {iris.graph("vocab/licence-terms"): to_ntriples(triples)}


def quality(measured: Iterable[tuple[str, Measurement]], iris: Iris) -> dict[Iri, str]:
    """What was measured of lists, with the academy of each, as N-Triples of one graph.

    Source: Data on the Web Best Practices: Data Quality Vocabulary (W3C Note 2016).
    """
    triples: list[Triple] = []
    for academy, one in measured:
        node = Iri(f"{one.run}/quality/{one.metric}")
        triples += [
            (node, RDF_TYPE, Iri(DQV + "QualityMeasurement")),
            (node, Iri(DQV + "isMeasurementOf"), iris.concept("quality-metric", one.metric)),
            (node, Iri(DQV + "computedOn"), Iri(f"{iris.catalog(academy)}/feed/{one.feed}")),
            (node, Iri(DQV + "value"), Literal(f"{one.value:.4f}", XSD + "decimal")),
            (node, Iri(PROV + "generatedAtTime"), date_time(one.time)),
        ]
    return {iris.graph("quality"): to_ntriples(triples)}
