"""The concept schemes: complete, in three languages, true to their sources, and readable by their words."""

from __future__ import annotations

import ast
import csv
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from registry import relations, vocabulary
from registry.iris import MA
from registry.review import sssom

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "ontology"
BASE = "https://registry.example.org"
M = Namespace(MA)
LANGUAGES = {"en", "fr", "es"}
UNREVIEWED = {"pt", "ru", "zh", "ar"}
COUNTS = {
    "access": 6, "audience": 13, "cell-state": 3, "csa": 26, "ess": 6, "gamso": 21, "gsbpm": 58, "gwg": 8, "justification": 1, "level": 3,
    "licence": 5,
    "match-status": 5, "modality": 5, "ost": 15, "quality-metric": 7, "record-status": 4, "resource-type": 27,
    "run-type": 5, "topics": 297, "verdict": 3, "work-status": 3,
}  # fmt: skip


@cache
def graph() -> Graph:
    return vocabulary.load_scheme_files(FOLDER, BASE)


@cache
def keys() -> dict[str, dict[str, str]]:
    return vocabulary.lookup(FOLDER, BASE)


@cache
def terms() -> Graph:
    return Graph().parse(FOLDER / "ma.ttl", format="turtle")


def concepts(scheme: str) -> list[URIRef]:
    return sorted(URIRef(str(c)) for c in graph().subjects(SKOS.inScheme, URIRef(f"{BASE}/id/scheme/{scheme}")))


def label(concept: URIRef, language: str) -> str:
    (found,) = (
        str(x) for x in graph().objects(concept, SKOS.prefLabel) if isinstance(x, Literal) and x.language == language
    )
    return found


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.ttl")), ids=lambda file: file.stem)
def test_two_parsers_read_the_same(file: Path) -> None:
    rows = b"".join(
        ox.serialize([quad.triple], format=ox.RdfFormat.N_TRIPLES) or b""
        for quad in ox.parse(path=str(file), base_iri=f"{BASE}/")
    )
    read = Graph().parse(file, format="turtle", publicID=f"{BASE}/")
    assert isomorphic(read, Graph().parse(data=rows, format="nt"))
    assert not any(type(term).__name__ == "BNode" for triple in read for term in triple)


def test_concepts_keep_the_shapes_of_vocabularies() -> None:
    shapes = Graph().parse(ROOT / "shapes/vocabulary.ttl", format="turtle", publicID=f"{BASE}/")
    conforms, _, text = pyshacl.validate(graph(), shacl_graph=shapes)
    assert conforms, text


def test_counts() -> None:
    counted = Counter(vocabulary.scheme_of(c) for c in vocabulary.labels(FOLDER, BASE))
    assert {scheme: counted[scheme] for scheme in COUNTS} == COUNTS
    assert set(counted) == set(vocabulary.scheme_files(FOLDER)) == COUNTS.keys() | {"match-feature"}
    kinds = Counter(vocabulary.notation_of(c).split("-")[0] for c in concepts("gsbpm"))
    assert kinds == {"oa": 6, "ph": 8, "sp": 44}
    assert Counter(vocabulary.notation_of(c).split("-")[0] for c in concepts("gamso")) == {"area": 4, "act": 17}


@pytest.mark.parametrize("scheme", sorted(vocabulary.scheme_files(FOLDER)))
def test_a_scheme_is_whole(scheme: str) -> None:
    node = URIRef(f"{BASE}/id/scheme/{scheme}")
    assert str(graph().value(node, DCTERMS.identifier)) == scheme
    assert graph().value(node, DCTERMS.license) is not None
    for name in (DCTERMS.title, DCTERMS.description):
        assert {x.language for x in graph().objects(node, name) if isinstance(x, Literal)} == LANGUAGES
    members = concepts(scheme)
    tops = {c for c in members if (c, SKOS.topConceptOf, node) in graph()}
    assert tops == set(graph().objects(node, SKOS.hasTopConcept))
    notations = set()
    for concept in members:
        notation = str(graph().value(concept, SKOS.notation))
        assert concept == URIRef(f"{BASE}/id/concept/{scheme}/{notation}")
        assert notation not in notations
        notations.add(notation)
        broader = set(graph().objects(concept, SKOS.broader))
        assert (concept in tops) != (len(broader) == 1), concept
        assert broader <= set(members)
        assert all((one, SKOS.narrower, concept) in graph() for one in broader)
        assert all((one, SKOS.broader, concept) in graph() for one in graph().objects(concept, SKOS.narrower))


