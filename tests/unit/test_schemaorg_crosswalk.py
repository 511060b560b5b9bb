"""schema.org → profile: the rows of the crosswalk, their places and issues, and hostile values."""

import json
import random

import pytest

from harvesters.web_extract import extract
from registry import messages
from registry.crosswalk import load, values, where
from registry.crosswalk.base import MapContext
from registry.crosswalk.schemaorg_read import ignored
from registry.iris import DCAT, DCTERMS, RDF_TYPE, SCHEMA, Iris, owns
from registry.model import Academy, Feed, RawRecord
from registry.terms import XSD, Iri, Literal, is_iri, text, to_ntriples

BASE = "https://registry.example"
URL = "https://office.example/course/1"
IRIS = Iris(BASE)
SUBJECTS = {"gsbpm": {"Edit and impute": "sp-5.4"}, "work-status": {"Active": "active"}}
ACADEMY = Academy(
    "oes",
    {"en": "Office of Example Statistics"},
    "https://office.example",
    acronym="OES",
    ror="https://ror.org/012345678",
)


def context(**feed):
    entry = Feed("f", "oes", "web_pages", "https://office.example/sitemap.xml", **feed)
    return MapContext(ACADEMY, entry, IRIS, values.load(IRIS, entry, SUBJECTS))


class Result:
    def __init__(self, mapped):
        self.mapped, self.resource = mapped, mapped.resource
        known = messages.load()
        for issue in mapped.issues:
            said = known[issue.code]
            assert "{" not in messages.fill(said.text["en"] + said.mend["en"], issue).replace(issue.value, "")

    def __getitem__(self, name):
        path, _, name = name.rpartition(" ")
        subject = f"{self.resource}/{path}" if path else self.resource
        predicate = name if ":" in name else SCHEMA + name
        return [o for s, p, o, _ in self.mapped.triples if s == subject and p == predicate]

    def place(self, name):
        return next(w for s, p, _, w in self.mapped.triples if s == self.resource and p == SCHEMA + name)

    @property
    def issues(self):
        return [(issue.code.removeprefix("schemaorg-"), issue.place, issue.value) for issue in self.mapped.issues]

    @property
    def codes(self):
        return [code for code, _, _ in self.issues]


def mapped(kind="Course", lang="en", feed=None, context_of="https://schema.org", **node):
    block = json.dumps({"@context": context_of, "@type": kind, "name": "N", **node})
    page = f'<html lang="{lang}"><script type="application/ld+json">{block}</script></html>'
    found = extract(page.encode(), URL, types=["VideoObject", "Book"]).found[0]
    record = RawRecord("k", found.payload, "application/ld+json", "schemaorg", URL)
    return Result(load("schemaorg")(record, context(**feed or {})))


def kinds(result, path=""):
    return {o.rpartition("/")[2].rpartition("#")[2] for o in result[f"{path} {RDF_TYPE}".strip()]}


def concept(scheme, notation):
    return IRIS.concept(scheme, notation)


def test_types():
    assert kinds(mapped()) == {"Resource", "LearningResource", "Course"}
    assert mapped()["learningResourceType"] == [concept("resource-type", "course")]
    assert kinds(mapped("https://schema.org/Course")) == {"Resource", "LearningResource", "Course"}
    assert kinds(mapped(["LearningResource", "VideoObject"])) == {"Resource", "LearningResource", "VideoObject"}
    assert kinds(mapped("EducationEvent", startDate="2025-01-01")) == {"Resource", "EducationEvent"}
    assert kinds(mapped("Event", startDate="2025-01-01", teaches="R")) == {"Resource", "EducationEvent"}
    assert kinds(mapped("LearningResource", learningResourceType="workshop", startDate="2025-01-01")) == {
        "Resource",
        "EducationEvent",
    }
    assert kinds(mapped("LearningResource", learningResourceType="slides")) == {
        "Resource",
        "LearningResource",
        "PresentationDigitalDocument",
    }
    assert mapped(["Course", "Kurs"]).issues == [("unknown-type", "script[1]/@type", "Kurs")]


