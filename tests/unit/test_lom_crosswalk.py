"""LOM → profile: its spellings, vocabularies, vCards, places; real examples; whatever else comes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.crosswalk import where
from registry.crosswalk.lom_read import Card, vcard
from registry.iris import DCAT, DCTERMS, PROV, SCHEMA
from registry.terms import Iri
from tests.support.rich_records import codes, got, mapped, names, place, record, said

LOM = "http://ltsc.ieee.org/xsd/LOM"


def lom(inner, **feed):
    return mapped("lom", record(f'<lom xmlns="{LOM}">{inner}</lom>'), **feed)


def value(element, word, source="LOMv1.0"):
    return f"<{element}><source>{source}</source><value>{word}</value></{element}>"


def general(inner):
    return f"<general>{inner}</general>"


@pytest.mark.parametrize(
    "title",
    [
        '<title><string language="fre">Calage</string></title>',
        '<title><langstring xml:lang="fr">Calage</langstring></title>',
        '<title><langString xml:lang="fr-FR">Calage</langString></title>',
        '<title xml:lang="fr">Calage</title>',
        "<title>Calage</title><language>fr</language>",
        '<TITLE><String Language="french" language="fr">Calage</String></TITLE>',
    ],
)
def test_a_title_in_each_of_its_spellings(title):
    assert said(lom(general(title)), "name")[0].removesuffix("-fr") == "Calage@fr"


@pytest.mark.parametrize(
    "wrapped",
    [
        '<lom xmlns="http://www.imsglobal.org/xsd/imsmd_v1p2">{}</lom>',
        '<x:lom xmlns:x="http://ltsc.ieee.org/xsd/LOMv1p0"><x:general><x:title><x:string>T</x:string></x:title></x:general></x:lom>',
        '<metadata xmlns="https://www.oerbw.de/hsoerlom"><lom>{}</lom></metadata>',
        "<LOM>{}</LOM>",
    ],
)
def test_a_lom_in_each_of_its_wrappings(wrapped):
    inner = general("<title><string>T</string></title>")
    assert said(mapped("lom", record(wrapped.replace("{}", inner))), "name") == ["T@und"]
    assert said(mapped("lom", wrapped.replace("{}", inner).encode()), "name") == ["T@und"]


def test_languages_that_say_none():
    result = lom(general('<title><string language="x-none">T</string></title><language>none</language>'
                         "<language>xx</language>"), language="es")  # fmt: skip
    assert said(result, "name") == ["T@es"] and not got(result, "inLanguage") and not codes(result)
    told = lom(general('<title><string language="klingonish">T</string></title><language>fr_CA</language>'))
    assert said(told, "inLanguage") == ["fr-CA"] and codes(told) == ["xml-lang"]
    both = lom(general("<title><string>T</string></title><language>fr</language>")
               + "<metaMetadata><language>en</language></metaMetadata>")  # fmt: skip
    assert said(both, "name") == ["T@en"], "texts are in the language of the description"


@pytest.mark.parametrize(
    ("element", "word", "source", "name", "meant"),
    [
        ("learningResourceType", "lecture", "LOMv1.0", "learningResourceType", "lesson"),
        ("learningResourceType", "narrative text", "LOMv1.0", "learningResourceType", "manual"),
        ("learningResourceType", "étude de cas", "LOMFRv1.0", "learningResourceType", "case-study"),
        ("learningResourceType", "cours / présentation", "ScoLOMFRv1.0", "learningResourceType", "lesson"),
        ("learningResourceType", "énoncé de problème", "LOMFRv1.0", "learningResourceType", "exercise"),
        ("intendedEndUserRole", "manager", "LOMv1.0", "audience", "middle-manager"),
        ("intendedEndUserRole", "enseignant", "LOMFRv1.0", "audience", "trainer"),
        ("difficulty", "very easy", "LOMv1.0", "educationalLevel", "basic"),
        ("difficulty", "medium", "LOMv1.0", "educationalLevel", "intermediate"),
        ("difficulty", "très difficile", "LOMFRv1.0", "educationalLevel", "advanced"),
        ("interactivityType", "Mixed", "LOMv1.0", "interactivityType", "mixed"),
        ("context", "enseignement supérieur", "LOM-FRv1.0", "keywords", "enseignement supérieur@fr"),
        ("context", "training", "LOMv1.0", "keywords", "training@en"),
    ],
)
def test_educational_vocabularies(element, word, source, name, meant):
    result = lom(f"<educational>{value(element, word, source)}</educational>")
    assert said(result, name) == [meant] and not codes(result)


def test_values_of_no_list_keep_their_word():
    result = lom("<educational>" + value("learningResourceType", "gizmo") + value("difficulty", "spicy")
                 + value("context", "other") + "</educational>")  # fmt: skip
    assert said(result, "learningResourceType") == ["gizmo"] and said(result, "educationalLevel") == ["spicy"]
    assert codes(result) == ["xml-value", "xml-value"] and not got(result, "keywords")
    assert place(result, "educationalLevel").endswith("/lom:educational/lom:difficulty")
    own = lom(
        f"<educational>{value('learningResourceType', 'gizmo')}</educational>", values={"type": {"gizmo": "video"}}
    )
    assert said(own, "learningResourceType") == ["video"]


@pytest.mark.parametrize(("level", "kinds"), [("1", ["LearningResource"]), ("3", ["LearningResource", "Course"]),
                                              ("niveau 4", ["LearningResource", "Course"])])  # fmt: skip
def test_aggregation_level(level, kinds):
    result = lom(general(value("aggregationLevel", level)))
    types = said(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    assert types[1:] == kinds and bool(got(result, "learningResourceType")) is (len(kinds) == 2)


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\nN:Doe;Jo\nFN:Jo Doe\nEMAIL:j@example.org\nEND:VCARD", Card("Jo Doe", "Person")),
        ("BEGIN:VCARD VERSION:3.0 N:Doe;Jo;;; FN:Jo Doe TEL;TYPE=work:+1 22 END:VCARD", Card("Jo Doe", "Person")),
        ("begin:vcard\nfn:Jo\n Doe\nn:Doe;Jo\nend:vcard", Card("JoDoe", "Person")),
        ("\n   BEGIN:VCARD\n   KIND:org\n   FN:Institute\n   URL:https://ror.org/03a1kwz48\n   END:VCARD\n",
         Card("Institute", "Organization", (), ("https://ror.org/03a1kwz48",))),
        ("BEGIN:VCARD\nFN:\nN:\nORG:Office\\, of statistics;Unit\nEND:VCARD", Card("Office, of statistics", "Organization")),
        ("BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=A9 Ba\nN:Ba;Zoe\nORG:U\nEND:VCARD",
         Card("Zoé Ba", "Person", ("U",))),
        ("BEGIN:VCARD\nN:Doe\\;x;Jo\nEND:VCARD", Card("Jo Doe;x", "Person")),
        ("Doe, Jo", Card("Doe, Jo", "")),
        ("BEGIN:VCARD\nEMAIL:j@example.org\nEND:VCARD", None),
        ("BEGIN:VCARD END:VCARD", None),
        ("   ", None),
    ],
)  # fmt: skip
def test_vcards(text, card):
    assert vcard(text) == card


def test_roles_dates_and_no_mail():
    def contribute(role, card, date=""):
        return f"<contribute>{value('role', role)}<entity>{card}</entity>{date}</contribute>"

    day = "<date><dateTime>2020-05-0{}</dateTime>{}</date>"
    result = lom("<lifeCycle>" + contribute("author", "BEGIN:VCARD\nFN:Jo Doe\nN:Doe;Jo\nEMAIL:j@example.org\nEND:VCARD",
                                            day.format(1, ""))
                 + contribute("publisher", "Example Academy", day.format(2, ""))
                 + contribute("éditeur", "BEGIN:VCARD\nORG:Press\nFN:Press\nEND:VCARD")
                 + contribute("editor", "j@example.org",
                              day.format(3, "<description><string>Modified</string></description>"))
                 + contribute("technical validator", "Val Idator") + "</lifeCycle>")  # fmt: skip
    assert names(result, "author") == [("Jo Doe", "Person")]
    assert got(result, "publisher")[0] == "https://registry.example/id/agent/a"
    assert [said(result, "name", one) for one in got(result, "publisher")[1:]] == [["Press"]]
    assert names(result, "contributor") == [("Val Idator", "Person")] and codes(result) == ["xml-email"]
    dates = [said(result, f"date{kind}")[0] for kind in ("Created", "Published", "Modified")]
    assert dates == ["2020-05-01", "2020-05-02", "2020-05-03"]


@pytest.mark.parametrize(
    ("inner", "name", "meant"),
    [
        (value("cost", "yes"), "isAccessibleForFree", "false"),
        (value("cost", "non"), "isAccessibleForFree", "true"),
        (value("cost", "gratuit"), "isAccessibleForFree", "true"),
        ("<description><string language='x-t-cc-url'> https://creativecommons.org/licenses/by-sa/4.0 </string></description>",
         "license", "CC-BY-SA-4.0"),
        (value("copyrightAndOtherRestrictions", "cc by 4.0"), "license", "CC-BY-4.0"),
        ("<description><string>accès libre</string></description>", "conditionsOfAccess", "open"),
    ],
)  # fmt: skip
def test_rights(inner, name, meant):
    result = lom(f"<rights>{value('copyrightAndOtherRestrictions', 'yes')}{inner}</rights>")
    assert said(result, name) == [meant] and not codes(result)


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [("ispartof", SCHEMA + "isPartOf"), ("HasPart", SCHEMA + "hasPart"), ("est la traduction de", SCHEMA + "translationOfWork"),
     ("isbasedon", SCHEMA + "isBasedOn"), ("isversionof", DCAT + "previousVersion"), ("references", DCTERMS + "relation"),
     ("requires", SCHEMA + "coursePrerequisites"), ("a pour vignette", SCHEMA + "image")],
)  # fmt: skip
def test_relations(kind, predicate):
    identifier = "<identifier><catalog>URI</catalog><entry>https://b.example/1</entry></identifier>"
    result = lom(f"<relation>{value('kind', kind)}<resource>{identifier}</resource></relation>")
    assert got(result, predicate) == [Iri("https://b.example/1")] and not codes(result)
    assert codes(lom(f"<relation>{value('kind', 'loves')}<resource>{identifier}</resource></relation>")) == [
        "lom-relation"
    ]


def test_files_and_pages():
    identifier = "<identifier><catalog>URI</catalog><entry>https://a.example/page</entry></identifier>"
    file = "<technical><format>application/pdf</format><size>99</size><location>https://a.example/f.pdf</location></technical>"
    page = "<technical><location>https://a.example/course</location><location>room 3</location></technical>"
    first = lom(general(identifier) + file)
    assert got(first, "url") == ["https://a.example/page"]
    assert said(first, "contentUrl", got(first, "encoding")[0]) == ["f.pdf"]
    second = lom(general(identifier) + page)
    assert got(second, "url") == ["https://a.example/course"] and got(second, "identifier") == [
        "https://a.example/page"
    ]
    assert codes(second) == ["lom-location"] and got(lom(file), "url") == ["https://a.example/f.pdf"]


def test_what_is_not_read_is_told_once_and_what_is_ignored_is_not():
    ignored = "<metaMetadata><contribute><entity>X</entity></contribute></metaMetadata><annotation><entity>Y</entity></annotation>"
    result = lom(ignored + "<extra>1</extra><extra>2</extra><general>stray<colour>red</colour></general>")
    assert sorted((issue.code, issue.value) for issue in result.issues) == [
        ("xml-unread", "1"), ("xml-unread", "red"), ("xml-unread", "strayred")
    ]  # fmt: skip


def test_origin_is_kept():
    about = ('<about><provenance xmlns="http://www.openarchives.org/OAI/2.0/provenance"><originDescription>'
             "<baseURL>https://b.example/oai</baseURL><identifier>oai:b:1</identifier></originDescription></provenance></about>")  # fmt: skip
    result = mapped("lom", record(f'<lom xmlns="{LOM}"/>', about))
    assert got(result, PROV + "wasDerivedFrom", "https://registry.example/id/record/f/k1") == [
        "https://b.example/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:b:1"
    ]


@pytest.mark.parametrize("form", ["lom", "datacite", "mods"])
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "xml-unreadable"),
        (b"<record><open></record>", "xml-unreadable"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><record>&a;</record>', "xml-unreadable"),
        (b"<record><metadata><dc/></metadata></record>", "-not-"),
        (b"<record/>", "-not-"),
    ],
)
def test_unreadable_payloads(form, payload, code):
    result = mapped(form, payload)
    assert len(result.issues) == 1 and code in codes(result)[0] and not result.triples


def test_places_where_a_missing_value_would_stand():
    places = where("lom")
    for name in ("name", "description", "inLanguage", "license", "about", "educationalLevel", "audience", "teaches", "url",
                 "isAccessibleForFree", "timeRequired", "keywords", "author", "datePublished"):  # fmt: skip
        assert places[SCHEMA + name].startswith("/record/metadata/lom:lom/lom:"), name


def test_real_examples(shared):
    counts = Counter()
    for file in sorted((shared / "data" / "lom" / "hs-oer" / "raw").glob("*/examples/*.xml")):
        result = mapped("lom", file.read_bytes())
        counts["files"] += 1
        counts.update(set(codes(result)))
        if not file.name.startswith("datetime"):  # fragments without one root element
            assert result.triples, file
        if file.name.startswith("full"):
            for name in ("name", "description", "keywords", "license", "author", "identifier"):
                assert got(result, name), (file, name)
    print(dict(counts))
    assert counts["files"] == 49 and counts["xml-unreadable"] == 5 and not counts["xml-unread"]


ELEMENTS = st.sampled_from(
    "lom general title string langstring language identifier catalog entry lifeCycle contribute role entity vcard date "
    "dateTime technical format location duration educational learningResourceType source value difficulty context "
    "typicalLearningTime rights cost description relation kind resource classification purpose taxonPath taxon id".split()
)
WORDS = st.one_of(
    st.sampled_from(["BEGIN:VCARD\nFN:a\nEND:VCARD", "author", "LOMv1.0", "yes", "https://a.example/1", "10.1234/x",
                     "PT1H", "2020-13-45", "discipline", "<br/>", "&lt;p&gt;", "en", " a@example.org "]),
    st.text(st.characters(exclude_characters="<>&\x00", exclude_categories=("Cs", "Cc")), max_size=20),
)  # fmt: skip
TREES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", ELEMENTS, st.lists(inner, max_size=5)
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TREES, max_size=6))
def test_anything_that_is_xml_is_mapped(parts):
    result = lom("".join(parts))
    assert got(result, "provider")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_card_or_none(text):
    card = vcard("BEGIN:VCARD\n" + text)
    assert card is None or card.name
