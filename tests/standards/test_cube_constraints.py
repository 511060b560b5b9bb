"""The figures as a data cube keep the integrity constraints of the RDF Data Cube Vocabulary (W3C REC 2014, section 11).

Each constraint is asked as the standard words it: an ASK that is true where something is wrong.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient
from support import small_release as small
from support.figure_states import State, Words, changed, figures_of, words_in

from registry.iris import CUBE, MA, QB
from registry.settings import Settings
from registry.statistics import cube, tables
from registry.statistics.tables import NoSuchTable
from registry.web import stored_answers
from registry.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = """
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
DIMENSION = "?set qb:structure/qb:component/qb:componentProperty ?dim . ?dim a qb:DimensionProperty ."
CONSTRAINTS = {
    "IC-1 one data set": """
        { ?o a qb:Observation FILTER NOT EXISTS { ?o qb:dataSet ?set } }
        UNION { ?o a qb:Observation ; qb:dataSet ?one, ?two FILTER(?one != ?two) }""",
    "IC-2 one structure": """
        { ?set a qb:DataSet FILTER NOT EXISTS { ?set qb:structure ?dsd } }
        UNION { ?set a qb:DataSet ; qb:structure ?one, ?two FILTER(?one != ?two) }""",
    "IC-3 a structure has a measure": """
        ?dsd a qb:DataStructureDefinition
        FILTER NOT EXISTS { ?dsd qb:component/qb:componentProperty/a qb:MeasureProperty }""",
    "IC-4 a dimension has a range": "?dim a qb:DimensionProperty FILTER NOT EXISTS { ?dim rdfs:range [] }",
    "IC-5 concepts have a code list": """
        ?set qb:structure/qb:component/qb:componentProperty ?dim . ?dim a qb:DimensionProperty ; rdfs:range skos:Concept
        FILTER NOT EXISTS { ?dim qb:codeList [] }""",
    "IC-6 only attributes are optional": """
        ?dsd qb:component ?part . ?part qb:componentRequired false ; qb:componentProperty ?used
        FILTER NOT EXISTS { ?used a qb:AttributeProperty }""",
    "IC-7 slice keys are declared": """
        ?key a qb:SliceKey FILTER NOT EXISTS { [ a qb:DataStructureDefinition ] qb:sliceKey ?key }""",
    "IC-8 slice keys are consistent": """
        ?key a qb:SliceKey ; qb:componentProperty ?used . ?dsd qb:sliceKey ?key
        FILTER NOT EXISTS { ?dsd qb:component/qb:componentProperty ?used }""",
    "IC-9 one slice structure": """
        { ?slice a qb:Slice FILTER NOT EXISTS { ?slice qb:sliceStructure ?key } }
        UNION { ?slice a qb:Slice ; qb:sliceStructure ?one, ?two FILTER(?one != ?two) }""",
    "IC-10 slices are complete": """
        ?slice qb:sliceStructure/qb:componentProperty ?dim FILTER NOT EXISTS { ?slice ?dim ?value }""",
    "IC-11 all dimensions are there": f"?o qb:dataSet ?set . {DIMENSION} FILTER NOT EXISTS {{ ?o ?dim ?value }}",
    "IC-12 no observation twice": f"""
        FILTER(?same) {{ SELECT (MIN(?equal) AS ?same) WHERE {{
            ?one qb:dataSet ?set . ?two qb:dataSet ?set FILTER(?one != ?two) {DIMENSION}
            ?one ?dim ?first . ?two ?dim ?second BIND(?first = ?second AS ?equal)
        }} GROUP BY ?one ?two }}""",
    "IC-13 required attributes are there": """
        ?o qb:dataSet/qb:structure/qb:component ?part . ?part qb:componentRequired true ; qb:componentProperty ?used
        FILTER NOT EXISTS { ?o ?used ?value }""",
    "IC-14 all measures are there": """
        ?o qb:dataSet/qb:structure ?dsd FILTER NOT EXISTS { ?dsd qb:component/qb:componentProperty qb:measureType }
        ?dsd qb:component/qb:componentProperty ?used . ?used a qb:MeasureProperty
        FILTER NOT EXISTS { ?o ?used ?value }""",
    "IC-15 measure dimension": """
        ?o qb:dataSet/qb:structure/qb:component/qb:componentProperty qb:measureType ; qb:measureType ?used
        FILTER NOT EXISTS { ?o ?used ?value }""",
    "IC-16 one measure by measure dimension": """
        ?o qb:dataSet/qb:structure ?dsd ; qb:measureType ?used ; ?other ?value .
        ?dsd qb:component/qb:componentProperty qb:measureType ; qb:component/qb:componentProperty ?other .
        ?other a qb:MeasureProperty FILTER(?other != ?used)""",
    "IC-17 all measures in a measure cube": """
        { SELECT ?measures (COUNT(?two) AS ?count) WHERE {
            { SELECT ?dsd (COUNT(?used) AS ?measures) WHERE {
                ?dsd qb:component/qb:componentProperty qb:measureType ; qb:component/qb:componentProperty ?used .
                ?used a qb:MeasureProperty } GROUP BY ?dsd }
            ?one qb:dataSet/qb:structure ?dsd ; qb:dataSet ?set . ?two qb:dataSet ?set
            FILTER NOT EXISTS {
                ?dsd qb:component/qb:componentProperty ?dim . ?dim a qb:DimensionProperty FILTER(?dim != qb:measureType)
                ?one ?dim ?first . ?two ?dim ?second FILTER(?first != ?second) }
        } GROUP BY ?one ?measures HAVING(COUNT(?two) != ?measures) }""",
    "IC-18 data sets and slices agree": """
        ?set qb:slice/qb:observation ?o FILTER NOT EXISTS { ?o qb:dataSet ?set }""",
    "IC-19a codes are of the concept scheme": f"""
        ?o qb:dataSet ?set . {DIMENSION} ?dim qb:codeList ?list . ?list a skos:ConceptScheme . ?o ?dim ?value
        FILTER NOT EXISTS {{ ?value a skos:Concept ; skos:inScheme ?list }}""",
    "IC-19b codes are of the collection": f"""
        ?o qb:dataSet ?set . {DIMENSION} ?dim qb:codeList ?list . ?list a skos:Collection . ?o ?dim ?value
        FILTER NOT EXISTS {{ ?value a skos:Concept . ?list skos:member+ ?value }}""",
    # IC-20 and IC-21 are templates for hierarchical code lists that name a parent-child property.
    "IC-20, IC-21 no hierarchy of codes but SKOS": "?list a qb:HierarchicalCodeList",
}
CHOSEN = {"coverage": {"scheme": "csa", "language": "en"}, "coverage-by-term": {"scheme": "csa"}}