def test_language_of_texts():
    assert mapped(lang="fr-CA")["name"] == [text("N", "fr-ca")]
    assert mapped(inLanguage="es")["name"] == [text("N", "es")]
    assert mapped(inLanguage=["es", "de"])["name"] == [text("N", "en")]
    assert mapped(lang="", feed={"language": "pt"})["name"] == [text("N", "pt")]
    assert mapped(lang="")["name"] == [text("N", "und")]
    assert mapped(context_of=["https://schema.org", {"@language": "de"}])["name"] == [text("N", "de")]
    assert mapped(name={"@value": "X", "@language": "it"})["name"] == [text("X", "it")]
    both = mapped(name={"en": "A", "fr": "B"})
    assert both["name"] == [text("A", "en"), text("B", "fr")] and both.place("name") == "script[1]/name/en"
    assert mapped(name=["A", "B"])["alternateName"] == [text("B", "en")]


def test_languages():
    result = mapped(
        inLanguage=["English", {"@type": "Language", "name": "French", "alternateName": "fr"}, "Klingonish"]
    )
    assert result["inLanguage"] == [Literal("en"), Literal("fr")]
    assert result.issues == [("language", "script[1]/inLanguage/2", "Klingonish")]


def test_texts_are_plain_and_bounded():
    result = mapped(description="<p>a &amp; b</p>", abstract="y" * 25_000)
    assert result["description"] == [text("a & b", "en")] and len(result["abstract"][0].value) == 20_000
    assert sorted(result.codes) == ["cut", "html"]


def test_addresses():
    assert mapped()["url"] == [Iri(URL)]
    assert mapped(url="/x", mainEntityOfPage={"@id": "https://e.example/y"})["url"] == [
        Iri("https://office.example/x")
    ]
    assert mapped(url=["https://a.example/1", "https://b.example/2"])["sameAs"] == [Iri("https://b.example/2")]
    result = mapped(url="not an address", identifier=["doi:10.1234/AB", {"@type": "PropertyValue", "value": "C-1"}])
    assert result["identifier"] == [Iri("https://doi.org/10.1234/ab"), Literal("C-1")]
    assert result.codes == ["no-address"] and result["url"] == [Iri(URL)]


def test_controlled_values():
    result = mapped(
        learningResourceType={"@type": "DefinedTerm", "name": "tutorial"},
        educationalLevel="https://schema.org/Beginner",
        audience=[
            {"@type": "EducationalAudience", "educationalRole": "student"},
            "trainers",
            {"audienceType": "acrobats"},
        ],
        about=["GSBPM 5.4", {"@id": "http://data.europa.eu/snb/isced-f/0542", "name": "Statistics"}, "Juggling"],
        license={"@type": "CreativeWork", "name": "CC BY", "url": "http://creativecommons.org/licenses/by/4.0/"},
        creativeWorkStatus="Active",
        conditionsOfAccess="by chance",
        courseMode=["online", "self-paced"],
    )
    assert result["learningResourceType"] == [concept("resource-type", "tutorial")]
    assert result["educationalLevel"] == [concept("level", "basic")]
    assert result["audience"] == [concept("audience", "student"), Literal("acrobats"), concept("audience", "trainer")]
    assert result["about"] == [
        concept("gsbpm", "sp-5.4"),
        Iri("http://data.europa.eu/snb/isced-f/0542"),
        Literal("Juggling"),
    ]
    assert result["license"] == [Iri("http://spdx.org/licenses/CC-BY-4.0")]
    assert result["creativeWorkStatus"] == [concept("work-status", "active")]
    assert result["courseMode"] == [concept("modality", "online"), concept("modality", "asynchronous")]
    assert {(code, value) for code, _, value in result.issues} == {
        ("unmapped", "acrobats"), ("unmapped", "Juggling"), ("unmapped", "by chance"),
    }  # fmt: skip


