"""DataCite → profile: kernels, wrappers, controlled lists, places; real records; whatever else comes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from registry.crosswalk import where
from registry.crosswalk.datacite import terms
from registry.iris import DCAT, DCTERMS, SCHEMA
from registry.terms import Iri, Literal
from tests.support.rich_records import codes, got, mapped, names, place, record, said

KERNEL = "http://datacite.org/schema/kernel-4"


def datacite(inner, **feed):
    return mapped("datacite", record(f'<resource xmlns="{KERNEL}">{inner}</resource>'), **feed)


@pytest.mark.parametrize(
    ("wrapped", "kernel"),
    [
        ('<resource xmlns="http://datacite.org/schema/kernel-3">{}</resource>', "kernel-3"),
        ('<d:resource xmlns:d="http://datacite.org/schema/kernel-4"><d:titles><d:title>T</d:title></d:titles></d:resource>', "kernel-4"),
        ('<oai_datacite xmlns="http://schema.datacite.org/oai/oai-1.1/"><schemaVersion>4</schemaVersion><payload>'
         '<resource xmlns="http://datacite.org/schema/kernel-4">{}</resource></payload></oai_datacite>', "kernel-4"),
        ('<oai_datacite xmlns="http://schema.datacite.org/oai/oai-1.0/"><resource>{}</resource></oai_datacite>', "kernel-4"),
    ],
)  # fmt: skip
def test_kernels_and_wrappers(wrapped, kernel):
    result = mapped("datacite", record(wrapped.replace("{}", "<titles><title>T</title></titles>")))
    assert said(result, "name") == ["T@und"] and not codes(result)
    assert said(result, DCTERMS + "conformsTo", "https://registry.example/id/record/f/k1") == [kernel]


def test_titles():
    result = datacite('<titles><title titleType="AlternativeTitle">A</title><title xml:lang="en">T</title>'
                      '<title xml:lang="fr" titleType="TranslatedTitle">U</title><title xml:lang="en">V</title></titles>')  # fmt: skip
    assert said(result, "name") == ["T@en", "U@fr"] and said(result, "alternateName") == ["V@en", "A@und"]
    assert said(datacite('<titles><title titleType="Other">O</title></titles>'), "name") == ["O@und"]


def test_agents():
    result = datacite(
        "<creators><creator><creatorName>Doe, Jo</creatorName><nameIdentifier nameIdentifierScheme='ORCID'>"
        "0000-0002-1825-0097</nameIdentifier><affiliation>Uni, mail@example.org</affiliation></creator>"
        "<creator><creatorName nameType='Organizational'>Data Team</creatorName><nameIdentifier nameIdentifierScheme='ROR'>"
        "https://ror.org/03vek6s52</nameIdentifier></creator><creator><givenName>Al</givenName><familyName>Bo</familyName>"
        "</creator><creator><creatorName>(:unkn)</creatorName></creator><creator><creatorName>Doe, Jo</creatorName></creator>"
        "</creators><publisher>Example Academy</publisher><contributors><contributor contributorType='Translator'>"
        "<contributorName>Tra Duc</contributorName></contributor><contributor contributorType='ContactPerson'>"
        "<contributorName>Secret</contributorName></contributor></contributors><fundingReferences><fundingReference>"
        "<funderName>Fund</funderName><awardTitle>Z</awardTitle></fundingReference></fundingReferences>"
    )
    assert names(result, "author") == [("Doe, Jo", "Person"), ("Data Team", "Organization"), ("Al Bo", "Person")]
    assert names(result, "translator") == [("Tra Duc", "Person")] and names(result, "funder") == [
        ("Fund", "Organization")
    ]
    assert got(result, "publisher") == ["https://registry.example/id/agent/a"] and codes(result) == ["xml-email"]
    first, second, _ = got(result, "author")
    assert got(result, "identifier", first) == ["https://orcid.org/0000-0002-1825-0097"]
    assert got(result, "identifier", second) == ["https://ror.org/03vek6s52"]
    assert said(result, "name", got(result, "affiliation", first)[0]) == ["Uni"]
    assert not any("Secret" in str(o) for _, _, o, _ in result.triples)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ('<date dateType="Issued">2020-02-01</date>', {"datePublished": "2020-02-01"}),
        ('<date dateType="Available">2020-02</date>', {"datePublished": "2020-02"}),
        ("", {"datePublished": "2019"}),
        ('<date dateType="Updated">2021</date><date dateType="Updated">2020</date>', {"dateModified": "2021", "datePublished": "2019"}),
        ('<date dateType="Created">2016-2018</date>', {"dateCreated": "2016", "datePublished": "2019"}),
        ('<date dateType="Created">2016-01-02/2018-01-02</date>', {"dateCreated": "2016-01-02", "datePublished": "2019"}),
        ('<date dateType="Withdrawn">2022</date>', {"creativeWorkStatus": "archived", "datePublished": "2019"}),
    ],
)  # fmt: skip
def test_dates(dates, expected):
    result = datacite(f"<publicationYear>2019</publicationYear><dates>{dates}</dates>")
    found = {name: said(result, name)[0] for name in ("datePublished", "dateCreated", "dateModified", "creativeWorkStatus")
             if got(result, name)}  # fmt: skip
    assert found == expected


def test_an_event_takes_place():
    result = datacite('<resourceType resourceTypeGeneral="Event">Summer school</resourceType><publicationYear>2024'
                      '</publicationYear><dates><date dateType="Other">2024-07-01/2024-07-05</date></dates>')  # fmt: skip
    types = said(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    assert types[:2] == ["dcat#Resource", "EducationEvent"] and not got(result, "learningResourceType")
    assert (said(result, "startDate"), said(result, "endDate")) == (["2024-07-01"], ["2024-07-05"])


@pytest.mark.parametrize(
    ("general", "words", "notation"),
    [
        ("Text", "Lesson", "lesson"), ("Audiovisual", "", "video"), ("Presentation", "", "slides"),
        ("InteractiveResource", "Course", "course"), ("Poster", "Poster", "slides"), ("ComputationalNotebook", "", "tutorial"),
        ("Other", "Other/Tutorial", "tutorial"), ("Software", "", "software-demo"),
    ],
)  # fmt: skip
def test_types(general, words, notation):
    result = datacite(f'<resourceType resourceTypeGeneral="{general}">{words}</resourceType>')
    assert said(result, "learningResourceType") == [notation] and not codes(result)


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [("IsPartOf", SCHEMA + "isPartOf"), ("HasPart", SCHEMA + "hasPart"), ("IsNewVersionOf", DCAT + "previousVersion"),
     ("HasVersion", DCAT + "hasVersion"), ("IsVersionOf", DCTERMS + "isVersionOf"), ("IsDerivedFrom", SCHEMA + "isBasedOn"),
     ("IsTranslationOf", SCHEMA + "translationOfWork"), ("HasTranslation", SCHEMA + "workTranslation"),
     ("IsIdenticalTo", SCHEMA + "sameAs"), ("Cites", SCHEMA + "citation"), ("IsVariantFormOf", DCTERMS + "relation")],
)  # fmt: skip
def test_relations(kind, predicate):
    one = f'<relatedIdentifier relatedIdentifierType="DOI" relationType="{kind}">10.1234/x</relatedIdentifier>'
    result = datacite(f"<relatedIdentifiers>{one}</relatedIdentifiers>")
    assert got(result, predicate) == [Iri("https://doi.org/10.1234/x")] and not codes(result)


@pytest.mark.parametrize(
    ("kind", "text", "address"),
    [("arXiv", "arXiv:2101.00001", "https://arxiv.org/abs/2101.00001"), ("Handle", "123/4", "https://hdl.handle.net/123/4"),
     ("ISBN", "978-1-23-456789-7", "urn:isbn:9781234567897"), ("URN", "urn:nbn:de:1", "urn:nbn:de:1"),
     ("ARK", "ark:/12345/x", "https://n2t.net/ark:/12345/x"), ("URL", "www.b.example/1", "https://www.b.example/1"),
     ("bibcode", "2020A&amp;A", None)],
)  # fmt: skip
def test_kinds_of_identifiers(kind, text, address):
    one = f'<relatedIdentifier relatedIdentifierType="{kind}" relationType="IsPartOf">{text}</relatedIdentifier>'
    result = datacite(f"<relatedIdentifiers>{one}</relatedIdentifiers>")
    assert got(result, "isPartOf") == [Iri(address) if address else Literal("2020A&A")]
    assert codes(result) == ([] if address else ["xml-relation"])


def test_rights_pages_and_texts():
    result = datacite(
        '<identifier identifierType="DOI">10.1234/A</identifier><alternateIdentifiers><alternateIdentifier '
        'alternateIdentifierType="URL">https://a.example/1</alternateIdentifier></alternateIdentifiers><rightsList>'
        '<rights rightsIdentifier="mit"/><rights rightsURI="info:eu-repo/semantics/restrictedAccess"/><rights>Licence ouverte '
        "maison</rights></rightsList><descriptions><description descriptionType='Other'>long long text</description>"
        "<description descriptionType='Abstract'>a&lt;b&gt;b&lt;/b&gt;</description></descriptions>"
        '<subjects><subject valueURI="https://registry.example/id/concept/gsbpm/sp-5.4">x</subject>'
        '<subject>R; Git</subject><subject subjectScheme="DDC">310</subject></subjects>'
    )
    assert got(result, "url") == ["https://a.example/1"] and got(result, "identifier") == ["https://doi.org/10.1234/a"]
    assert said(result, "license") == ["MIT", "Licence ouverte maison"]
    assert said(result, "description") == ["ab@und"] and said(result, "abstract") == ["long long text@und"]
    assert said(result, "about") == ["sp-5.4"] and said(result, "keywords") == ["R@und", "Git@und"]
    assert sorted(codes(result)) == ["xml-html", "xml-license", "xml-rights"]
    assert place(result, "url").endswith("/datacite:alternateIdentifiers/datacite:alternateIdentifier")


def test_the_controlled_lists_are_whole():
    """All values of kernel 4.7 have a meaning here."""
    kinds = Counter(attribute for attribute, _ in terms())
    assert kinds["relationType"] >= 39 and kinds["resourceTypeGeneral"] >= 34 and kinds["contributorType"] >= 23
    places = where("datacite")
    for name in ("name", "description", "inLanguage", "license", "about", "keywords", "author", "datePublished", "url",
                 "learningResourceType"):  # fmt: skip
        assert places[SCHEMA + name].startswith("/record/metadata/datacite:resource/datacite:"), name


def test_real_records(shared):
    counts = Counter()
    folder = shared / "data" / "oai-pmh"
    for file in sorted(folder.rglob("*.xml")):
        body = file.read_bytes()
        if b"datacite.org/schema" not in body or b"ListMetadataFormats>" in body:
            continue
        root = etree.fromstring(body)
        records = [root] if etree.QName(root).localname == "record" else list(root.iter("{*}record")) or [root]
        for one in records:
            result = mapped("datacite", etree.tostring(one))
            counts["records"] += 1
            counts.update(set(codes(result)))
            for name in ("name", "author", "datePublished", "learningResourceType", "url"):
                counts[name] += bool(got(result, name))
    print(dict(counts))
    assert counts["records"] >= 80 and counts["name"] >= counts["records"] - 2
    assert counts["author"] >= 80 and counts["datePublished"] >= 80 and counts["xml-unread"] <= 2


ELEMENTS = ["identifier", "creators", "creator", "creatorName", "nameIdentifier", "titles", "title", "publisher", "dates",
            "date", "subjects", "subject", "resourceType", "rightsList", "rights", "relatedIdentifiers", "relatedItems",
            "relatedItem", "relatedIdentifier", "descriptions", "description", "formats", "format", "sizes", "size"]  # fmt: skip
ATTRIBUTES = st.sampled_from(["", ' dateType="Issued"', ' relationType="IsPartOf"', ' identifierType="DOI"', ' xml:lang="en"',
                              ' resourceTypeGeneral="Event"', ' nameIdentifierScheme="ROR"', ' rightsURI="x"'])  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(["10.1234/x", "2020/2021", "/", "2020-01-01/2020-01-02", "(:unav)", "https://", " a@example.org ", "1 MB"]),
    st.text(st.characters(exclude_characters="<>&\x00", exclude_categories=("Cs", "Cc")), max_size=20),
)  # fmt: skip
TREES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, attribute, parts: f"<{name}{attribute}>{''.join(parts)}</{name}>",
        st.sampled_from(ELEMENTS), ATTRIBUTES, st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(TREES, max_size=6))
def test_anything_that_is_xml_is_mapped(parts):
    assert got(datacite("".join(parts)), "provider")
