"""AMB's own rules as findings at the right JSON pointer, on the profile's examples and on our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import crosswalk
from registry.crosswalk.amb_rules import check
from registry.iris import SCHEMA
from registry.terms import Iri
from tests.support.json_feed import codes, mapped
from tests.unit.test_amb_harvest import course

# One finding (at least) that each example of a fault must give, by the name of its file.
EXPECTED = {
    "Mozilla-Public-License": ("amb-license", "/license/id"),
    "about": ("amb-vocabulary", "/about/0/id"),
    "affiliationWithoutName": ("amb-missing", "/publisher/0/affiliation/name"),
    "assessesWithoutURI": ("amb-no-id", "/assesses/0/id"),
    "captionInMultipleLanguages": ("amb-language-code", "/caption/inLanguage"),
    "captionWithoutArray": ("amb-not-list", "/caption"),
    "competencyRequiredAsObject": ("amb-not-list", "/competencyRequired"),
    "conceptWithMonolingualLabels": ("amb-label", "/about/0/prefLabel"),
    "conditionsOfAccessStringInsteadObject": ("amb-not-object", "/conditionsOfAccess"),
    "contentSizeAndBitRateWithUnits": ("amb-number", "/encoding/1/bitrate"),
    "educationalLevelWithWrongID": ("amb-vocabulary", "/educationalLevel/0/id"),
    "funderInvalidType": ("amb-part-type", "/funder/0/type"),
    "inLanguageWithoutArray": ("amb-not-list", "/inLanguage"),
    "interactivityType": ("amb-no-id", "/interactivityType/id"),
    "invalidAboutConceptUri": ("amb-vocabulary", "/about/0/id"),
    "isAccessibleForFree": ("amb-boolean", "/isAccessibleForFree"),
    "isBasedOn": ("amb-not-list", "/isBasedOn"),
    "isBasedOn_noArray": ("amb-not-list", "/isBasedOn"),
    "isBasedOn_noIdOrName": ("amb-no-id-or-name", "/isBasedOn/0/id"),
    "keywordWithoutArray": ("amb-not-list", "/keywords"),
    "learningResourceType-wihtout-any-valid-id": ("amb-vocabulary", "/learningResourceType/0/id"),
    "license-as-string": ("amb-not-object", "/license"),
    "lrtWithoutArray": ("amb-not-list", "/learningResourceType"),
    "mainEntityOf": ("amb-not-list", "/mainEntityOfPage"),
    "mainEntityOfPageInvalidType": ("amb-part-type", "/mainEntityOfPage/0/type"),
    "missingDefaultLanguage": ("amb-no-language", "/@context"),
    "missingDefaultLanguage2": ("amb-no-language", "/@context"),
    "noContext": ("amb-no-context", "/@context"),
    "partWithoutId": ("amb-no-id", "/hasPart/0/id"),
    "teachesWithoutLocalizedPrefLabel": ("amb-label", "/teaches/0/prefLabel"),
    "typeAsURI": ("amb-type", "/type/1"),
    "typeWithoutArray": ("amb-not-list", "/type"),
    "typeWithoutLearningResource": ("amb-no-learning-resource", "/type"),
    "videoWithoutUrls": ("amb-no-file", "/encoding/0/contentUrl"),
    "wrongContextLink": ("amb-context", "/@context"),
    "wrongDateTime": ("amb-date", "/mainEntityOfPage/0/dateCreated"),
    "wrongDefaultLanguageTag": ("amb-language-code", "/@context/1/@language"),
    "wrongDuration": ("amb-duration", "/duration"),
}


def pointed(data: object, place: str) -> None:
    """A pointer leads to a value, or its last step is what is missing in an object."""
    steps = place.split("/")[1:]
    for number, step in enumerate(steps):
        if isinstance(data, list):
            data = data[int(step)]
        else:
            assert isinstance(data, dict), place
            if step not in data:
                assert number == len(steps) - 1, place
                return
            data = data[step]


def test_each_fault_of_the_profiles_examples_is_named_at_its_place(shared: Path) -> None:
    files = sorted((shared / "data/amb/dini/raw").glob("*/examples/invalid/*.json"))
    assert len(files) >= 70 and {file.stem for file in files} == set(EXPECTED)
    for file in files:
        data = json.loads(file.read_text("utf-8"))
        result = mapped("amb", data)
        assert EXPECTED[file.stem] in codes(result.issues), file
        assert result.triples, file
        for issue in result.issues:
            pointed(data, issue.place)


def test_valid_examples_give_no_finding_of_the_rules(shared: Path) -> None:
    files = sorted((shared / "data/amb/dini/raw").glob("*/examples/valid/*.json"))
    assert len(files) >= 60
    for file in files:
        result = mapped("amb", json.loads(file.read_text("utf-8")))
        assert [issue for issue in result.issues if issue.code.startswith("amb-")] == [], file
        assert (result.resource, Iri(SCHEMA + "name")) in {(s, p) for s, p, _, _ in result.triples}, file


def objects(data: object, predicate: str, **feed: object) -> set[str]:
    result = mapped("amb", data, **feed)
    return {str(o.value if hasattr(o, "value") else o) for s, p, o, _ in result.triples if p == SCHEMA + predicate}


def test_one_language_speaks_for_all_texts() -> None:
    languages = {o.language for _, _, o, _ in mapped("amb", course(1, description="D", inLanguage=["fr"])).triples
                 if getattr(o, "language", None)}  # fmt: skip
    assert languages == {"en"}
    plain = {**course(1), "@context": "https://w3id.org/kim/amb/context.jsonld", "inLanguage": ["fr"]}
    assert {o.language for _, _, o, _ in mapped("amb", plain).triples if getattr(o, "language", None)} == {"fr"}


def test_the_feeds_own_meanings_count() -> None:
    level = [{"id": "https://w3id.org/kim/educationalLevel/level_06"}]
    assert objects(course(1, educationalLevel=level), "educationalLevel") == set()
    own = {"level": {"https://w3id.org/kim/educationalLevel/level_06": "intermediate"}}
    assert objects(course(1, educationalLevel=level), "educationalLevel", values=own) == {
        "https://registry.example/id/concept/level/intermediate"
    }


def test_a_subject_of_a_german_classification_is_a_keyword_unless_the_feed_says_more() -> None:
    subject = [{"id": "https://w3id.org/kim/hochschulfaechersystematik/n237", "prefLabel": {"de": "Statistik"}}]
    assert objects(course(1, about=subject), "about") == set()
    assert objects(course(1, about=subject), "keywords") == {"Statistik"}
    other = [{"id": "https://w3id.org/elsewhere/1", "prefLabel": {"en": "Bread"}}, *subject]
    assert objects(course(1, about=other), "about") == {"Bread"}


def test_jsonld_spelling_of_id_and_type_is_read_too() -> None:
    data = {"@context": course(1)["@context"], "@id": "https://doi.org/10.5072/A.b", "@type": ["LearningResource", "schema:Course"],
            "name": "N"}  # fmt: skip
    result = mapped("amb", data)
    assert codes(result.issues) == [("amb-type", "/@type/1")]
    assert objects(data, "identifier") == {"https://doi.org/10.5072/a.b"}
    assert objects(data, "learningResourceType") == {"https://registry.example/id/concept/resource-type/course"}


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"[" * 3000, b'"x"', b"\xff"])
def test_a_payload_that_is_none(payload: bytes) -> None:
    result = mapped("amb", payload)
    assert result.triples == () and codes(result.issues) == [("amb-unreadable", "")]


def test_a_value_that_is_not_mapped_is_told_even_where_a_rule_was_broken() -> None:
    found = codes(
        mapped("amb", course(1, audience={"id": "https://e.example/who", "prefLabel": {"en": "Bakers"}})).issues
    )
    assert found == [("amb-not-list", "/audience"), ("schemaorg-unmapped", "/audience")]


def test_findings_are_bounded_and_hold_no_address_of_a_person() -> None:
    found = check(course(1, creator=[f"a{n}@b.example" for n in range(500)]))
    assert len(found) == 100 and not any("@" in issue.value for issue in found)


def test_every_property_that_the_shapes_ask_for_has_a_place() -> None:
    places = crosswalk.where("amb")
    assert {
        f"{SCHEMA}{name}" for name in ("name", "url", "description", "license", "about", "startDate", "location")
    } <= set(places)
    assert all(place.startswith("/") for place in places.values())