def test_the_feeds_own_values_win():
    result = mapped(educationalLevel="Stufe 3", feed={"values": {"level": {"Stufe 3": "advanced"}}})
    assert result["educationalLevel"] == [concept("level", "advanced")] and result.codes == []


def test_alignments_and_outcomes():
    result = mapped(
        teaches=[
            "plain",
            {"@type": "DefinedTerm", "name": "named", "inDefinedTermSet": "x"},
            "http://data.europa.eu/esco/skill/1",
        ],
        competencyRequired="R",
        coursePrerequisites=[{"@type": "AlignmentObject", "targetName": "SQL"}],
        educationalAlignment=[
            {"@type": "AlignmentObject", "alignmentType": "teaches", "targetName": "aligned"},
            {"@type": "AlignmentObject", "alignmentType": "educationalLevel", "targetName": "advanced"},
            {"@type": "AlignmentObject", "alignmentType": "educationalSubject", "targetName": "Edit and impute"},
        ],
    )
    assert result["teaches"] == [
        text("plain", "en"),
        text("named", "en"),
        Iri("http://data.europa.eu/esco/skill/1"),
        text("aligned", "en"),
    ]
    assert result["competencyRequired"] == [text("R", "en")] and result["coursePrerequisites"] == [text("SQL", "en")]
    assert result["educationalLevel"] == [concept("level", "advanced")] and result["about"] == [
        concept("gsbpm", "sp-5.4")
    ]
    assert result.codes == []


def test_a_videos_length_is_no_learning_time():
    video = mapped(["LearningResource", "VideoObject"], duration="PT12M", contentUrl="/v.mp4")
    assert video["timeRequired"] == [] and video["media/1 duration"] == [Literal("PT12M", XSD + "duration")]
    assert video["media/1 contentUrl"] == [Iri("https://office.example/v.mp4")]
    inside = mapped(video={"@type": "VideoObject", "embedUrl": "https://v.example/1", "duration": "PT3M", "name": "x"})
    assert inside["timeRequired"] == [] and inside["media/1 duration"] and inside.codes == []
    course = mapped(duration="P2D")
    assert course["timeRequired"] == [] and course.codes == ["duration-place"]
    assert mapped(timeRequired="P2W")["timeRequired"] == [Literal("P14D", XSD + "duration")]
    assert mapped(timeRequired="a while").codes == ["duration"]


def test_agents():
    result = mapped(
        author=[{"@type": "Person", "@id": "https://orcid.org/0000-0002-1825-0097", "name": "Ada B",
                 "email": "x@y.example", "affiliation": {"@type": "Organization", "name": "Lab"}}, "Ada B", "Institute of X"],
        provider={"@type": "Organization", "name": "OES"},
        publisher={"@type": "Organization", "@id": "https://ror.org/012345678", "name": "Whatever"},
        sourceOrganization={"@type": "CollegeOrUniversity", "name": "Uni", "url": "https://uni.example"},
        contributor="mail@only.example",
    )  # fmt: skip
    academy = IRIS.academy("oes")
    assert result["provider"] == [academy] and result["publisher"] == [academy]
    first, lab, institute, uni = (Iri(f"{result.resource}/agent/{n}") for n in (1, 2, 3, 4))
    assert result["author"] == [first, institute] and result["sourceOrganization"] == [uni]
    assert result["agent/1 identifier"] == [Iri("https://orcid.org/0000-0002-1825-0097")]
    assert result["agent/1 affiliation"] == [lab] and kinds(result, "agent/1") == {"Person"}
    assert kinds(result, "agent/3") == {"Organization"} and result["agent/4 url"] == [Iri("https://uni.example")]
    assert sorted(result.codes) == ["agent", "email"]
    assert "@" not in "".join(value for _, _, value in result.issues)