def wrong(data: str, words: str) -> list[str]:
    store = ox.Store()
    store.load((data + words).encode(), ox.RdfFormat.N_TRIPLES)
    return [name for name, asked in CONSTRAINTS.items() if store.query(f"{PREFIXES} ASK {{ {asked} }}")]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    return words_in(tmp_path_factory.mktemp("ontology"))


@pytest.fixture(scope="module")
def figures(words: Words, tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance = random.Random(5)
    state = changed(changed(State(), 0, chance), 1, chance)
    return figures_of(state, tmp_path_factory.mktemp("figures"), words)


@pytest.fixture(scope="module")
def lists(words: Words) -> str:
    return "".join(words.graphs.values())


@pytest.mark.parametrize("name", cube.cubes())
def test_a_cube_is_well_formed(figures: Path, lists: str, name: str) -> None:
    data = cube.dataset(figures, name, small.IRIS, CHOSEN.get(name))
    _, rows = tables.read(figures, name, CHOSEN.get(name))
    observations = re.findall(rf"^<(\S+)> \S+ <{QB}Observation> \.$", data, re.M)
    assert len(observations) == len(set(observations)) == len(rows) > 0
    assert wrong(data, lists) == []


BROKEN = {
    "IC-1": (rf"^(<\S+> <{QB}dataSet> )<\S+> \.\n", ""),
    "IC-2": (rf"^(<\S+> <{QB}structure> )<\S+> \.\n", ""),
    "IC-3": (rf"^<\S+> \S+ <{QB}MeasureProperty> \.\n", ""),
    "IC-4": (rf"^<{CUBE}academy> <http://www.w3.org/2000/01/rdf-schema#range> \S+ \.\n", ""),
    "IC-5": (rf"^<\S+> <{QB}codeList> \S+ \.\n", ""),
    "IC-6": (rf"^(<\S+/dimension/academy> )<{QB}order> .* \.\n", rf'\1<{QB}componentRequired> "false"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n'),
    "IC-11": (rf"^<\S+> <{CUBE}language> \S+ \.\n", ""),
    "IC-12": (rf"(<{CUBE}academy>) <\S+>", rf"\1 <{MA}one>"),
    "IC-13": (rf"^<\S+> <{CUBE}cellState> \S+ \.\n", ""),
    "IC-14": (rf"^<\S+> <{CUBE}found> \S+ \.\n", ""),
    "IC-19a": (r"/id/concept/csa/", "/id/concept/verdict/"),
}  # fmt: skip


@pytest.mark.parametrize("constraint", BROKEN)
def test_a_cube_that_is_not_well_formed_is_seen(figures: Path, lists: str, constraint: str) -> None:
    data = cube.dataset(figures, "coverage", small.IRIS, CHOSEN["coverage"])
    broken = re.sub(*BROKEN[constraint], data, flags=re.M)
    assert broken != data
    assert constraint in {name.split(" ")[0] for name in wrong(broken, lists)}


def test_all_that_cubes_use_is_described_in_three_languages(figures: Path) -> None:
    store = ox.Store()
    store.load((ROOT / "ontology/cube.ttl").read_bytes(), ox.RdfFormat.TURTLE)
    store.load(
        "".join(cube.dataset(figures, name, small.IRIS) for name in cube.cubes()).encode(), ox.RdfFormat.N_TRIPLES
    )
    used = store.query(f"PREFIX qb: <{QB}> SELECT DISTINCT ?used WHERE {{ [] qb:componentProperty ?used }}")
    assert isinstance(used, ox.QuerySolutions)
    names = {row["used"].value for row in used}  # type: ignore[union-attr]
    own = {name for name in names if name.startswith(CUBE)}
    assert own and not {
        name for name in names - own if not name.startswith(("http://purl.org/linked-data/sdmx/", small.BASE))
    }
    label, comment, kind, ranged = (
        ox.NamedNode(f"http://www.w3.org/2000/01/rdf-schema#{name}")
        for name in ("label", "comment", "isDefinedBy", "range")
    )
    for name in map(ox.NamedNode, sorted(own)):
        for slot in (label, comment):
            told = [quad.object.language for quad in store.quads_for_pattern(name, slot, None)]  # type: ignore[union-attr]
            assert sorted(told, key=str) == ["en", "es", "fr"], name
        assert list(store.quads_for_pattern(name, kind, None))
        # What a cube says of a component is what its description says.
        assert len(list(store.quads_for_pattern(name, ranged, None))) == 1, name
    described = {quad.subject.value for quad in store.quads_for_pattern(None, kind, None)}  # type: ignore[union-attr]
    assert described == own | {CUBE + "term"}


def test_an_observation_keeps_its_address_and_says_what_is_not_known(figures: Path) -> None:
    data = cube.dataset(figures, "coverage", small.IRIS, {"scheme": "csa", "academy": "northland", "language": "fr"})
    node = f"<{small.BASE}/id/observation/coverage-csa/1.3/fr/northland>"
    lines = {line.split(" ", 2)[1]: line.split(" ", 2)[2] for line in data.splitlines() if line.startswith(node)}
    _, rows = tables.read(figures, "coverage", {"scheme": "csa", "academy": "northland", "language": "fr"})
    (row,) = (row for row in rows if row[1] == "1.3")
    assert lines[f"<{CUBE}found>"] == f'"{row[5]}"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    states = set(re.findall(r"/id/concept/cell-state/([a-z-]+)>", data))
    assert states <= {"found", "none-found", "not-enough-described"} and states
    for name in ("none", "../figures"):
        with pytest.raises(NoSuchTable):
            cube.dataset(figures, name, small.IRIS)


def test_addresses_lead_to_what_they_are_made_of() -> None:
    assert cube.located("overlap") == ("overlap", {})
    assert cube.located("coverage-by-term-gsbpm", ["sp-5.4"]) == ("coverage-by-term", {"scheme": "gsbpm"})
    chosen = {"scheme": "csa", "language": "fr", "academy": "insee"}
    assert cube.located("coverage-csa", ["1.3", "fr", "insee"]) == ("coverage", chosen)
    assert cube.located("alone", ["insee", "und"]) == ("alone", {"academy": "insee"})
    assert cube.located("reused-works", ["resource", "a", "b"]) == ("reused-works", {})
    for name, parts in (("coverage", []), ("none", []), ("overlap", ["a"]), ("growth", ["a", "b", "c"])):
        with pytest.raises(NoSuchTable):
            cube.located(name, parts)


def test_a_cube_is_served_where_its_table_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = small.build(tmp_path)
    wanted = set(ox.parse(cube.dataset(release / "figures", "overlap", small.IRIS), ox.RdfFormat.N_TRIPLES))
    with TestClient(create_app(Settings(data=tmp_path))) as client:
        for suffix, form in (
            ("ttl", ox.RdfFormat.TURTLE),
            ("nt", ox.RdfFormat.N_TRIPLES),
            ("rdf", ox.RdfFormat.RDF_XML),
        ):
            answer = client.get(f"/q/overlap.{suffix}")
            assert answer.status_code == 200 and set(ox.parse(answer.content, form)) == wanted
        chosen = client.get("/q/overlap?academy=southland", headers={"Accept": "text/turtle"})
        assert chosen.headers["content-type"].startswith("text/turtle") and "/northland/southland/" not in chosen.text
        assert client.get("/q/coverage.ttl?scheme=csa").text.count("a qb:Observation") == 2 * 3 * 3
        assert client.get("/q/without-licence.ttl").status_code == 404
        for address in {one.subject.value for one in wanted} | {
            one.object.value for one in wanted if one.predicate.value == QB + "component"
        }:
            if address.startswith(small.BASE):
                led = client.get(address.removeprefix(small.BASE), headers={"Accept": "text/turtle"})
                assert led.status_code == 200 and f"<{address}>" in led.text, address
        monkeypatch.setattr(stored_answers, "OBSERVATIONS", 1)
        long = client.get("/q/coverage.ttl?scheme=csa&language=en")
        assert long.status_code == 400 and "narrow them by a parameter" in long.json()["detail"]
