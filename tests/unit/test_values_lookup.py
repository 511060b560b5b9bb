"""Value tables: what each spelling means, and that nothing is guessed."""

from __future__ import annotations

import pytest

from registry import crosswalk
from registry.crosswalk import values as tables
from registry.crosswalk.values import SCHEME_TABLES, Values, load, types_for
from registry.iris import SCHEMA, SPDX, Iris
from registry.model import Feed

BASE = "https://registry.example"
VOCABULARY = {
    "gsbpm": {
        "sp-5.4": "sp-5.4", "Edit and impute": "sp-5.4", "Corregir e imputar": "sp-5.4", "sp-5.1": "sp-5.1",
        "Integrate data": "sp-5.1", "ph-5": "ph-5", "Process": "ph-5",
        "http://id.unece.org/activities/subProcess/5.4": "sp-5.4",
    },
    "gamso": {"act-3.8": "act-3.8", "Manage human resources": "act-3.8"},
    "csa": {"1.3": "1.3", "Labour": "1.3"},
}  # fmt: skip


@pytest.fixture(scope="module")
def values() -> Values:
    own = {"level": {"Initiation ++": "basic"}, "license": {"libre": "CC-BY-4.0"}, "language": {"franglais": "fr"}}
    return load(Iris(BASE), Feed("f", "a", "table", "https://x.example/", values=own), VOCABULARY)


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("en", "en"), ("ENG", "en"), ("fre", "fr"), ("fr_CA", "fr-CA"), ("fr-ca.UTF-8", "fr-CA"), ("English", "en"),
        ("français", "fr"), ("Deutsch", "de"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("日本語", "ja"),
        ("English (UK)", "en"), ("Українська", "uk"), ("fil", "fil"), ("iw", "he"), ("franglais", "fr"),
        ("http://publications.europa.eu/resource/authority/language/FRA", "fr"),
        ("en-t-de-t0-mtec", "en"), ("pt-BR-u-co-phonebk", "pt-BR"), ("fr-x-office", "fr"), ("de-CH-1996-t-en-m0-un", "de-CH-1996"),
        ("en-t", None), ("x-office", None),
        ("http://id.loc.gov/vocabulary/iso639-2/spa", "es"),
        ("xx", None), ("und", None), ("mul", None), ("zxx", None), ("none", None), ("jp", None), ("", None),
        ("https://example.org/language/FRA", None), ("English and French", None), ("e", None),
    ],
)  # fmt: skip
def test_language(values: Values, given: str, tag: str | None) -> None:
    assert values.language(given) == tag