RUN = {
    "@type": "CourseInstance",
    "startDate": "2025-03-01T09:00:00+01:00",
    "endDate": "2025-03-02T17:00:00+01:00",
    "courseMode": "onsite",
    "location": {
        "@type": "Place",
        "name": "Room",
        "address": {"@type": "PostalAddress", "addressCountry": {"name": "France"}},
    },
    "offers": {"@type": "Offer", "price": 0, "priceCurrency": "EUR"},
    "instructor": "Ada B",
    "eventStatus": "https://schema.org/EventCancelled",
}


def test_runs():
    result = mapped(hasCourseInstance=[RUN, {"@type": "CourseInstance", "courseSchedule": {"@type": "Schedule", "startDate": "2025-05-01",
                    "repeatFrequency": "P1W"}}, "a date to come"])  # fmt: skip
    one, two = Iri(f"{result.resource}/run/1"), Iri(f"{result.resource}/run/2")
    assert result["hasCourseInstance"] == [one, two] and kinds(result, "run/1") == {"CourseInstance"}
    assert result["run/1 startDate"] == [Literal("2025-03-01T09:00:00+01:00", XSD + "dateTime")]
    assert result["run/1 eventAttendanceMode"] == [Iri(SCHEMA + "OfflineEventAttendanceMode")]
    assert result["run/1 eventStatus"] == [Iri(SCHEMA + "EventCancelled")]
    assert result["run/1 location"] == [Iri(f"{one}/place/1")] and result["run/1/place/1 name"] == [Literal("Room")]
    assert result["run/1/place/1/address addressCountry"] == [Literal("France")]
    assert result["run/1 offers"] == [Iri(f"{one}/offer/1")] and result["run/1/offer/1 price"] == [Literal("0")]
    assert result["run/2 startDate"] == [Literal("2025-05-01", XSD + "date")]
    assert result["isAccessibleForFree"] == [Literal("true", XSD + "boolean")]
    assert result.issues == [("no-run", "script[1]/hasCourseInstance/2", "a date to come")]


def test_a_run_alone_and_a_dated_course():
    for result in (mapped("CourseInstance", startDate="2025-01-01"), mapped("Course", startDate="2025-01-01")):
        assert kinds(result) == {"Resource", "LearningResource", "Course"} and kinds(result, "run/1") == {
            "CourseInstance"
        }
        assert result["run/1 startDate"] and result["startDate"] == []
    assert mapped("CourseInstance", startDate="2025-01-01").codes == ["run-alone"]


def test_events():
    result = mapped(
        "EducationEvent", startDate="2025-01-01", endDate="2025-01-02", duration="PT8H", maximumAttendeeCapacity=20,
        location=[{"@type": "VirtualLocation", "url": "https://m.example"}, "Rome"], organizer={"name": "OES"},
        eventAttendanceMode="MixedEventAttendanceMode", offers={"price": "50", "priceCurrency": "EUR"},
    )  # fmt: skip
    assert result["startDate"] == [Literal("2025-01-01", XSD + "date")] and result["duration"]
    assert [kinds(result, f"place/{n}") for n in (1, 2)] == [{"VirtualLocation"}, {"Place"}]
    assert result["eventAttendanceMode"] == [Iri(SCHEMA + "MixedEventAttendanceMode")]
    assert result["maximumAttendeeCapacity"] == [Literal("20", XSD + "integer")]
    assert result["isAccessibleForFree"] == [Literal("false", XSD + "boolean")] and result.codes == []


@pytest.mark.parametrize(
    ("node", "free"),
    [
        ({"isAccessibleForFree": "https://schema.org/True"}, "true"), ({"isAccessibleForFree": False}, "false"),
        ({"offers": {"price": "0,00 €"}}, "true"), ({"offers": [{"price": 10}, {"price": 0}]}, "true"),
        ({"offers": {"category": "Free"}}, "true"), ({"offers": {"price": 5}, "isAccessibleForFree": True}, "true"), ({}, None),
    ],
)  # fmt: skip
def test_free(node, free):
    assert [value.value for value in mapped(**node)["isAccessibleForFree"]] == ([free] if free else [])


