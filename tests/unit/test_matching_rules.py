"""What two records are said to be, by rule; each case beside one that looks alike and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evaluate_git_training import evaluate
from benchmarks.matching_records import IRIS, change, links, names, strings
from registry.matching import load_rules, match
from registry.model import Change, Decision, Match
from registry.terms import Iri, Term, text

PROSE = (
    "This course shows statisticians how to keep their programs under version control, how to go back to an "
    "older state, how to work with colleagues on one project without losing anything, and how to publish results."
)


def record(feed: str, key: str, title: str = "", language: str = "en", url: str = "", authors: tuple[str, ...] = (), **more: list[Term]) -> Change:  # fmt: skip
    values: dict[str, list[Term]] = {
        "name": names(title, language), "inLanguage": strings(language), "url": links([url] if url else []), **more,
    }  # fmt: skip
    return change(feed, key, values, authors)


def only(*records: Change, decisions: tuple[Decision, ...] = ()) -> Match | None:
    found = match(records, {}, decisions)
    assert len(found) <= 1
    return found[0] if found else None


def rule_of(*records: Change) -> str:
    found = only(*records)
    return found.rule if found else ""


def iri(feed: str, key: str) -> str:
    return str(IRIS.resource(feed, key))


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ("Survey sampling in practice", "Survey Sampling in Practice", "OK.SAME_URL"),
        ("Survey sampling in practice", "Household budgets", "OK.SAME_URL_OTHER_TITLE"),
        ("Sampling, module 1", "Sampling, module 2", ""),
        ("Basic sampling", "Advanced sampling", ""),
        ("R for price statistics", "Python for price statistics", "OV.SAME_TOPIC"),
        ("Sampling 2023", "Sampling 2024", "RUN.TITLE_YEAR"),
        ("Sampling, 1st edition", "Sampling, 2nd edition", "VER.SAME_IDENTIFIER"),
    ],
)
def test_one_address(one: str, other: str, rule: str) -> None:
    url = "https://example.org/courses/7"
    found = only(record("a", "1", one, url=url), record("b", "1", other, url=url + "/?utm_source=mail"))
    said = found.rule if found else ""
    assert said == rule or (rule == "" and found is not None and found.relation == "overlap"), said
    assert found is None or (found.status == "accepted") == (rule == "OK.SAME_URL")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Module 1: Data collection", "Module 2: Data collection"),
        ("Imputation I", "Imputation II"),
        ("Imputation for beginners", "Advanced imputation"),
        ("Programming with R for official statistics", "Programming with Python for official statistics"),
        ("Git for Official Statistics", "Python for Official Statistics"),
        ("Labour accounts of the regions", "Tourism accounts of the regions"),
        ("Course 12 of the academy: prices", "Course 123 of the academy: prices"),
        ("Group A: data science bootcamp", "Group B: data science bootcamp"),
        ("Module 1.1 Sampling frames", "Module 1.2 Sampling frames"),
        ("Training on SDG indicator 1.1.1", "Training on SDG indicator 8.5.2"),
        ("Quality checks in GSBPM 5.3", "Quality checks in GSBPM 5.4"),
        ("SDG indicator 5.a.1: land", "SDG indicator 5.a.2: land"),
        ("Reporting on target 17.b", "Reporting on target 1.b"),
    ],
)
def test_a_series_is_never_one_work(one: str, other: str) -> None:
    description = {"description": [text(PROSE, "en")]}
    pair = (
        record("a", "1", one, authors=("Ana Ruiz",), **description),
        record("b", "1", other, authors=("Ana Ruiz",), **description),
    )
    found = only(*pair)
    assert found is None or found.relation in ("overlap", "part"), found.rule


def test_same_title_alone_is_no_copy() -> None:
    assert rule_of(record("a", "1", "Introduction to Git"), record("b", "1", "Introduction to Git")) == "OV.SAME_TITLE"
    assert rule_of(record("a", "1", "Webinar"), record("b", "1", "Webinar")) == ""


def test_same_title_and_text_is_a_copy() -> None:
    words = {"description": [text(PROSE, "en")]}
    found = only(record("a", "1", "Git for the office", **words), record("b", "1", "Git for the Office", **words))
    assert found is not None and (found.rule, found.status) == ("OK.TITLE_AND_TEXT", "candidate")
    assert {line.feature for line in found.evidence} >= {"title-similarity", "description-similarity"}
    assert all(line.left_value and line.right_value for line in found.evidence)


def test_what_another_academy_took_as_a_module_of_its_own_is_found_under_its_new_title() -> None:
    short = {"description": [text("Select, sort and aggregate data in a relational database.", "en")]}
    lesson = record("a", "1", "Databases and SQL", authors=("Ana Ruiz",), **short)
    assert rule_of(lesson, record("b", "1", "Module 4: storing tables", authors=("Ana Ruiz",), **short)) == (
        "NEAR.OTHER_TITLE"
    )
    assert rule_of(lesson, record("b", "1", "Module 4: storing tables", authors=("Li Wei",), **short)) == ""
    assert rule_of(lesson, record("a", "2", "Module 4: storing tables", authors=("Ana Ruiz",), **short)) == ""


def test_the_registrys_own_page_is_no_evidence() -> None:
    page = iri("a", "1")
    assert rule_of(record("a", "1", "Sampling frames", url=page), record("b", "1", "Trade margins", url=page)) == ""


@pytest.mark.parametrize(
    ("property_", "rule", "source"),
    [
        ("sameAs", "OK.DECLARED", ""),
        ("isBasedOn", "DER.DECLARED", "a"),
        ("translationOfWork", "TR.DECLARED", "a"),
        ("isPartOf", "PART.DECLARED", "a"),
        ("hasPart", "PART.DECLARED", "b"),
        ("http://www.w3.org/ns/dcat#previousVersion", "VER.DECLARED", "a"),
    ],
)
def test_what_the_source_states_is_accepted(property_: str, rule: str, source: str) -> None:
    original = record("a", "1", "Seasonal adjustment", url="https://example.org/sa")
    for target in ("http://www.example.org/sa/", iri("a", "1")):
        found = only(original, record("b", "1", "Adjusting series", **{property_: [Iri(target)]}))
        assert found is not None and (found.rule, found.status) == (rule, "accepted")
        assert found.source == (iri(source, "1") if source else "")
        assert found.evidence[0].feature == "source-stated"


def test_what_cannot_be_resolved_is_not_matched() -> None:
    assert (
        rule_of(record("a", "1", "Prices"), record("b", "1", "Wages", isBasedOn=links(["https://else.org/x"]))) == ""
    )


def test_based_on_each_other_stays_open() -> None:
    found = only(
        record("a", "1", "Prices", isBasedOn=[Iri(iri("b", "1"))]),
        record("b", "1", "Wages", isBasedOn=[Iri(iri("a", "1"))]),
    )
    assert found is not None and (found.rule, found.status, found.source) == (
        "DER.DECLARED_BOTH_WAYS",
        "candidate",
        "",
    )


def test_a_translation_needs_two_signals() -> None:
    hours = {"timeRequired": strings("PT7H")}
    english = record("a", "1", "Small area estimation", authors=("Ana Ruiz",), **hours)
    assert (
        rule_of(english, record("a", "2", "Estimación en áreas pequeñas", "es", authors=("Ana Ruiz",), **hours))
        == "TR.SIGNALS"
    )
    found = only(english, record("b", "2", "Tasas de empleo", "es", **hours))
    assert found is None or found.relation == "overlap"
    independent = only(record("a", "1", "Introduction to Git"), record("b", "1", "Introduction à Git", "fr"))
    assert independent is None or independent.relation == "overlap"


def test_addresses_that_differ_in_the_language() -> None:
    found = only(
        record("a", "1", "Version control with Git", url="https://github.com/org/git-course"),
        record("b", "1", "Control de versiones con Git", "es", url="https://github.com/org/git-course-es"),
    )
    assert found is not None and (found.rule, found.source) == ("TR.ADDRESS", iri("a", "1"))


def test_modules_of_a_course_are_not_translations_of_each_other() -> None:
    hours = {"timeRequired": strings("PT2H"), "dateCreated": strings("2024-05-01")}
    by = ("Ana Ruiz",)
    titles = (("Frames", "Bases"), ("Weights", "Poids"), ("Nonresponse", "Absences"))
    records = [record("a", f"e{n}", e, authors=by, **hours) for n, (e, _) in enumerate(titles)]
    records += [record("a", f"f{n}", f, "fr", authors=by, **hours) for n, (_, f) in enumerate(titles)]
    assert [m for m in match(records, {}) if m.relation == "translation"] == []


def test_runs_and_editions() -> None:
    def run(key: str, day: str) -> Change:
        return record("a", key, "Index theory", url="https://example.org/index", startDate=strings(day))

    assert rule_of(run("1", "2025-03-01"), run("2", "2025-09-01")) == "RUN.OTHER_DATE"
    found = only(record("a", "1", "Index theory 2nd edition"), record("a", "2", "Index theory, 3rd edition"))
    assert found is not None and (found.rule, found.source) == ("VER.TITLE_EDITION", iri("a", "1"))


def test_a_decision_wins_and_stands_alone() -> None:
    url = "https://example.org/courses/7"
    pair = (record("a", "1", "Sampling", url=url), record("b", "1", "Sampling", url=url))
    left, right = iri("a", "1"), iri("b", "1")
    no = Decision(right, left, "reject", "copy", "ana", "2026-01-02T00:00:00Z", "other audience")
    found = only(*pair, decisions=(no,))
    assert found is not None and (found.status, found.reviewer, found.left) == ("rejected", "ana", left)
    yes = Decision(left, right, "confirm", "derivative", "eva", "2026-01-03T00:00:00Z")
    found = only(record("a", "1", "Prices"), record("b", "1", "Wages"), decisions=(yes, no))
    assert found is not None and (found.status, found.relation, found.rule) == ("accepted", "derivative", "DEC.PERSON")
    assert only(pair[0], decisions=(yes,)) is None


def test_every_rule_has_its_words() -> None:
    source = Path(__file__).resolve().parents[2] / "registry" / "matching"
    code = "".join(path.read_text("utf-8") for path in sorted(source.glob("*.py")))
    rules = load_rules()
    assert all(all(rule.words.values()) for rule in rules.values())
    for name in rules:
        stem = name.removesuffix("_BOTH_WAYS").removesuffix("_OTHER_TITLE")
        assert name in code or stem in code or stem.endswith(".DECLARED") or name == "DEC.PERSON", name
    for name, rule in rules.items():
        assert rule.status != "accepted" or rule.confidence >= 0.98, name


@pytest.mark.parametrize("stated", [False, True])
def test_real_git_training(shared: Path, stated: bool) -> None:
    score, _ = evaluate(shared / "data" / "git-training", stated)
    counts = score.counts
    assert counts["different", "right"] == 9
    assert not [key for key in counts if key[1] in ("wrong", "turned")]
    assert counts["translation", "found"] == 4 and counts["version", "found"] == 2
    assert counts["derivative", "found"] == (5 if stated else 3)


LONG = (
    "Rules that data must obey are written down once and run at every delivery; reports tell which rule fails where, "
    "who has to look at it and what was done. The course goes through a real file from the first look to the letter "
    "that is sent back, with all steps kept in a log that somebody else can read."
)
PAGE = "https://github.com/{}/blob/main/episodes/02-setup.md"


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        # The same words in one language are no translation, whatever is stated.
        ((LONG, "en", "o/clean-data"), (LONG, "ja", "t/clean-data-ja"), "OK.NOT_TRANSLATED"),
        ((LONG, "en", "o/clean-data"), (LONG.replace("a real file", "one file of ours"), "es", "o/clean-data-es"), "NEAR.NOT_TRANSLATED"),
        ((LONG, "en", "o/clean-data"), ("Reglas que los datos deben cumplir y un registro.", "es", "o/clean-data-es"), "TR.ADDRESS"),
        ((LONG, "en", "o/clean-data"), (LONG, "en", "u/clean-data-stata"), "DER.REPOSITORY_NAME"),
    ],
)  # fmt: skip
def test_what_a_page_is_follows_from_its_text(
    one: tuple[str, str, str], other: tuple[str, str, str], rule: str
) -> None:
    pages = [
        record(
            feed, "2", "Setting up the tools", language, PAGE.format(place),
            description=[text(words, language)], dateModified=strings(f"2024-01-0{day}"),
        )
        for feed, day, (words, language, place) in (("a", 1, one), ("b", 2, other))
    ]  # fmt: skip
    assert rule_of(*pages) == rule


def test_pages_of_a_fork_that_nobody_changed_are_copies() -> None:
    def pages(day: str) -> list[Change]:
        return [
            record(feed, "2", "Setting up the tools", url=PAGE.format(place), dateModified=strings(date))
            for feed, place, date in (("a", "o/clean-data", "2024-01-02"), ("b", "u/clean-data-r", day))
        ]

    assert rule_of(*pages("2024-01-02")) == "OK.SAME_STATE"
    assert rule_of(*pages("2024-06-01")) == "DER.REPOSITORY_NAME"


def test_a_declared_translation_that_is_none() -> None:
    original = record("a", "1", "The first day", url="https://a.org/1", description=[text(LONG, "en")])
    stated: list[Term] = [Iri(iri("a", "1"))]
    copied = record("b", "1", "The first day", "es", "https://b.org/1", description=[text(LONG, "en")], translationOfWork=stated)  # fmt: skip
    found = only(original, copied)
    assert found is not None and found.rule == "OK.DECLARED_TRANSLATION" and found.status == "candidate"
    assert {line.feature for line in found.evidence} >= {"source-stated", "description-similarity"}


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ("Sampling workshop 2023", "Sampling workshop 2024", "RUN.TITLE_YEAR"),
        ("Sampling workshop, 04.03.2024", "Sampling workshop, 11.11.2024", "RUN.COHORT"),
        ("Labour force survey 3月", "Labour force survey 10月", "RUN.COHORT"),
        ("Compiling prices, second edition", "Compiling prices, third edition", "VER.TITLE_EDITION"),
        ("Compiling prices (short)", "Compiling prices", "VER.TITLE_EDITION"),
        ("Annual report on prices 2023", "Annual report on prices 2024", ""),
        ("Price statistics, quiz 2", "Price statistics, quiz 3", ""),
        ("Price statistics 1: baskets", "Price statistics 2: formulas", ""),
        ("Price statistics: baskets", "Price statistics: formulas", ""),
        ("물가 통계 초급", "물가 통계 고급", ""),
        ("季節調整 第1回", "季節調整 第2回", ""),
        ("Webinar", "Webinar", ""),
        ("Exercises", "Exercises", ""),
    ],
)
def test_titles_of_one_academy_and_author(one: str, other: str, rule: str) -> None:
    pair = [record("a", str(n), title, url=f"https://a.org/{n}", authors=("Ana Sol",)) for n, title in enumerate((one, other))]  # fmt: skip
    found = only(*pair)
    assert (found.rule if found else "") == rule


def test_one_webinar_is_not_the_other() -> None:
    """One title, one team, one text, other days: nothing tells that they are one thing."""
    webinars = [
        record(
            "a", str(n), "Webinar", url=f"https://a.org/{n}", authors=("Events team",),
            description=[text(LONG, "en")], startDate=strings(f"2024-01-{n:02}"),
        )
        for n in range(1, 18)
    ]  # fmt: skip
    assert match(webinars, {}) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("", "OK.TITLE_AND_TEXT"),
        (" Please sign up by May with the form on the page of our office.", "NEAR.TEXT"),
    ],
)
def test_copies_and_near_copies(change: str, rule: str) -> None:
    one = record("a", "1", "Checking deliveries of data", url="https://a.org/1", description=[text(LONG, "en")])
    other = record(
        "b", "1", "Checking deliveries of data", url="https://b.org/1", description=[text(LONG + change, "en")]
    )
    assert rule_of(one, other) == rule


def test_a_recording_beside_the_slides_is_a_near_copy() -> None:
    slides = record("a", "1", "Checking deliveries of data", url="https://a.org/1", authors=("Ana Sol",), learningResourceType=strings("Slides"))  # fmt: skip
    video = record("a", "2", "Checking deliveries of data", url="https://tube.org/1", authors=("Ana Sol",), learningResourceType=strings("Video"))  # fmt: skip
    assert rule_of(slides, video) == "NEAR.OTHER_FORM"


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("Adapted from https://a.org/1 with our own examples.", "DER.SAID"),
        ("Based on the course Telling stories with figures; examples of our own.", "DER.SAID"),
        ("A course like many others on telling stories.", ""),
    ],
)
def test_what_a_description_says_of_another(words: str, rule: str) -> None:
    original = record("a", "1", "Telling stories with figures", url="https://a.org/1")
    found = only(original, record("b", "1", "Figures for ministers", url="https://b.org/1", description=[text(words, "en")]))  # fmt: skip
    assert (found.rule if found else "") == rule
    assert not found or found.source == iri("a", "1")


def test_runs_by_course_code() -> None:
    course = record("a", "1", "Leading change", courseCode=strings("a056g00000URaM"))
    session = record("a", "2", "LC 9-22-2024", courseCode=strings("a056g00000URaM"), startDate=strings("2024-09-22"))
    found = only(course, session)
    assert found is not None and (found.rule, found.source) == ("RUN.SAME_CODE", iri("a", "1"))


def test_wholes_pair_when_their_parts_do() -> None:
    def lesson(feed: str, place: str, language: str, titles: list[str]) -> list[Change]:
        whole = record(feed, "0", titles[0], language, f"https://github.com/{place}")
        parts = [
            record(feed, str(n), title, language, f"https://github.com/{place}/blob/main/{n:02}-part.md", isPartOf=[Iri(iri(feed, "0"))], timeRequired=strings(f"PT{n}0M"))
            for n, title in enumerate(titles[1:], 1)
        ]  # fmt: skip
        return [whole, *parts]

    first = lesson("a", "ulan/first-scripts", "en", ["First scripts", "Why at all", "Again and again"])
    other = lesson("b", "miro/first-scripts-uk", "uk", ["Перші сценарії", "Навіщо це", "Знову і знову"])
    found = {(item.left, item.right): item.rule for item in match([*first, *other], {})}
    assert found[iri("a", "0"), iri("b", "0")] == "TR.STRUCTURE"
    assert found[iri("a", "1"), iri("b", "1")] == "TR.ADDRESS"
    alone = {(item.left, item.right) for item in match([first[0], other[0]], {})}
    assert not alone


def site(feed: str, language: str, base: str, titles: dict[str, str]) -> list[Change]:
    return [record(feed, key, title, language, f"{base}/{key}") for key, title in titles.items()]


PAGES = {
    "2020/joining-tables": "Joining tables", "2020/clear-graphics": "Clear graphics", "2020/old-habits": "Old habits",
    "2020/small-steps": "Small steps",
}  # fmt: skip
PAGINAS = {
    "2020/joining-tables": "Unir tablas", "2020/clear-graphics": "Figuras claras", "2020/old-habits": "Viejas mañas",
    "2020/small-steps": "Pasos cortos",
}  # fmt: skip


def rules_of(*records: Change) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in match(records, {}):
        found[one.rule] = found.get(one.rule, 0) + 1
    return found


def test_a_site_translated_at_another_host_is_told_by_its_places() -> None:
    here = site("a", "en", "https://lessons.example.org", PAGES)
    there = site("b", "es", "https://lecciones.github.io", PAGINAS)
    assert rules_of(*here, *there) == {"TR.STRUCTURE": 4}
    assert rules_of(*here[:3], *there[:3]) == {}, "a few places may be the same by chance"
    same_language = site("b", "en", "https://lecciones.github.io", PAGINAS)
    assert "TR.STRUCTURE" not in rules_of(*here, *same_language)
    template = {f"week-{n}/lecture-notes": f"Titre {n}" for n in range(6)}
    weeks = {f"week-{n}/lecture-notes": f"Heading {n}" for n in range(6)}
    assert (
        rules_of(*site("a", "en", "https://one.example", weeks), *site("b", "fr", "https://two.example", template))
        == {}
    )


def test_what_translates_the_original_is_no_translation_of_a_fork() -> None:
    def lesson(feed: str, language: str, place: str, titles: list[str]) -> list[Change]:
        return [
            record(
                feed, str(n), title, language, f"https://github.com/{place}/blob/main/{n:02}-page-{'abcdefg'[n]}bcd.md"
            )
            for n, title in enumerate(titles)
        ]

    first = lesson("a", "en", "ulan/first-scripts", ["Why at all", "Again and again", "Save it", "Go on", "Undo"])
    other = lesson("b", "es", "ulan/first-scripts-es", ["Por qué", "Otra vez", "Guardar", "Seguir", "Deshacer"])
    fork = lesson("c", "en", "far/scripts-away", ["Reasons", "Repeat", "Keep", "Proceed", "Take back"])
    feeds = {
        (one.left.split("/")[-2], one.right.split("/")[-2]): one.rule for one in match([*first, *other, *fork], {})
    }
    assert feeds == {("a", "b"): "TR.ADDRESS"}
    assert rules_of(*other, *fork) == {"TR.STRUCTURE": 5}, "where the original is not listed"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.office.example/n1/pub/892-0006/892000062020004-eng", "https://www.office.example/n1/pub/892-0006/892000062020004-fra"),
        ("https://office.example/pub/guide-eng.htm", "https://office.example/pub/guide-fra.htm"),
        ("https://office.example/pub/guide.en.html", "https://office.example/pub/guide.fr.html"),
        ("https://en.office.example.org/learn/frames", "https://fr.office.example.org/learn/frames"),
        ("https://learn.example.org/frames", "https://fr.learn.example.org/frames"),
    ],
)  # fmt: skip
def test_addresses_name_their_language_at_their_end_or_in_the_host(one: str, other: str) -> None:
    assert rule_of(record("a", "1", "Frames", url=one), record("a", "2", "Bases", "fr", url=other)) == "TR.ADDRESS"
    assert rule_of(record("a", "1", "Frames", url=one), record("a", "2", "Bases", "es", url=other)) == ""


def test_a_word_that_looks_like_a_language_is_one_only_where_it_is_spoken() -> None:
    one = record("a", "1", "Del texto a la lista", "es", url="https://a.example/x/de-texto-a-lista")
    other = record("b", "1", "From text to list", url="https://b.example/y/texto-a-lista")
    assert rule_of(one, other) == ""


def test_an_academy_that_teaches_in_three_languages_has_a_translation_in_each() -> None:
    hours, by = {"timeRequired": strings("PT7H")}, ("Ana Ruiz",)
    records = [
        record("a", "en", "Small area estimation", authors=by, **hours),
        record("a", "es", "Estimación en áreas pequeñas", "es", authors=by, **hours),
        record("a", "fr", "Estimation sur petits domaines", "fr", authors=by, **hours),
    ]
    assert rules_of(*records) == {"TR.SIGNALS": 3}


@pytest.mark.parametrize(
    "named", ["(日本語版)", "(version française)", "- en español", "(Deutsch)", "（中文）", "(FR)"]
)
def test_a_title_may_name_its_language(named: str) -> None:
    description = {"description": [text(PROSE, "en")]}
    plain = record("a", "1", "The missing term of your education", **description)
    found = only(plain, record("b", "1", f"The missing term of your education {named}", "en", **description))
    assert found is not None and found.rule == "OK.NOT_TRANSLATED", found
    country = record("b", "1", "The missing term of your education (UK)", **description)
    assert only(plain, country) is None or "NOT_TRANSLATED" not in rule_of(plain, country)


def test_one_title_of_one_academy_in_folders_of_two_years() -> None:
    def lecture(feed: str, key: str, year: int, place: str) -> Change:
        return record(feed, key, "Taming text files", url=f"https://{place}.example/{year}/taming-text")

    found = only(lecture("a", "1", 2019, "school"), lecture("a", "2", 2020, "school"))
    assert found is not None and (found.rule, found.source) == ("VER.ADDRESS_EDITION", iri("a", "1"))
    assert rule_of(lecture("a", "1", 2019, "school"), lecture("b", "2", 2020, "other")) == "OV.SAME_TITLE"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("docs/frames-2012.pdf", "docs/frames-2020.pdf"),
        ("v1/frames", "v2/frames"),
        ("old/frames", "frames"),
        ("slides/frames_full.html", "slides/frames_light.html"),
    ],
)
def test_addresses_that_differ_only_in_the_edition(older: str, newer: str) -> None:
    def manual(feed: str, key: str, path: str, title: str = "Frames for surveys") -> Change:
        return record(feed, key, title, url=f"https://office.example/learn/{path}")

    for one, two in (("1", "2"), ("2", "1")):
        found = only(manual("a", one, older), manual("a", two, newer))
        assert found is not None and (found.rule, found.source) == ("VER.ADDRESS_EDITION", iri("a", one))
    assert rule_of(manual("a", "1", older), manual("b", "2", newer)) == "OV.SAME_TITLE", "another academy's"
    assert rule_of(manual("a", "1", older), manual("a", "2", newer, "Weights for surveys")) == ""
    assert rule_of(manual("a", "1", older), manual("a", "2", newer.replace("frames", "text"))) == "OV.SAME_TITLE"
    numbered = [manual("a", number, f"view?id={number}") for number in ("2012", "2020")]
    assert rule_of(*numbered) == "OV.SAME_TITLE", "numbers of a database"


@pytest.mark.parametrize(
    ("title", "edition", "language"),
    [
        ("Podręcznik dla ankieterów", "{}, wydanie drugie", "pl"),
        ("Podręcznik dla ankieterów", "{}, wydanie 2", "pl"),
        ("Manual de entrevistas", "{} – 2ª edição revista e ampliada", "pt"),
        ("調査員の手引き", "{} 改訂版", "ja"),
        ("调查员手册", "{} 第二版", "zh"),
        ("조사원 안내서", "{} 개정판", "ko"),
        ("Interviews for beginners", "[OLD] {}", "en"),
        ("Interviews for beginners", "Archived: {}", "en"),
    ],
)
def test_words_for_editions_in_many_languages(title: str, edition: str, language: str) -> None:
    one = record("a", "1", title, language, url="https://office.example/p/7")
    other = record("a", "2", edition.format(title), language, url="https://office.example/p/31")
    assert rule_of(one, other) == "VER.TITLE_EDITION"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "This course supersedes “Introduction to seasonal adjustment” (2016)."),
        ("No longer offered; replaced by “Adjustment for the hurried reader”.", ""),
    ],
)
def test_a_description_names_what_came_before_or_after(old: str, new: str) -> None:
    def said(words: str) -> dict[str, list[Term]]:
        return {"description": [text(words, "en")]} if words else {}

    one = record("a", "1", "Introduction to seasonal adjustment", url="https://a.org/1", **said(old))
    other = record("a", "2", "Adjustment for the hurried reader", url="https://a.org/2", **said(new))
    found = only(one, other)
    assert found is not None and (found.rule, found.source) == ("VER.SAID", iri("a", "1"))


def test_where_and_when_it_was_held_is_no_word_of_the_title() -> None:
    title = "Workshop on time use surveys"
    one = record("a", "1", f"{title} (Nairobi, May 2023)", url="https://a.org/1")
    assert rule_of(one, record("a", "2", f"{title} (Dakar, 5-9 June 2023)", url="https://a.org/2")) == "RUN.COHORT"
    assert "RUN" not in rule_of(one, record("a", "2", f"{title} (R, June 2023)", url="https://a.org/2"))
    dated = record("a", "2", f"{title} (12-16 June 2023)", url="https://a.org/2", startDate=strings("2023-06-12"))
    found = only(record("a", "1", title, url="https://a.org/1"), dated)
    assert found is not None and (found.rule, found.source) == ("RUN.SESSION", iri("a", "1"))


@pytest.mark.parametrize(
    ("title", "language", "words"),
    [
        ("家計調査の実際", "ja", "この教材は Household surveys in practice の日本語訳です。"),
        ("住户调查实务", "zh", "本课程为“Household surveys in practice”的中文译本。"),
        ("가계조사 실무", "ko", "Household surveys in practice를 한국어로 번역한 자료입니다."),
    ],
)
def test_eastern_descriptions_name_the_original_before_they_call_it_one(title: str, language: str, words: str) -> None:
    original = record("a", "1", "Household surveys in practice", url="https://a.org/1")
    said = {"description": [text(words, language)]}
    found = only(original, record("b", "1", title, language, url="https://b.org/9", **said))
    assert found is not None and (found.rule, found.source) == ("TR.SAID", iri("a", "1"))


def test_a_short_text_that_is_not_translated_under_a_translated_title() -> None:
    words = "How offices collect prices, from the choice of outlets to missing observations, new products and quality."
    said = {"description": [text(words, "en")]}
    english = record("a", "1", "Price statistics for offices", url="https://a.org/1", **said)
    spanish = record("b", "1", "Estadísticas de precios", "es", url="https://b.org/9", **said)
    assert rule_of(english, spanish) == "NEAR.NOT_TRANSLATED"
    assert rule_of(english, record("b", "1", "Webinario", "es", url="https://b.org/9", **said)) == ""


def test_what_is_said_to_be_a_translation_and_is_nearly_the_same_short_text() -> None:
    words = "How the index is made, what it can tell you and how to avoid mistakes in headlines."
    english = record("a", "1", "Prices for journalists", url="https://a.org/1", description=[text(words, "en")])

    def found(title: str, language: str, words: str) -> str:
        stated = {"inLanguage": strings("es"), "translationOfWork": [Iri(iri("a", "1"))]}
        said = {"description": [text(words, language)]}
        return rule_of(english, record("b", "1", title, language, url="https://b.org/9", **said, **stated))

    almost = words.replace(" you", "") + " Spanish text to follow."
    assert found("Prices for journalists", "en", almost) == "NEAR.DECLARED_TRANSLATION"
    spanish = "Cómo se hace el índice, qué puede decir y cómo evitar errores en los titulares."
    assert found("Precios para periodistas", "es", spanish) == "TR.DECLARED"


def test_two_authors_and_a_length_tell_a_translation_elsewhere_one_author_does_not() -> None:
    hours, both = {"timeRequired": strings("PT250M")}, ("Vera Jelić", "Sándor Orlai")

    def found(authors: tuple[str, ...], title: str = "Misurare il lavoro") -> str:
        english = record("a", "1", "Measuring jobs: a guided path", authors=authors, url="https://a.org/1", **hours)
        return rule_of(english, record("b", "9", title, "it", authors=authors, url="https://b.org/x", **hours))

    assert found(both) == "TR.SIGNALS"
    assert "TR" not in found(both[:1])


def test_that_a_description_calls_itself_a_translation_is_a_signal() -> None:
    def found(words: str) -> str:
        by, said = ("Rita Aldane", "Max Pricott"), {"description": [text(words, "fr")]}
        english = record("a", "1", "Handbook of household frames", authors=by, url="https://a.org/1")
        return rule_of(english, record("b", "9", "Manuel des bases", "fr", authors=by, url="https://b.org/x", **said))

    assert found("Ouvrage de référence. Traduit de l'anglais par l'institut.") == "TR.SIGNALS"
    assert "TR" not in found("Ouvrage de référence pour les méthodologues de l'institut.")


@pytest.mark.parametrize(
    ("older", "newer", "language"),
    [
        ("Приручник за анкетаре", "Приручник за анкетаре, друго измењено издање", "sr"),
        ("Основы выборки", "Основы выборки. Издание второе, переработанное и дополненное", "ru"),
        ("Handbuch Zeitreihen. 2. Auflage", "Handbuch Zeitreihen (3. Aufl.)", "de"),
        ("Guide to farm censuses (draft for consultation)", "Guide to farm censuses", "en"),
    ],
)
def test_editions_in_several_words(older: str, newer: str, language: str) -> None:
    one = record("a", "1", older, language, url="https://office.example/p/7")
    assert rule_of(one, record("a", "2", newer, language, url="https://office.example/p/31")) == "VER.TITLE_EDITION"


def test_a_page_at_another_revision_may_have_another_title() -> None:
    place = "https://github.com/lessons/r-official/blob/{}/01-load.md"
    old = record("a", "1", "Getting microdata into R", url=place.format("v2019.06/_episodes"))
    assert (
        rule_of(old, record("a", "2", "Loading microdata", url=place.format("main/episodes")))
        == "VER.REPOSITORY_EDITION"
    )
    assert "VER" not in rule_of(old, record("a", "2", "Loading", url=place.format("main/episodes/more")))


def test_meetings_at_the_address_of_the_room_are_no_copies() -> None:
    def meeting(key: str, day: str, title: str = "Webinar") -> Change:
        return record("a", key, title, url="https://hub.example/live", startDate=strings(day))

    assert rule_of(meeting("1", "2022-02-03"), meeting("2", "2022-02-10")) == ""
    whole = "Webinar on accounts"
    assert rule_of(meeting("1", "2022-02-03", whole), meeting("2", "2022-02-10", whole)) == "RUN.OTHER_DATE"


def test_pages_of_one_name_at_two_places_are_told_where_there_are_many() -> None:
    words = "loops joins graphics habits filters vectors frames strings".split()
    plain = [record("a", word, f"About {word}", url=f"https://one.example/{word}") for word in words]
    moved = [
        record("b", word, f"Página {n}", "es", f"https://two.example/curso/{word}") for n, word in enumerate(words)
    ]
    assert rules_of(*plain, *moved) == {"TR.STRUCTURE": 8}
    assert rules_of(*plain[:7], *moved[:7]) == {}
    beside = [record("b", word, f"Página {n}", "es", f"https://two.example/{word}") for n, word in enumerate(words)]
    elsewhere = record("b", "other", "Otra cosa", "es", "https://two.example/2019/loops")
    found = match([*plain, *beside, elsewhere], {})
    assert len(found) == 8 and iri("b", "other") not in {end for one in found for end in (one.left, one.right)}


def test_a_name_that_many_pages_of_a_site_have_tells_nothing() -> None:
    words = "loops joins graphics habits filters vectors frames strings".split()
    plain = [record("a", word, f"About {word}", url=f"https://one.example/{word}") for word in words]
    crowd = [record("b", f"{n}-{word}", f"Página {n}", "es", f"https://two.example/{n}/{word}") for n in range(9) for word in words]  # fmt: skip
    assert "TR.STRUCTURE" not in rules_of(*plain, *crowd)


def test_front_pages_in_two_languages_are_one_work_where_more_agrees() -> None:
    english = record("a", "1", "Falcon Quills Tutorial", url="https://tutorial.example.org/en/")
    assert (
        rule_of(english, record("a", "2", "튜토리얼 (Falcon Quills)", "ko", "https://tutorial.example.org/ko/"))
        == "TR.ADDRESS"
    )
    assert rule_of(english, record("a", "2", "한국어 안내", "ko", "https://tutorial.example.org/ko/")) == ""


def test_numbers_of_modules_are_a_signal() -> None:
    english = record("a", "1", "Training Module 1.4: managing metadata")
    assert rule_of(english, record("a", "2", "Module 1.4 : la gestion des métadonnées", "fr")) == "TR.SIGNALS"
    assert "TR" not in rule_of(english, record("a", "2", "Module 1.3 : la gestion des métadonnées", "fr"))
    assert "TR" not in rule_of(english, record("b", "2", "Module 1.4 : la gestion des métadonnées", "fr"))


def test_what_changed_last_does_not_tell_the_original_of_a_translation() -> None:
    def sides(date: str, english: str, french: str) -> tuple[Change, Change]:
        title, by = "Module 1.4", ("Ana Ruiz",)
        return (
            record("a", "1", f"{title}: managing metadata", authors=by, **{date: strings(english)}),
            record("a", "2", f"{title} : la gestion des métadonnées", "fr", authors=by, **{date: strings(french)}),
        )

    for date, source in (("dateModified", ""), ("dateCreated", iri("a", "1")), ("datePublished", iri("a", "1"))):
        found = only(*sides(date, "2024-05-02", "2025-03-01"))
        assert found is not None and (found.rule, found.source) == ("TR.SIGNALS", source)


def test_modules_that_name_other_topics_are_no_translations() -> None:
    by = ("Ana Ruiz",)
    english = record("a", "1", "Module 3: price indices", authors=by)
    assert "TR" not in rule_of(english, record("a", "2", "Module 3 : échantillonnage", "fr", authors=by))
    assert rule_of(english, record("a", "2", "Module 3 : indices de prix", "fr", authors=by)) == "TR.SIGNALS"


def test_days_in_a_title_are_no_parts() -> None:
    one = record("a", "1", "Refinery workshop May 10-12 and 17-19, 2021")
    assert rule_of(one, record("a", "2", "Refinery workshop March 22-24 and 29-31, 2022")) == "RUN.COHORT"


def test_what_a_manual_adds_to_its_titles_is_left_out() -> None:
    words = {"description": [text(PROSE, "en")]}
    plain = record("a", "1", "3.2. Regression from Scratch", **words)
    built = record("b", "1", "Regression from Scratch — Deep Dives 0.17.6 documentation", **words)
    assert rule_of(plain, built) == "OK.TITLE_AND_TEXT"