@pytest.mark.parametrize(
    ("given", "licence"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"), ("cc-by-4.0", "CC-BY-4.0"), ("CC BY 4.0", "CC-BY-4.0"), ("CC-BY 4.0", "CC-BY-4.0"),
        ("CC BY-NC-SA 3.0 IGO", "CC-BY-NC-SA-3.0-IGO"), ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution 4.0 International (CC BY 4.0)", "CC-BY-4.0"),
        ("Creative Commons Attribution - Pas d'Utilisation Commerciale - Partage dans les Mêmes Conditions 4.0 International",
         "CC-BY-NC-SA-4.0"),
        ("Creative Commons Reconocimiento-NoComercial-CompartirIgual 4.0 Internacional", "CC-BY-NC-SA-4.0"),
        ("This work is licensed under a Creative Commons Attribution-ShareAlike 4.0 International License.", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/licenses/by-nc/4.0/deed.fr", "CC-BY-NC-4.0"),
        ("http://creativecommons.org/licenses/by/3.0/igo/legalcode", "CC-BY-3.0-IGO"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.en", "CC0-1.0"), ("CC0", "CC0-1.0"), ("cc-zero", "CC0-1.0"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "CC-BY-4.0"),
        ("https://spdx.org/licenses/CC-BY-4.0.html", "CC-BY-4.0"), ("http://spdx.org/licenses/MIT", "MIT"),
        ("http://uri.office.example/list/license/code/CC-BY-4.0", "CC-BY-4.0"), ("https://office.example/l#Apache-2.0", "Apache-2.0"),
        ("mit", "MIT"), ("MIT License", "MIT"), ("https://opensource.org/licenses/MIT", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"), ("GPL-3.0", "GPL-3.0-only"), ("GPLv3+", "GPL-3.0-or-later"),
        ("https://www.gnu.org/licenses/gpl-3.0.en.html", "GPL-3.0-only"), ("OGL-UK-3.0", "OGL-UK-3.0"),
        ("Open Government Licence v3.0", "OGL-UK-3.0"), ("Licence Ouverte 2.0", "etalab-2.0"), ("libre", "CC-BY-4.0"),
    ],
)  # fmt: skip
def test_licence(values: Values, given: str, licence: str) -> None:
    assert values.licence(given) == SPDX + licence


@pytest.mark.parametrize(
    "given",
    ["CC BY", "GPL", "Licence Ouverte", "CC-BY-9.9", "CC BY-ND-SA 4.0", "CC BY 4.0 unless otherwise noted", "version 4.0",
     "https://creativecommons.org/licenses/by/3.0/fr/", "NOASSERTION", "ask us", "", "https://example.org/licence", "4.0", "https://example.org/v4.0",
     "https://example.org/terms/cc-by", "https://example.org/about-cc-by-4.0-and-more",
     "https://creativecommons.org/licenses/by/4.0/ https://creativecommons.org/licenses/by-nc/4.0/"],
)  # fmt: skip
def test_no_licence_is_guessed(values: Values, given: str) -> None:
    assert values.licence(given) is None


@pytest.mark.parametrize(
    ("given", "notation"),
    [("All rights reserved", "proprietary"), ("Tous droits réservés", "proprietary"), ("other-open", "unspecified-terms"),
     ("Statistics Canada Open Licence", "statcan-open"), ("https://www.inegi.org.mx/inegi/terminos.html", "inegi-libre-uso"),
     ("United Nations terms of use", "un-terms"), (BASE + "/id/concept/licence/proprietary", "proprietary")],
)  # fmt: skip
def test_local_licences(values: Values, given: str, notation: str) -> None:
    assert values.licence(given) == f"{BASE}/id/concept/licence/{notation}"


@pytest.mark.parametrize(
    ("scheme", "given", "notation"),
    [
        ("level", "Débutant", "basic"), ("level", "initiation ++", "basic"), ("level", "INTERMEDIO", "intermediate"),
        ("level", BASE + "/id/concept/level/advanced", "advanced"), ("level", "undergraduate", None),
        ("audience", "Statisticiens", "producer-statistician"), ("audience", "HR", "hr"),
        ("audience", "http://purl.org/dcx/lrmi-vocabs/educationalAudienceRole/teacher", "trainer"),
        ("resource-type", "https://schema.org/VideoObject", "video"), ("resource-type", "https://w3id.org/kim/hcrt/slide", "slides"),
        ("resource-type", "Seminario web", "webinar"), ("resource-type", "thing", None),
        ("modality", "À distance", "online"), ("modality", "http://schema.org/MixedEventAttendanceMode", "blended"),
        ("access", "Sur inscription", "registration"), ("access", "info:eu-repo/semantics/openAccess", "open"),
        ("gsbpm", "5.4", "sp-5.4"), ("gsbpm", "GSBPM 5.4", "sp-5.4"), ("gsbpm", "5.4 - Edit and impute", "sp-5.4"),
        ("gsbpm", "corregir e imputar", "sp-5.4"), ("gsbpm", "Phase 5", "ph-5"), ("gsbpm", "gsbpm:5.1", "sp-5.1"),
        ("gsbpm", "http://id.unece.org/activities/subProcess/5.4", "sp-5.4"),
        ("gsbpm", "http://id.unece.org/models/gsbpm/5.4", "sp-5.4"), ("gsbpm", "GSBPM sub-process 5.1", "sp-5.1"),
        ("gsbpm", "GSBPM 5.1", None), ("gsbpm", "GSBPM v5.1", None), ("gsbpm", "5.4 Integrate data", None), ("gsbpm", "9.9", None),
        ("gsbpm", "https://example.org/5.4", None), ("gamso", "3.8", "act-3.8"), ("nothing", "x", None),
    ],
)  # fmt: skip
def test_concept(values: Values, scheme: str, given: str, notation: str | None) -> None:
    expected = f"{BASE}/id/concept/{scheme}/{notation}" if notation else None
    assert values.concept(scheme, given) == expected


def test_subject_needs_one_scheme(values: Values) -> None:
    assert values.subject("GSBPM 5.4") == f"{BASE}/id/concept/gsbpm/sp-5.4"
    assert values.subject("Labour") == f"{BASE}/id/concept/csa/1.3"
    assert values.subject("5.4") is None
    assert values.subject("Git") is None


def test_ignored(values: Values) -> None:
    assert values.is_ignored("keywords", "The Carpentries") and values.is_ignored("level", "Tous niveaux")
    assert values.is_ignored("title", "n/a") and values.is_ignored("title", " - ")
    assert not values.is_ignored("title", "The Carpentries") and not values.is_ignored("level", "basic")


def test_types_follow_the_profile() -> None:
    assert types_for("webinar", dated=True) == (SCHEMA + "EducationEvent",)
    assert types_for("webinar") == (SCHEMA + "LearningResource",)
    assert types_for("mooc") == (SCHEMA + "LearningResource", SCHEMA + "Course")
    assert types_for(None) == (SCHEMA + "LearningResource",)


@pytest.mark.parametrize("scheme", sorted(SCHEME_TABLES))
def test_a_label_means_one_thing(scheme: str) -> None:
    meanings: dict[str, set[str]] = {}
    for row in tables._rows(SCHEME_TABLES[scheme]):
        meanings.setdefault(tables._key(row["label"]), set()).add(row["notation"])
        assert tables._key(row["label"]), row
    assert {label: found for label, found in meanings.items() if len(found) > 1} == {}


def test_a_language_name_means_one_thing_and_all_spdx_ids_read_back(values: Values) -> None:
    meanings: dict[str, set[str]] = {}
    for row in tables._rows("languages"):
        for word in (*row["codes"].split("|"), *row["names"].split("|")):
            meanings.setdefault(tables.fold(word), set()).add(row["tag"])
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}
    ids = [row["id"] for row in tables._rows("licences") if row["kind"] == "spdx"]
    assert len(ids) > 600
    assert [name for name in ids if values.licence(name) != SPDX + name] == []
    assert [name for name in ids if values.licence(name.lower()) != SPDX + name] == []


def test_the_cache_is_bounded(values: Values) -> None:
    for number in range(60_000):
        values.language(f"no language {number}")
    assert len(values._answers) <= 50_001


def test_formats_are_found_and_tables_are_well_formed() -> None:
    assert crosswalk.where("table")[SCHEMA + "license"] == "column «license»"
    assert crosswalk.where("no-such-format") == {} == crosswalk.where("../secret")
    assert crosswalk.load("table").__module__ == "registry.crosswalk.table"
    with pytest.raises(LookupError, match="oai_dc"):
        crosswalk.load("no-such-format")
    assert crosswalk.recipe_digest() == crosswalk.recipe_digest() and crosswalk.recipe_digest().startswith("sha256:")