def test_relations():
    result = mapped(
        isBasedOn=[{"@type": "Course", "url": "https://a.example/1", "name": "A"}, "Some book"],
        isPartOf={"@type": "WebSite", "url": "https://office.example/"}, translationOfWork="https://a.example/2",
        hasPart=[{"@type": "Course", "@id": "/c/2", "name": "Two"}], subjectOf="https://a.example/3", recordedAt={"url": "https://a.example/4"},
    )  # fmt: skip
    assert result["isBasedOn"] == [Iri("https://a.example/1"), Literal("Some book")] and result["isPartOf"] == []
    assert result["translationOfWork"] == [Iri("https://a.example/2")] and result["recordedAt"] == [
        Iri("https://a.example/4")
    ]
    assert result["hasPart"] == [Iri("https://office.example/c/2")] and result[DCTERMS + "relation"] == [
        Iri("https://a.example/3")
    ]
    assert result.codes == ["no-address"]
    assert mapped(isBasedOn=URL).codes == ["self"]


def test_the_entry():
    result = mapped(sdLicense="https://creativecommons.org/publicdomain/zero/1.0/", **{"http://purl.org/dc/terms/conformsTo":
                    {"@id": "https://bioschemas.org/profiles/Course/1.0-RELEASE"}})  # fmt: skip
    record = IRIS.record("f", "k")
    said = {(p, o) for s, p, o, _ in result.mapped.triples if s == record}
    assert (DCTERMS + "license", Iri("http://spdx.org/licenses/CC0-1.0")) in said
    assert (DCTERMS + "conformsTo", Iri("https://bioschemas.org/profiles/Course/1.0-RELEASE")) in said
    assert (RDF_TYPE, Iri(DCAT + "CatalogRecord")) in said


def test_what_nobody_maps_is_told_or_ignored_by_name():
    result = mapped(
        aggregateRating={"@type": "AggregateRating", "ratingValue": 5},
        mood="sunny",
        copyrightYear=2020,
        empty="",
        nothing=None,
    )
    assert result.issues == [("unknown-property", "script[1]/mood", "sunny")]
    assert "aggregateRating" in ignored() and "name" not in ignored()


def test_every_profile_property_has_a_place():
    places = where("schemaorg")
    for name in (
        "name",
        "description",
        "license",
        "about",
        "educationalLevel",
        "audience",
        "startDate",
        "hasCourseInstance",
    ):
        assert places[SCHEMA + name] == name


def test_microdata_places():
    body = '<html lang="en"><div itemscope itemtype="http://schema.org/Course"><p itemprop="name">A</p><p itemprop="keywords">x</p>' \
           '<p itemprop="keywords">y</p></div></html>'  # fmt: skip
    found = extract(body.encode(), URL).found[0]
    result = load("schemaorg")(RawRecord("k", found.payload, "application/ld+json", "schemaorg", URL), context())
    places = [where for _, p, _, where in result.triples if p == SCHEMA + "keywords"]
    assert places == ["itemscope[1]/itemprop keywords", "itemscope[1]/itemprop keywords[2]"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"node": 1}', b"\xff", b"[" * 100_000])
def test_a_payload_without_a_description_gives_an_issue(payload):
    result = load("schemaorg")(RawRecord("k", payload, "application/ld+json", "schemaorg", URL), context())
    assert result.triples == () and [issue.code for issue in result.issues] == ["schemaorg-unreadable"]


ATOMS = ["", "x", None, 0, 1.5, True, "2024-01-01", "http://[bad", "https://e.example/a b", "//x", "http://x.example/é", "PT4H",
         "a@b.example", "\ud800", "_:b", "#x", "10.1234/abc", "https://schema.org/OnlineEventAttendanceMode", "x" * 30_000, "<b>x</b>",
         "en", [], {}, "orcid.org/0000-0002-1825-0097", -1, 10**30, "urn:x:y", "http://x.example/{a}|b", "٣", "1;2;3"]  # fmt: skip
