"""MODS → profile: titles, names, dates, relations, places; whatever else comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.crosswalk import where
from registry.iris import DCAT, DCTERMS, SCHEMA
from registry.terms import Iri
from tests.support.rich_records import codes, got, mapped, names, record, said


def mods(inner, **feed):
    return mapped("mods", record(f'<mods xmlns="http://www.loc.gov/mods/v3">{inner}</mods>'), **feed)


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        ("<title>T</title>", "T"), ("<nonSort>The</nonSort><title>R book</title>", "The R book"),
        ("<nonSort>L'</nonSort><title>enquête</title>", "L'enquête"),
        ("<title>T :</title><subTitle>s</subTitle>", "T: s"), ("<title>T /</title>", "T"), ("<title>T /</title><subTitle>s</subTitle>", "T: s"),
        ("<title>And/or</title>", "And/or"), ("<title>T.</title><partNumber>2</partNumber>", "T. 2"),
    ],
)  # fmt: skip
def test_titles(inner, name):
    assert said(mods(f"<titleInfo>{inner}</titleInfo>"), "name") == [f"{name}@und"]


def test_other_titles_and_languages():
    result = mods('<titleInfo type="alternative"><title>A</title></titleInfo><titleInfo><title>T</title></titleInfo>'
                  '<titleInfo type="translated" lang="fre"><title>U</title></titleInfo><language><languageTerm '
                  'type="code">eng</languageTerm><languageTerm type="text">English</languageTerm></language>')  # fmt: skip
    assert said(result, "name") == ["T@en", "U@fr"] and said(result, "alternateName") == ["A@en"]
    assert said(result, "inLanguage") == ["en"]
    several = mods("<titleInfo><title>T</title></titleInfo><language><languageTerm>eng</languageTerm></language><language>"
                   "<languageTerm>Klingonish</languageTerm></language>")  # fmt: skip
    assert codes(several) == ["xml-language"]


def test_names():
    result = mods(
        '<name type="personal"><namePart type="family">Doe</namePart><namePart type="given">Jo</namePart><role><roleTerm>aut'
        '</roleTerm></role><nameIdentifier type="orcid">0000-0002-1825-0097</nameIdentifier></name>'
        "<name><namePart>Roe, Al, 1950-2001</namePart></name><name><namePart>Team mail@example.org</namePart><role><roleTerm>"
        'trl</roleTerm></role></name><name type="corporate"><namePart>Office</namePart><role><roleTerm>juggler</roleTerm></role>'
        "</name><originInfo><publisher>Press</publisher></originInfo>"
    )
    assert names(result, "author") == [("Doe, Jo", "Person"), ("Roe, Al", "Person")]
    assert names(result, "translator") == [("Team", "Organization")]
    assert names(result, "contributor") == [("Office", "Organization")]
    assert names(result, "publisher") == [("Press", "Organization")]
    assert sorted(codes(result)) == ["mods-role", "xml-email"]


def test_dates():
    result = mods('<originInfo><dateIssued>[2019?]</dateIssued><dateIssued keyDate="yes">2020-03</dateIssued>'
                  "<dateModified>2021</dateModified><dateModified>2022</dateModified><copyrightDate>c2018</copyrightDate>"
                  "</originInfo>")  # fmt: skip
    assert said(result, "datePublished") == ["2020-03"] and said(result, "dateModified") == ["2022"]
    event = mods('<genre>conference event</genre><originInfo><dateOther point="start">2024-07-01</dateOther>'
                 '<dateOther point="end">2024-07-03</dateOther></originInfo>')  # fmt: skip
    assert (said(event, "startDate"), said(event, "endDate")) == (["2024-07-01"], ["2024-07-03"])
    assert "EducationEvent" in said(event, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@pytest.mark.parametrize(
    ("inner", "notation"),
    [("<genre>handbook</genre><typeOfResource>text</typeOfResource>", ["handbook-textbook"]),
     ("<typeOfResource>moving image</typeOfResource>", ["video"]), ("<genre>article</genre><typeOfResource>text</typeOfResource>", ["manual"]),
     ("<genre>zine</genre>", ["zine"])],
)  # fmt: skip
def test_types(inner, notation):
    assert said(mods(inner), "learningResourceType") == notation


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [("host", SCHEMA + "isPartOf"), ("series", SCHEMA + "isPartOf"), ("constituent", SCHEMA + "hasPart"),
     ("original", SCHEMA + "isBasedOn"), ("preceding", DCAT + "previousVersion"), ("otherVersion", DCAT + "hasVersion"),
     ("references", SCHEMA + "citation"), ("succeeding", DCTERMS + "relation"), ("", DCTERMS + "relation")],
)  # fmt: skip
def test_relations(kind, predicate):
    result = mods(f'<relatedItem type="{kind}"><identifier type="doi">10.1234/x</identifier></relatedItem>')
    assert got(result, predicate) == [Iri("https://doi.org/10.1234/x")] and not codes(result)


def test_an_isbn_with_words_about_the_print():
    result = mods('<identifier type="isbn">978-92-1-100000-1 (pbk.)</identifier>')
    assert got(result, "identifier") == [Iri("urn:isbn:9789211000001")]


def test_pages_rights_and_subjects():
    result = mods(
        '<location><url>https://a.example/file</url><url usage="primary">https://a.example/1</url><url access="preview">'
        'https://a.example/p.png</url></location><identifier type="hdl">1/2</identifier><identifier invalid="yes">old</identifier>'
        '<accessCondition>CC BY 4.0</accessCondition><subject><topic>R</topic><topic valueURI="https://registry.example/id/'
        'concept/gsbpm/sp-5.4">e</topic></subject><subject>Git</subject><note>n</note><note type="funding">f</note>'
        "<targetAudience>beginners</targetAudience><targetAudience>adult</targetAudience><extension>z</extension>"
    )
    assert got(result, "url") == ["https://a.example/1"] and got(result, "thumbnailUrl") == ["https://a.example/p.png"]
    assert got(result, "identifier") == ["https://hdl.handle.net/1/2", "https://a.example/file"]
    assert said(result, "license") == ["CC-BY-4.0"] and said(result, "about") == ["sp-5.4"]
    assert said(result, "keywords") == ["R@und", "Git@und"] and said(result, "description") == ["n@und"]
    assert (
        said(result, "educationalLevel") == ["basic"] and said(result, "audience") == ["student"] and not codes(result)
    )


def test_places_where_a_missing_value_would_stand():
    places = where("mods")
    for name in (
        "name",
        "description",
        "inLanguage",
        "license",
        "about",
        "audience",
        "author",
        "datePublished",
        "url",
    ):
        assert places[SCHEMA + name].startswith("/record/metadata/mods:mods/mods:"), name


ELEMENTS = st.sampled_from(
    "titleInfo title name namePart role roleTerm originInfo dateIssued dateOther language languageTerm subject topic "
    "relatedItem identifier location url accessCondition recordInfo note abstract physicalDescription genre".split()
)
ATTRIBUTES = st.sampled_from(["", ' type="family"', ' point="end"', ' usage="primary"', ' type="hdl"', ' lang="zz"'])
WORDS = st.one_of(
    st.sampled_from(["event", "2020-01-01", "[c19?]", "https://[", " a@example.org ", "10.1/"]),
    st.text(st.characters(exclude_characters="<>&\x00", exclude_categories=("Cs", "Cc")), max_size=20),
)
TREES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, attribute, parts: f"<{name}{attribute}>{''.join(parts)}</{name}>",
        ELEMENTS, ATTRIBUTES, st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(TREES, max_size=6))
def test_anything_that_is_xml_is_mapped(parts):
    assert got(mods("".join(parts)), "provider")