def test_labels_of_a_concept_do_not_repeat() -> None:
    """SKOS S13: preferred, alternative and hidden labels have nothing in common."""
    for concept in map(URIRef, vocabulary.labels(FOLDER, BASE)):
        sets = [set(graph().objects(concept, p)) for p in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)]
        assert not any(one & other for one, other in combinations(sets, 2)), concept
        for found in sets:
            known = LANGUAGES | UNREVIEWED if "/topics/" in concept else LANGUAGES
            assert all(isinstance(x, Literal) and x.language in known and x.strip() == str(x) for x in found)


def test_every_mark_of_an_unofficial_label_repeats_it() -> None:
    for concept, marked in graph().subject_objects(M.unofficialLabel):
        assert (concept, SKOS.prefLabel, marked) in graph()


def test_labels_that_nobody_reviewed_are_marked() -> None:
    foreign = {
        (concept, label)
        for concept, label in graph().subject_objects(SKOS.prefLabel)
        if isinstance(label, Literal) and label.language in UNREVIEWED
    }
    assert foreign == set(graph().subject_objects(M.unreviewedLabel))
    for language in UNREVIEWED:
        assert sum(label.language == language for _, label in foreign) > 200


def test_topics_are_many_related_and_have_synonyms() -> None:
    topics = concepts("topics")
    assert len(topics) >= 250
    known = set(concepts("gsbpm")) | set(concepts("csa"))
    for topic in topics:
        related = set(graph().objects(topic, SKOS.relatedMatch))
        assert related and related <= known, topic
    steps = {one for topic in topics for one in graph().objects(topic, SKOS.relatedMatch) if "/gsbpm/" in str(one)}
    domains = {one for topic in topics for one in graph().objects(topic, SKOS.relatedMatch) if "/csa/" in str(one)}
    assert len(steps) > 30 and len(domains) > 20
    with_synonyms = sum((topic, SKOS.altLabel, None) in graph() for topic in topics)
    assert with_synonyms > 0.97 * len(topics)


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    text = (shared / "design" / f"{name}-labels.tsv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


OVERARCHING = {
    "oa1": "oa-quality", "oa2": "oa-metadata", "oa3": "oa-data", "oa4": "oa-process-data", "oa5": "oa-knowledge",
    "oa6": "oa-data-supplier",
}  # fmt: skip


def source_labels(shared: Path) -> list[tuple[URIRef, dict[str, str], str]]:
    """(concept, official labels, COOS IRI) of GSBPM 5.2 and GAMSO 1.2, as their label tables give them."""
    found = []
    for row in rows(shared, "gsbpm"):
        number = row["notation"]
        notation = OVERARCHING.get(number) or ("sp-" if row["kind"] == "sub-process" else "ph-") + number
        renamed = row["renamed_since_COOS"] == "yes"  # a label of 5.1 no longer says what 5.2 says
        said = {"en": row["en_v5.2"], "fr": row["fr_v5.1_COOS"], "es": row["es_v5.1_COOS"]}
        official = {"en": said["en"]} if renamed else said
        found.append((URIRef(f"{BASE}/id/concept/gsbpm/{notation}"), official, row["coos_iri"]))
    for row in rows(shared, "gamso"):
        notation = ("area-" if row["kind"] == "area" else "act-") + row["notation"]
        official = {"en": row["en_v1.2"], "fr": row["fr"], "es": row["es"]}
        found.append((URIRef(f"{BASE}/id/concept/gamso/{notation}"), official, row["coos_iri"]))
    return found


def test_labels_are_unece_own_or_marked(shared: Path) -> None:
    official = source_labels(shared)
    assert {c for c, _, _ in official} == {*concepts("gsbpm"), *concepts("gamso")}
    marks = vocabulary.unofficial(FOLDER, BASE)
    for concept, said, coos in official:
        for language in LANGUAGES:
            own = label(concept, language) != said.get(language, "")
            assert own == ((str(concept), language) in marks), f"{concept} {language}: {label(concept, language)}"
        assert (str(concept), "en") not in marks
        assert not coos or (concept, SKOS.exactMatch, URIRef(coos)) in graph()


def test_matches_and_labels_agree_with_coos_itself(shared: Path) -> None:
    """The label tables were made from COOS; this reads COOS, which also tells a mistyped address."""
    coos = Graph().parse(shared / "data/vocabularies/coos/raw/coos.ttl", format="turtle")
    marks = vocabulary.unofficial(FOLDER, BASE)
    seen = 0
    for concept in (*concepts("gsbpm"), *concepts("gamso")):
        for match in graph().objects(concept, SKOS.exactMatch):
            theirs = {str(x) for p in (SKOS.prefLabel, RDFS.label) for x in coos.objects(match, p)}
            assert theirs, f"{match} is not in COOS"
            for language in ("fr", "es"):
                if (str(concept), language) not in marks:
                    assert label(concept, language) in theirs, concept
                    seen += 1
    assert seen > 130


def test_labels_of_other_foreign_schemes_are_marked() -> None:
    marks = vocabulary.unofficial(FOLDER, BASE)
    for scheme in ("csa", "ost", "gwg", "ess"):
        for concept in concepts(scheme):
            assert {(str(concept), "fr"), (str(concept), "es")} <= marks


def test_slips_of_the_source_are_corrected_but_found() -> None:
    corrected = {
        "Analísis": "ph-6",
        "Calculer les aggrégats": "sp-5.7",
        "Interprêter et expliquer les résultats": "sp-6.3",
    }
    for slip, notation in corrected.items():
        assert keys()["gsbpm"][vocabulary.normalise(slip)] == notation
        preferred = {str(x) for x in graph().objects(URIRef(f"{BASE}/id/concept/gsbpm/{notation}"), SKOS.prefLabel)}
        assert slip not in preferred


def test_what_was_not_checked_is_marked() -> None:
    for notation in ("1", "2", "3", "4", "5", "6", "7"):
        notes = list(graph().objects(URIRef(f"{BASE}/id/concept/csa/{notation}"), SKOS.editorialNote))
        assert any("Not checked" in str(note) for note in notes), notation


@pytest.mark.parametrize(
    ("scheme", "words", "notation"),
    [
        ("gsbpm", "5.3", "sp-5.3"), ("gsbpm", "GSBPM 5.3", "sp-5.3"), ("gsbpm", "Sub-process 5.3", "sp-5.3"),
        ("gsbpm", "5.3 Review and validate", "sp-5.3"), ("gsbpm", "REVIEW & VALIDATE", "sp-5.3"),
        ("gsbpm", "examiner et valider les donnees", "sp-5.3"), ("gsbpm", "Manage user support", "sp-7.5"),
        ("gsbpm", "Design outputs", "sp-2.1"), ("gsbpm", "phase 5", "ph-5"), ("gsbpm", "gsbpm 5", "ph-5"),
        ("gsbpm", "5", None), ("gsbpm", "GSBPM 5.1", None), ("gsbpm", "GSBPM 5.2", None), ("gsbpm", "5.1", "sp-5.1"),
        ("gsbpm", "Quality management", "oa-quality"), ("gamso", "3.10", "act-3.10"), ("gamso", "GAMSO 1.2", None),
        ("gamso", "Manage Human Resources", "act-3.8"), ("csa", "CSA 1.3", "1.3"), ("csa", "Labour", "1.3"),
        ("csa", "Índice de precios al consumidor", "2.11"), ("ost", "future proofing", "6"),
        ("level", "Beginner", "basic"), ("level", "Très facile", "basic"), ("level", "EXPERTO", "advanced"),
        ("audience", "Enquêteurs", "field-staff"), ("resource-type", "MOOC", "mooc"),
        ("resource-type", "e-learning", "course"), ("modality", "in-person", "onsite"), ("access", "login", "registration"),
    ],
)  # fmt: skip
def test_lookup(scheme: str, words: str, notation: str | None) -> None:
    assert keys()[scheme].get(vocabulary.normalise(words)) == notation


@pytest.mark.parametrize(
    ("scheme", "iri", "notation"),
    [
        ("gsbpm", "http://id.unece.org/activities/subProcess/5.3", "sp-5.3"),
        ("gsbpm", "http://id.unece.org/models/gsbpm/2.2", "sp-2.2"),
        ("gsbpm", "http://id.unece.org/codes/gsbpm/5", "ph-5"),
        ("gsbpm", f"{BASE}/id/concept/gsbpm/oa-data", "oa-data"),
        ("resource-type", "https://w3id.org/kim/hcrt/slide", "slides"),
        ("resource-type", "https://w3id.org/kim/hcrt/course", "course"),
        ("resource-type", "http://purl.org/dcx/lrmi-vocabs/learningResourceType/textbook", "handbook-textbook"),
        ("audience", "http://purl.org/dcx/lrmi-vocabs/educationalAudienceRole/teacher", "trainer"),
        ("audience", "http://purl.org/dcx/lrmi-vocabs/educationalAudienceRole/professional", None),
        ("modality", "http://schema.org/MixedEventAttendanceMode", "blended"),
        ("access", "http://w3id.org/kim/conditionsOfAccess/no_login", "open"),
    ],
)
def test_lookup_of_addresses(scheme: str, iri: str, notation: str | None) -> None:
    assert keys()[scheme].get(iri) == notation


def test_every_preferred_label_and_code_finds_its_concept() -> None:
    for concept, found in vocabulary.labels(FOLDER, BASE).items():
        scheme, notation = vocabulary.scheme_of(concept), vocabulary.notation_of(concept)
        assert scheme is not None and LANGUAGES <= set(found) <= (LANGUAGES | UNREVIEWED)
        assert scheme == "topics" or set(found) == LANGUAGES
        table = keys()[scheme]
        assert {table.get(vocabulary.normalise(words)) for words in found.values()} == {notation}
        assert notation.isdigit() or table.get(vocabulary.normalise(notation)) == notation
        assert table[concept] == notation


def test_a_word_means_one_subject() -> None:
    """A column that mixes the schemes can only be read where no label stands in two of them."""
    first = [one.id for one in vocabulary.schemes(FOLDER, BASE).values() if (one.role, one.rank) == ("subject", 1)]
    assert first == ["csa", "gamso", "gsbpm", "ost"]
    for one, other in combinations(first, 2):
        both = keys()[one].keys() & keys()[other].keys()
        assert {key for key in both if not key.replace(" ", "").isdigit()} == set(), (one, other)


def test_ambiguous_words_are_left_out(tmp_path: Path) -> None:
    concept = '<id/concept/size/{0}> a skos:Concept ; skos:prefLabel "{1}"@en, "Même"@fr .'
    text = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    (tmp_path / "size.ttl").write_text(
        text + concept.format("a", "First") + "\n" + concept.format("b", "Second"), "utf-8"
    )
    table = vocabulary.lookup(tmp_path, BASE)["size"]
    assert table["first"] == "a" and table["second"] == "b" and "meme" not in table


def test_a_file_that_is_not_turtle_is_named(tmp_path: Path) -> None:
    (tmp_path / "size.ttl").write_text("<a> <b> .", "utf-8")
    with pytest.raises(ValueError, match=r"size\.ttl"):
        vocabulary.lookup(tmp_path, BASE)


def test_the_base_is_the_deployment_s(tmp_path: Path) -> None:
    for base in ("http://localhost:8000", "https://stat.example.org/registry"):
        assert f"{base}/id/concept/level/basic" in vocabulary.labels(FOLDER, base)


def test_all_files_are_read_in_about_the_time_that_parsing_them_takes() -> None:
    """Against parsing in the same process, each at its best: what the process holds of other tests slows both alike,
    but for a collection of all its garbage, which falls into one of them."""

    def parsed() -> None:
        for file in vocabulary.scheme_files(FOLDER).values():
            Graph().parse(file, format="turtle")

    def best(what: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            what()
            times.append(time.process_time() - start)
        return min(times)

    assert best(lambda: vocabulary.lookup(FOLDER, BASE)) < 3 * best(parsed)


def defined() -> set[str]:
    return {str(s) for s in terms().subjects(RDFS.isDefinedBy, None)}


def test_own_terms_are_described_in_three_languages() -> None:
    assert {name.removeprefix(MA) for name in defined()} == {
        "MatchAssertion", "MatchEvidence", "MatchReview", "WorkCluster", "DuplicateCluster", "FormerWork",
        "MatchAnswer", "answer", "answeredRelation", "origin", "weight", "generator", "calibrated", "model", "evidence", "feature", "subjectValue",
        "objectValue", "rule", "review", "verdict", "nearCopyOf", "otherRun", "overlapsWith", "partOf",
        "differentFrom", "lastSeen", "payloadDigest", "unofficialLabel", "unreviewedLabel", "directionUnknown",
        "Correction", "correction", "correctedProperty", "correctedBy", "sourceValue", "feed", "permission",
        "firstCommit", "notSameAs", "notHarvested", "role", "rank", "figure", "decisionAcademy", "decisionBatch", "decisionObjectDigest",
        "decisionRelation", "decisionSource", "decisionStream", "decisionSubjectDigest", "decisionTime", "decisionUndone",
        "decisionUndoneBy", "decisionUndoneReason", "decisionVerdict", "decisionVoice",
    }  # fmt: skip
    for name in map(URIRef, defined()):
        for slot in (RDFS.label, RDFS.comment):
            assert {x.language for x in terms().objects(name, slot) if isinstance(x, Literal)} == LANGUAGES
        assert set(terms().objects(name, RDF.type)) & {RDFS.Class, RDF.Property}


def test_the_relations_use_terms_that_are_defined() -> None:
    kinds = relations.load().values()
    own = {str(kind.predicate) for kind in kinds if kind.predicate.startswith(MA)}
    assert own and own <= defined()
    for kind in kinds:
        if kind.predicate.startswith(MA):
            symmetric = (URIRef(kind.predicate), RDF.type, OWL.SymmetricProperty) in terms()
            assert symmetric != kind.directed


def test_own_terms_in_code_are_defined() -> None:
    """Every MA + "name" in the code is a term of ma.ttl."""
    used = set()
    for file in (ROOT / "registry").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name) and node.left.id == "MA":
                assert isinstance(node.right, ast.Constant), f"{file}:{node.lineno}"
                used.add(MA + str(node.right.value))
    assert used and used <= defined()


def test_the_slots_of_a_file_of_decisions_are_defined() -> None:
    own = {MA + name.removeprefix("ma:") for name, _ in sssom.EXTENSIONS.values()}
    assert own and own == {name for name in defined() if name.startswith(MA + "decision")}


def test_no_term_is_defined_twice() -> None:
    subjects = re.findall(r"^(ma:\w+) a ", (FOLDER / "ma.ttl").read_text("utf-8"), re.M)
    assert len(subjects) == len(set(subjects)) > 40


def test_features_of_the_rules_are_in_the_scheme() -> None:
    """The feature of each Evidence(…) or same(…) that matching writes as a plain string."""
    used = set()
    for file in (ROOT / "registry/matching").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Evidence", "same"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    used.add(str(first.value))
    known = {vocabulary.notation_of(c) for c in concepts("match-feature")}
    assert used and used <= known, used - known


@pytest.mark.parametrize(
    ("scheme", "table"),
    [
        ("level", "levels"), ("audience", "audiences"), ("resource-type", "resource-types"),
        ("modality", "modalities"), ("access", "access"),
    ],
)  # fmt: skip
def test_words_of_value_tables_agree_with_the_labels(scheme: str, table: str) -> None:
    """A word of a value table and the same word among a scheme's labels name the same concept."""
    text = (ROOT / f"registry/crosswalk/tables/{table}.tsv").read_text("utf-8")
    known = {vocabulary.notation_of(c) for c in concepts(scheme)}
    differing = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        assert row["notation"] in known, row
        found = keys()[scheme].get(vocabulary.normalise(row["label"]), row["notation"])
        if found != row["notation"]:
            differing[row["label"]] = (row["notation"], found)
    assert differing == {}
