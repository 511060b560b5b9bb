"""Files of frameworks: SKOS and tables as people keep them, and what is refused, each in one sentence."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import DCTERMS, RDF, SKOS, Graph, URIRef

from registry import vocabulary
from registry.frameworks.terms import BadFramework
from registry.pipeline import scheme
from registry.pipeline.house import ROOT

BASE = "https://registry.example"
TURTLE = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dc: <http://purl.org/dc/terms/> .
<https://skills.example/s> a skos:ConceptScheme ; dc:title "Skills"@en, "Compétences"@fr .
<https://skills.example/s/A> a skos:Concept ; skos:inScheme <https://skills.example/s> ;
  skos:notation "A" ; skos:prefLabel "Asking"@en, "Demander"@fr, "Preguntar"@es ; skos:narrower <https://skills.example/s/B> .
<https://skills.example/s/B> a skos:Concept ; skos:inScheme <https://skills.example/s> ;
  skos:prefLabel "Asking \\"twice\\" <b>x</b>"@en ; skos:altLabel "again"@en ; skos:definition "Mail a.b@example.org"@en ;
  skos:closeMatch <https://other.example/1> .
"""


def add(tmp_path: Path, content: str | bytes, file_name: str = "f.ttl", **more: Any) -> Graph:
    file = tmp_path / file_name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    made = scheme.add(tmp_path / "schemes", file, **{"name": "fw", **more})
    return Graph().parse(made.file, format="turtle", publicID=BASE + "/")


def concept(code: str) -> URIRef:
    return URIRef(f"{BASE}/id/concept/fw/{code}")


FORMS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}


@pytest.mark.parametrize("ending", FORMS)
def test_skos_in_every_form_gives_the_same_file(tmp_path: Path, ending: str) -> None:
    text = Graph().parse(data=TURTLE, format="turtle").serialize(format=FORMS[ending])
    graph = add(tmp_path, text, f"f.{ending}")
    assert graph.value(concept("A"), SKOS.exactMatch) == URIRef("https://skills.example/s/A")
    assert set(graph.objects(concept("B"), SKOS.broader)) == {concept("A")}
    assert str(graph.value(concept("B"), SKOS.prefLabel)) == 'Asking "twice" x'
    assert "@" not in str(graph.value(concept("B"), SKOS.definition))
    assert {str(x) for x in graph.objects(URIRef(f"{BASE}/id/scheme/fw"), DCTERMS.title)} == {"Skills", "Compétences"}
    other = add(tmp_path, TURTLE, "g.ttl", replace_=True)
    assert (tmp_path / "schemes" / "fw.ttl").exists() and set(graph) == set(other)


def test_what_is_written_is_read_as_a_scheme_of_ours(tmp_path: Path) -> None:
    add(tmp_path, TURTLE, titles=["Mine@en"], rank=2)
    folders = [ROOT / "ontology", tmp_path / "schemes"]
    known = vocabulary.schemes(folders, BASE)
    assert (known["fw"].role, known["fw"].rank, known["fw"].title["en"]) == ("subject", 2, "Mine")
    assert dict(known["fw"].broader) == {"A": (), "B": ("A",)}
    found = vocabulary.lookup(folders, BASE)["fw"]
    assert found["https://skills.example/s/B"] == found["again"] == found["fw b" if "fw b" in found else "b"] == "B"


def test_a_file_keeps_the_rules_of_the_lists(tmp_path: Path) -> None:
    from pyshacl import validate

    graph = add(tmp_path, TURTLE)
    shapes = Graph().parse(ROOT / "shapes" / "vocabulary.ttl", format="turtle", publicID=BASE + "/")
    _, report, _ = validate(graph, shacl_graph=shapes)
    failing = {
        str(x).rsplit("#", 1)[-1] for x in report.objects(None, URIRef("http://www.w3.org/ns/shacl#sourceShape"))
    }
    # Only names in the other languages may be missing.
    assert failing <= {"VOC-label-en", "VOC-label-fr", "VOC-label-es"} and failing


TABLES = {
    "comma": "code,label_en,label_fr,level\n1,One,Un,1\n1.1,Inner,Dedans,2\n2,Two,Deux,1\n2.1,Other,Autre,2\n",
    "semicolon": "Skills 2024\n\nCode;Label (en);Label (fr);Parent\n1;One;Un;\n1.1;Inner;Dedans;1\n2;Two;Deux;\n2.1;Other;Autre;2\n",
    "long": "code\tlanguage\tlabel\tbroader\n1\ten\tOne\t\n1\tfr\tUn\t\n1.1\ten\tInner\t1\n1.1\tfr\tDedans\t\n"
            "2\ten\tTwo\t\n2\tfr\tDeux\t\n2.1\ten\tOther\t2\n2.1\tfr\tAutre\t\n",
}  # fmt: skip


@pytest.mark.parametrize("form", [*TABLES, "workbook"])
def test_tables_as_people_keep_them(tmp_path: Path, form: str) -> None:
    body: str | bytes
    if form == "workbook":
        book = openpyxl.Workbook()
        book.active.append(["A list of skills"])
        sheet = book.create_sheet("Terms")
        for line in TABLES["comma"].splitlines():
            sheet.append(line.split(","))
        stream = io.BytesIO()
        book.save(stream)
        body = stream.getvalue()
    else:
        body = TABLES[form]
    graph = add(tmp_path, body, "t.xlsx" if form == "workbook" else "t.csv")
    assert len(set(graph.subjects(RDF.type, SKOS.Concept))) == 4
    assert set(graph.objects(concept("1.1"), SKOS.broader)) == {concept("1")}
    assert set(graph.objects(concept("2.1"), SKOS.broader)) == {concept("2")}
    assert {str(x) for x in graph.objects(concept("2"), SKOS.prefLabel)} == {"Two", "Deux"}