WORDS = sorted(name.rpartition("/")[2] for name in where("schemaorg")) + [
    "name",
    "url",
    "@id",
    "@value",
    "@language",
    "en",
    "fr",
]


def junk(chance, depth=0):
    drawn = chance.random()
    if drawn < 0.5 or depth > 3:
        return chance.choice(ATOMS)
    if drawn < 0.65:
        return [junk(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    node = {chance.choice(WORDS): junk(chance, depth + 1) for _ in range(chance.randint(0, 6))}
    node["@type"] = chance.choice(
        ["Person", "Organization", "Place", "Offer", "CourseInstance", "Schedule", ["VideoObject"], 5, None, {}]
    )
    return node


def test_hostile_values_never_raise_nor_leave_the_resource():
    chance = random.Random(20250301)
    record, known = IRIS.record("f", "k"), messages.load()
    for _ in range(250):
        node = {name: junk(chance) for name in chance.sample(WORDS, 15) if not name.startswith("@")}
        node |= {
            "@context": "https://schema.org",
            "@type": chance.choice(["Course", "EducationEvent", "CourseInstance"]),
        }
        page = f'<html><script type="application/ld+json">{json.dumps(node)}</script></html>'
        for found in extract(page.encode(), URL).found:
            raw = RawRecord("k", found.payload, "application/ld+json", "schemaorg", URL)
            result = load("schemaorg")(raw, context())
            for s, p, o, _ in result.triples:
                assert (owns(result.resource, s) or s == record) and is_iri(s) and is_iri(p)
                assert is_iri(o) if isinstance(o, Iri) else len(o.value) <= 20_000
            assert all(issue.code in known and len(issue.value) <= 300 for issue in (*found.issues, *result.issues))
            again = load("schemaorg")(raw, context())
            assert to_ntriples(t[:3] for t in result.triples) == to_ntriples(t[:3] for t in again.triples)


def test_one_time_and_one_day_are_both_kept_as_days():
    result = mapped("EducationEvent", startDate="2024-07-11T10:30:00+01:00", endDate="2024-07-13")
    assert result["startDate"] == [Literal("2024-07-11", XSD + "date")]
    assert result["endDate"] == [Literal("2024-07-13", XSD + "date")]
    assert result.place("startDate").endswith("startDate") and "date-kinds" in result.codes
    run = {"@type": "CourseInstance", "startDate": "2024-07-11", "endDate": "2024-07-11T17:00"}
    assert mapped("Course", hasCourseInstance=run)["run/1 endDate"] == [Literal("2024-07-11", XSD + "date")]


def test_a_json_document_in_amb():
    """Its id is the resource's address; concepts have an id and labels by language."""
    node = {
        "@context": ["https://w3id.org/kim/amb/context.jsonld", {"@language": "de"}],
        "id": "https://oer.example/os", "type": ["LearningResource"], "name": "Betriebssysteme",
        "about": [{"id": "https://w3id.org/kim/hochschulfaechersystematik/n079", "prefLabel": {"de": "Informatik"}}],
        "audience": [{"id": "http://purl.org/dcx/lrmi-vocabs/educationalAudienceRole/student",
                      "prefLabel": {"de": "Lernende"}}],
    }  # fmt: skip
    found = extract(json.dumps(node).encode(), URL, "application/ld+json").found[0]
    result = Result(load("schemaorg")(RawRecord("k", found.payload, "x", "schemaorg", URL), context()))
    assert result["url"] == [Iri("https://oer.example/os")]
    assert result["about"] == [Literal("Informatik")]
    assert result["audience"] == [concept("audience", "student")]
    assert "unknown-property" not in result.codes
