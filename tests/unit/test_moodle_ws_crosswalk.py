"""Moodle courses as triples: texts in several languages, formats, dates and zones, own fields, access, pictures."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from registry import crosswalk
from registry.crosswalk.base import Mapped
from registry.crosswalk.moodle_multilang import split
from registry.iris import SCHEMA
from registry.model import Feed, RawRecord
from registry.prepare.publication import ACCESS, CATEGORY, held_back
from registry.terms import Iri
from tests.support.json_feed import codes, context

PAGE = "https://learn.eso.example/course/view.php?id=7"


def tag(code: str) -> str | None:
    """What the value tables know, without them."""
    base, _, region = code.replace("_", "-").partition("-")
    return None if base not in ("fr", "en", "es", "de") else f"{base}-{region.upper()}" if region else base


def mapped(page: str = PAGE, categories: Any = (), language: str | None = "en", **more: Any) -> Mapped:
    feed = {name: more.pop(name) for name in ("options", "columns", "values", "licence") if name in more}
    data = json.dumps({"course": {"id": 7, "fullname": "Sampling", **more}, "categories": list(categories)}).encode()
    entry = Feed("f", "eso", "moodle", "https://learn.eso.example", language=language, **feed)
    return crosswalk.load("moodle")(RawRecord("7", data, "application/json", "moodle", page), context(entry))


def said(result: Mapped, name: str, part: str = "") -> list[str]:
    """Values of a property: text@language, text, the end of our own addresses, other addresses."""
    found = [o for s, p, o, _ in result.triples if s == result.resource + part and p == SCHEMA + name]
    return [
        (o.rpartition("/")[2] if "registry.example" in o or "spdx" in o else str(o)) if isinstance(o, Iri)
        else o.value + (f"@{o.language}" if o.language else "") for o in found
    ]  # fmt: skip


def own(short: str, value: Any, kind: str = "text", raw: Any = None, name: str = "") -> dict[str, Any]:
    return {"shortname": short, "name": name or short, "type": kind, "value": value, "valueraw": raw}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Plain", [("", "Plain")]),
        ("{mlang fr}Bonjour{mlang}{mlang en}Hello{mlang}", [("fr", "Bonjour"), ("en", "Hello")]),
        ("A {mlang fr}un{mlang}{mlang en}one{mlang} B", [("fr", "A un B"), ("en", "A one B")]),
        ("{mlang fr,es}x{mlang}{mlang other}y{mlang}", [("fr", "x"), ("es", "x"), ("other", "y")]),
        ("{ MLANG  fr_ca }x{ mlang }", [("fr-CA", "x")]),
        ("{mlang de_du}du{mlang}", [("de", "du")]),
        ("{mlang xx}?{mlang}", [("und", "?")]),
        ("{mlang fr}open", [("fr", "open")]),
        ("{mlang fr}a{mlang en}b{mlang}", [("fr", "a"), ("en", "b")]),
        ("{mlang}x{mlang}", [("", "x")]),
        ('<span lang="fr" class="multilang">B</span><span lang="en" class="multilang">H</span>', [("fr", "B"), ("en", "H")]),
        ("<span class='multilang' lang='fr'>B</span> <SPAN CLASS=multilang LANG=en>H</SPAN>", [("fr", "B "), ("en", " H")]),
        ('<span dir="ltr" xml:lang="fr" class="x multilang y" id="3">B <span class="b">c</span></span>', [("fr", 'B <span class="b">c</span>')]),
        ('<lang lang="fr">B</lang><lang lang="en">H</lang>', [("fr", "B"), ("en", "H")]),
        ('<span lang="fr">B</span> multilang', [("", '<span lang="fr">B</span> multilang')]),
        ('{mlang fr}F{mlang} <span lang="en" class="multilang">E</span>', [("fr", "F "), ("en", " E")]),
        ('<span lang="fr" class="multilang">never closed', [("fr", "never closed")]),
        ("</span><span class=multilang>x", [("", "</span><span class=multilang>x")]),
    ],
)  # fmt: skip
def test_one_text_a_language(text: str, parts: list[tuple[str, str]]) -> None:
    assert split(text, tag) == parts


@pytest.mark.parametrize(
    "piece", ["{mlang ", "{mlang fr}", "<span lang=", "<span class=multilang lang=fr>", "{ mlang a,", "<lang "]
)
def test_hostile_texts_take_no_time(piece: str) -> None:
    start = time.perf_counter()
    split(piece * 20_000, tag)
    assert time.perf_counter() - start < 2


def test_other_is_the_site_s_language_where_no_block_has_it() -> None:
    name = "{mlang fr}Sondages{mlang}{mlang other}Sampling{mlang}"
    assert said(mapped(fullname=name), "name") == ["Sondages@fr", "Sampling@en"]
    assert said(mapped(fullname=name, language="fr"), "name") == ["Sondages@fr", "Sampling@und"]


def test_languages_come_from_the_forced_one_the_name_or_the_site() -> None:
    two = "{mlang fr}Sondages{mlang}{mlang en}Sampling{mlang}"
    assert said(mapped(lang="es_mx", fullname=two), "inLanguage") == ["es-MX"]
    assert said(mapped(fullname=two), "inLanguage") == ["fr", "en"]
    assert said(mapped(), "inLanguage") == ["en"] and said(mapped(language=None), "inLanguage") == []
    odd = mapped(lang="tlh_xx", language=None)
    assert said(odd, "inLanguage") == [] and codes(odd.issues) == [("value-language", "/course/lang")]
    field = mapped(customfields=[own("langue", "Français")])
    assert said(field, "inLanguage") == ["fr"] and said(field, "name") == ["Sampling@fr"]


@pytest.mark.parametrize(
    ("form", "source", "text"),
    [
        (1, "<p>A&nbsp;<b>b</b></p><p>c</p><script>x()</script>", "A b\nc"),
        (0, "One<br>two", "One\ntwo"),
        (2, "One\ntwo & more", "One\ntwo & more"),
        (
            4,
            "# Head\n\n* one\n* **two** [three](https://x.example)\n\n![p](@@PLUGINFILE@@/a.png)",
            "Head\none\ntwo three",
        ),
        ("4", "*x*", "x"),
        (None, "<i>y</i>", "y"),
        (1, '<img src="@@PLUGINFILE@@/a%20b.png" alt="a"> Text @@PLUGINFILE@@/x.pdf', "Text"),
    ],
)
def test_formats_of_summaries(form: Any, source: str, text: str) -> None:
    assert said(mapped(summary=source, summaryformat=form), "description") == [f"{text}@en"]


def test_what_moodle_writes_itself_is_left_out_and_told() -> None:
    found = mapped(fullname="Course Fullname 101", shortname="CF101", categories=[{"id": 1, "name": "Miscellaneous"}],
                   summary="<p>Write a concise and interesting paragraph here that explains what this course is about</p>")  # fmt: skip
    assert [said(found, name) for name in ("name", "courseCode", "description", "keywords")] == [[], [], [], []]
    assert codes(found.issues) == [("moodle-template", "/course/fullname"), ("moodle-template", "/course/summary")]


def test_dates_are_days_where_it_is_midnight_at_the_site_and_nought_is_none() -> None:
    midnight = 1740956400  # 3 March 2025, 00:00 in Paris
    paris = {"timezone": "Europe/Paris"}
    assert said(mapped(startdate=midnight, enddate=midnight + 86400, options=paris), "startDate", "/run/1") == [
        "2025-03-03"
    ]
    assert said(mapped(startdate=str(midnight)), "startDate", "/run/1") == ["2025-03-02T23:00:00Z"]
    assert said(mapped(startdate=midnight, options={"timezone": "Nowhere/Here"}), "startDate", "/run/1") == [
        "2025-03-02T23:00:00Z"
    ]
    mixed = mapped(startdate=midnight, enddate=midnight + 90_000, options=paris)
    assert said(mixed, "endDate", "/run/1") == ["2025-03-04"]
    assert said(mapped(startdate=0, enddate=0), "hasCourseInstance") == []
    ended = mapped(startdate=0, enddate=midnight, options=paris)
    assert said(ended, "endDate", "/run/1") == ["2025-03-03"] and said(ended, "startDate", "/run/1") == []
    swapped = mapped(startdate=midnight, enddate=midnight - 864_000, options=paris)
    assert said(swapped, "endDate", "/run/1") == [] and codes(swapped.issues) == [("moodle-order", "/course/enddate")]


@pytest.mark.parametrize(
    ("methods", "access", "free"),
    [
        (["manual", "self"], ["registration"], ["true"]), (["guest", "manual"], ["open"], ["true"]), (["manual"], ["nomination-required"], []),
        (["cohort"], ["members-only"], []), (["paypal", "manual"], ["paid"], ["false"]), (["fee", "self"], ["paid"], []), ([], [], []),
    ],
)  # fmt: skip
def test_who_gets_in(methods: list[str], access: list[str], free: list[str]) -> None:
    found = mapped(enrollmentmethods=methods)
    assert said(found, "conditionsOfAccess") == access and said(found, "isAccessibleForFree") == free


@pytest.mark.parametrize(
    ("field", "name", "values"),
    [
        (own("niveau", "Débutant"), "educationalLevel", ["basic"]),
        (own("x", "{mlang fr}Avancé{mlang}{mlang en}Advanced{mlang}", name="{mlang fr}Niveau{mlang}{mlang en}Level{mlang}"), "educationalLevel", ["advanced"]),
        (own("duration", "1h30"), "timeRequired", ["PT1H30M"]),
        (own("duree_heures", "6"), "timeRequired", ["PT6H"]),
        (own("edwcoursedurationinhours", "12", "number", 12), "timeRequired", ["PT12H"]),
        (own("licence", '<a href="https://creativecommons.org/licenses/by-sa/4.0/">BY SA</a>', "textarea"), "license", ["CC-BY-SA-4.0"]),
        (own("audience", "Trainers", "select", 2), "audience", ["trainer"]),
        (own("mode", "Online", "select", 1), "courseMode", ["online"]),
        (own("mode", "Choose…", "select", 0), "courseMode", []),
        (own("coursetype", "Webinar"), "learningResourceType", ["webinar"]),
        (own("prerequis", "<p>Savoir compter</p>", "textarea"), "coursePrerequisites", ["Savoir compter@en"]),
        (own("keywords", "R, Git; survey"), "keywords", ["R, Git@en", "survey@en"]),
        (own("authors", "Ada Sample; Office of Examples"), "author", ["1", "2"]),
        (own("published", "", "date", 1740960000), "datePublished", ["2025-03-03"]),
        (own("free", "No", "checkbox", 0), "isAccessibleForFree", ["false"]),
        (own("price", "0 EUR"), "isAccessibleForFree", ["true"]),
        (own("doi", "https://doi.org/10.5072/x.1"), "identifier", ["https://doi.org/10.5072/x.1"]),
        (own("version", "2.1"), "version", ["2.1"]),
        (own("formateur", "Jean Exemple"), "author", []),
    ],
)  # fmt: skip
def test_fields_of_the_site_s_own(field: dict[str, Any], name: str, values: list[str]) -> None:
    found = mapped(customfields=[field])
    assert said(found, name) == values and found.issues == ()


def test_the_feed_s_entry_says_what_a_field_means() -> None:
    fields = [
        own("f1", "hoch"),
        own("f2", "3", name="Tage (days)"),
        own("f3", "x"),
        own("f4", "GSBPM 5.4"),
        own("level", "ours"),
    ]
    found = mapped(customfields=fields, columns={"f1": "level", "Tage (days)": "duration", "F3": "ignored", "level": "keywords"}, values={"level": {"hoch": "advanced"}})  # fmt: skip
    assert said(found, "educationalLevel") == ["advanced"] and said(found, "timeRequired") == ["P3D"]
    assert said(found, "keywords") == ["ours@en"]
    assert [(one.code, dict(one.params)) for one in found.issues] == [("moodle-field", {"field": "f4"})]


def test_pictures_and_pages_that_only_the_house_opens_are_not_named() -> None:
    drawn = "https://learn.eso.example/course/generated/course.svg"
    files = [{"fileurl": "https://learn.eso.example/pluginfile.php/3/a.pdf", "mimetype": "application/pdf"},
             {"fileurl": "https://learn.eso.example/pluginfile.php/3/a.png", "mimetype": "image/png"}]  # fmt: skip
    assert said(mapped(courseimage=drawn, overviewfiles=files), "image") == [files[1]["fileurl"]]
    assert (
        said(mapped(), "url") == [PAGE]
        and said(mapped(page="https://moodle.intranet/course/view.php?id=7"), "url") == []
    )


def test_hidden_courses_give_nothing_and_unknown_fields_are_told() -> None:
    assert mapped(visible=0).triples == () == mapped(visible="0").triples
    found = mapped(flavour="sweet", categoryid=5)
    assert [(one.code, one.place) for one in found.issues] == [("moodle-unknown", "/course/flavour")]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"course": 3}', b'{"course": {"id": 3}}', b"\xff\xfe"])
def test_what_is_no_course_is_told(data: bytes) -> None:
    found = crosswalk.load("moodle")(
        RawRecord("7", data, "application/json", "moodle", PAGE), context(Feed("f", "eso", "moodle", PAGE))
    )
    assert found.triples == () and codes(found.issues) == [("moodle-unreadable", "/course/fullname")]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"categories": ("Méthodes",)}, CATEGORY), ({"categories": ("methods",)}, CATEGORY), ({"categories": ("Methodology",)}, None),
        ({"access": ("members-only",)}, ACCESS), ({"access": ("open",)}, None),
    ],
)  # fmt: skip
def test_publication_rules_see_categories_in_each_language_and_kinds_of_access(rules: dict[str, tuple[str, ...]], code: str | None) -> None:  # fmt: skip
    path = [{"id": 2, "name": "Training"}, {"id": 5, "name": "{mlang fr}Méthodes{mlang}{mlang en}Methods{mlang}"}]
    data = {"course": {"id": 7, "fullname": "Sampling", "enrollmentmethods": ["cohort"]}, "categories": path}
    around = context(Feed("f", "eso", "moodle", "https://learn.eso.example", publish=rules))
    record = RawRecord("7", json.dumps(data).encode(), "application/json", "moodle", PAGE)
    held = held_back(record, crosswalk.load("moodle")(record, around), around)
    assert (held.code if held else None) == code