def test_levels_of_ones_own_name_ours(tmp_path: Path) -> None:
    graph = add(tmp_path, "code,label,close_match\n1,New,basic\n2,Able,gsbpm:5.3\n", "t.csv", role="level")
    assert graph.value(concept("1"), SKOS.closeMatch) == URIRef(f"{BASE}/id/concept/level/basic")
    assert vocabulary.schemes(tmp_path / "schemes", BASE)["fw"].levels == {"1": "basic"}
    with pytest.raises(BadFramework, match="no step says which level"):
        add(tmp_path, "code,label\n1,New\n", "t.csv", role="level", name="fx")


LOOP = "code,label,broader\na,A,b\nb,B,c\nc,C,a\n"
BAD = [
    ("t.csv", LOOP, "stand under themselves: a → b → c → a"), ("t.csv", "code,label\n1,A\n1,B\n", "two rows have the code"),
    ("t.csv", "code,label\na b,A\na-b,B\n", "two terms have the code"), ("t.csv", "code,label\nA,x\na,y\n", "two terms"),
    ("t.csv", "code,label,broader\n1,A,9\n", "stands under '9', which is not in the list"),
    ("t.csv", "code,label\n,A\n", "row 2 has no code"), ("t.csv", "code,label\n1,\n", "has no name"),
    ("t.csv", "name,year\nx,1\n", "column of codes"), ("t.csv", "", "is empty"), ("t.csv", "code,label\n", "no terms in it"),
    ("t.csv", "code,label\n数,X\n", "neither a letter nor a digit"), ("f.ttl", "<a> <b> .", "nothing is a skos:Concept"),
    ("f.ttl", "@prefix x: <http://x.example/> . x:a x:b x:c .", "nothing is a skos:Concept"),
    ("f.rdf", '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
              '22-rdf-syntax-ns#"><rdf:Description>&a;</rdf:Description></rdf:RDF>', ""),
    ("f.jsonld", '{"@context": "https://far.example/context", "@type": "Concept"}', "skos:Concept"),
    ("t.csv", "%PDF-1.7 x", ""), ("f.ttl", "<html><body>no</body></html>", ""),
    ("t.csv", "code,label\n" + "".join(f"c{n},N\n" for n in range(5001)), "5000 is the most"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "why"), BAD)
def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, name: str, content: str, why: str) -> None:
    with pytest.raises(BadFramework) as refused:
        add(tmp_path, content, name)
    assert why in str(refused.value) and "\n" not in str(refused.value) and len(str(refused.value)) < 400
    assert not list((tmp_path / "schemes").glob("*")) if (tmp_path / "schemes").exists() else True


def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheme, "MAX_BYTES", 100)
    with pytest.raises(BadFramework, match="larger than"):
        add(tmp_path, "x" * 101, "t.csv")
    with pytest.raises(BadFramework, match="No such file"):
        scheme.add(tmp_path, tmp_path / "missing.csv", name="fw")


@pytest.mark.parametrize(
    "name", ["gsbpm", "ma", "A b", "../x", "x", "level", "title", "9lives", "a" * 40, "skills", "about"]
)
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFramework):
        add(tmp_path, TURTLE, name=name)


def test_hostile_strings_do_no_harm(tmp_path: Path) -> None:
    nasty = 'x" ; a <http://evil.example/> . <id/scheme/gsbpm> <b> "'
    rows = f'code,label,definition,close_match,alt_labels\n1,"{nasty.replace(chr(34), chr(34) * 2)}","=cmd()\n<script>x</script>",javascript:alert(1),a\\b|\x00\n'
    graph = add(tmp_path, rows, "t.csv")
    subjects = {str(subject) for subject in graph.subjects()}
    assert subjects == {f"{BASE}/id/scheme/fw", f"{BASE}/id/concept/fw/1"}
    assert "script" not in str(graph.value(concept("1"), SKOS.definition))
    assert graph.value(concept("1"), SKOS.closeMatch) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda s: ("code,label,broader,level\n" + s).encode("utf-8", "replace")),
        st.lists(
            st.tuples(st.sampled_from("abcd12."), st.text(max_size=5), st.sampled_from("abcd12.")), max_size=6
        ).map(
            lambda rows: ("code,label,broader\n" + "\n".join(",".join(row) for row in rows)).encode("utf-8", "replace")
        ),
        st.text(max_size=200).map(lambda s: (TURTLE + s).encode("utf-8", "replace")),
    ),
    st.sampled_from(["f.ttl", "f.rdf", "f.jsonld", "t.csv", "t.xlsx", "noend"]),
)
def test_any_bytes_are_a_framework_or_refused(tmp_path: Path, body: bytes, name: str) -> None:
    try:
        graph = add(tmp_path, body, name, replace_=True)
    except BadFramework as refused:
        assert str(refused)
    else:
        assert set(graph.subjects(RDF.type, SKOS.Concept))
