"""The report in all its forms: complete, in three languages, with nothing of a feed that could do harm."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from registry import messages, shape_texts
from registry.crosswalk import values
from registry.iris import Iris
from registry.messages import LANGUAGES
from registry.model import Feed, Finding, Issue
from registry.pipeline.check import check_list
from registry.report import data, html, markdown, plain
from registry.report.forms import FORMS, rendered
from registry.report.model import Change, Report
from registry.report.suggest import Suggester, general
from registry.report.texts import field_of, listed_field, whys, word
from registry.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LIST = """id,title,description,languages,start,end,license,level,url,type
1,Introduction to R,"First steps, with data",English,2026-05-01,2026-03-02,CC BY,begginer,www.example.org/a b,webinar
2,Git pour tous,Partager des programmes,fr,03/04/2026,,CC-BY-4.0,Débutant,https://example.org/g,cours
3,"=cmd()|' /C calc'!A0 [x](javascript:alert(1)) <img src=x onerror=alert(1)>",,xx,,,,`|,javascript:alert(1),
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("list")
    (folder / "courses.csv").write_text(LIST, "utf-8")
    return check_list(Settings(data=folder / "var"), str(folder / "courses.csv")).report


@pytest.fixture(scope="module")
def suggest() -> Suggester:
    return general(ROOT / "ontology", "https://r.example")


def of(report: Report, code: str) -> Any:
    (cause,) = [cause for cause in report.causes if cause.code == code]
    return cause


def test_what_was_found_and_how_it_will_look(report: Report) -> None:
    counts = report.counts
    assert (counts["records"], counts["published"], counts["held"], counts["by_rule"]) == (3, 2, 1, 0)
    assert report.violations == 1 and report.complete
    card = report.cards[0]
    assert (card.title, card.languages, card.address) == ({"fr": "Git pour tous"}, ("fr",), "https://example.org/g")
    assert card.description == {"fr": "Partager des programmes"}
    assert [text["und"] for text in card.licences] == ["CC-BY-4.0"]
    assert [text["fr"] for text in card.levels] == ["Débutant"] and card.kinds[0]["es"] == "Curso"
    assert "127.0.0.1" not in json.dumps(data.as_json(report)), (
        "the address a file was read from tells nobody anything"
    )


def test_each_cause_has_a_place_a_reason_and_where_it_can_be_computed_the_change(report: Report) -> None:
    licence = of(report, "value-licence").examples[0]
    assert (licence.issue.place, licence.issue.value, licence.where) == ("column «license»", "CC BY", "row 2")
    assert licence.change == Change("CC BY", ("CC-BY-4.0", "CC-BY-3.0"))
    assert of(report, "table-date").examples[0].change.after == ("2026-04-03", "2026-03-04")
    assert of(report, "table-address").examples[0].change.after == ("https://www.example.org/a%20b",)
    assert of(report, "value-unknown").examples[0].change.after == ("basic",)
    missing = of(report, "LR-license").examples[0]
    assert missing.change.example and missing.issue.place == "column «license»"
    for cause in report.causes:
        assert cause.count >= len(cause.examples) > 0
        assert all(whys()[cause.field].why[language] for language in LANGUAGES)
        assert all(example.issue.place for example in cause.examples), cause.code


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_in_every_language(report: Report, form: str, language: str) -> None:
    told = rendered(report, form, language)
    assert "Git pour tous" in told and "CC-BY-3.0" in told
    if form != "json":
        assert word("why", language) in told.replace("&#39;", "'")
        assert of(report, "EV-order").message.text[language][:20] in told
        assert not re.search(r"\{\w+\}", told), "a text whose names were not filled in"
    for term in ("SHACL", "RDF", "crosswalk", "quarantine"):
        assert term not in told


def test_json_has_all(report: Report) -> None:
    told = json.loads(rendered(report, "json", "en"))
    assert told["readable"] and told["violations"] == 1 and told["titles"][0] == "Git pour tous"
    issue = next(one for one in told["issues"] if one["code"] == "value-licence")
    assert set(issue["message"]) == set(issue["mend"]) == set(issue["why"]) == set(LANGUAGES)
    assert issue["examples"][0]["change"]["after"] == ["CC-BY-4.0", "CC-BY-3.0"] and issue["field"] == "licence"


class Tags(HTMLParser):
    """Which elements a page has, what its attributes point to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, content: str) -> None:
        self.text += content


def test_the_page_stands_alone_and_does_nothing(report: Report) -> None:
    tags = Tags()
    page = html.render(report, "fr")
    tags.feed(page)
    assert not {"script", "img", "iframe", "link", "form"} & set(tags.tags)
    assert all(link.startswith("https://example.org/") for link in tags.links) and tags.links
    assert "=cmd()" in tags.text and 'lang="fr"' in page
    assert html.style() in page and "sha256-" in html.policy() and "unsafe" not in html.policy()


@pytest.mark.parametrize("language", LANGUAGES)
def test_markdown_says_what_it_says_and_no_more(report: Report, language: str) -> None:
    told = markdown.render(report, language)
    tags = Tags()
    tags.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(told))
    assert set(tags.tags) <= {"h1", "h2", "h3", "p", "ul", "li", "em", "strong", "code", "table", "thead", "tbody",
                              "tr", "th", "td"}  # fmt: skip
    assert tags.links == [] and "=cmd()|' /C calc'!A0 [x](javascript:alert(1))" in " ".join(tags.text.split())
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert rows and all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


@pytest.mark.parametrize(
    "text", ["1. x", "- x", "# x", "a * b * c", "`x`", "<b>", "https://x.example/_a_", "a|b", "&lt;"]
)
def test_markdown_shows_a_text_as_it_is(text: str) -> None:
    shown = Tags()
    shown.feed(MarkdownIt("commonmark", {"html": True}).render(markdown.escaped(text)))
    assert shown.text.strip() == text and shown.tags == ["p"]
    cell = Tags()
    cell.feed(MarkdownIt("commonmark").enable("table").render(f"| a |\n|---|\n| {markdown.code(text)} |\n"))
    assert text in cell.text and cell.tags.count("td") == 1


def test_a_spreadsheet_runs_nothing(report: Report) -> None:
    told = data.as_csv(report.causes, "es")
    assert told.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(told[1:]), delimiter=";"))
    assert all(len(row) == len(rows[0]) for row in rows) and len(rows) > len(report.causes)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert data.safe_cell("=1+1") == "'=1+1" and data.safe_cell("a\nb") == "a b"


def test_plain_text_is_short_and_marks_what_holds_back(report: Report) -> None:
    told = plain.render(report, "en").splitlines()
    assert told[0].endswith("3 entries read, 2 would be published, 1 held back")
    first = next(line for line in told if line[:1] in "✗!·" and line)
    assert first.startswith("✗ 1 × It ends before it starts")


# Why it matters.


def codes() -> Iterator[str]:
    yield from messages.load()
    yield from shape_texts.load(ROOT / "shapes")


def test_every_code_says_why_it_matters() -> None:
    listed = list(codes())
    assert len(listed) > 400
    assert {code for code in listed if listed_field(code) is None} == set(), "add it to registry/report/fields.tsv"
    assert {listed_field(code) for code in listed} == set(whys())
    assert field_of("third-party") == "entry"


def test_all_words_stand_in_three_languages() -> None:
    for name, why in whys().items():
        for texts in (why.name, why.why):
            assert set(texts) == set(LANGUAGES) and all(texts.values()), name
        assert len(set(why.why.values())) == 3, name
    for line in (ROOT / "registry/report/words.tsv").read_text("utf-8").splitlines():
        assert len([cell for cell in line.split("\t") if cell]) == 4, line


def test_the_examples_are_read_as_they_should() -> None:
    known = general(ROOT / "ontology", "https://r.example").values
    example = {name: why.example for name, why in whys().items() if why.example}
    assert known.language(example["language"]) == "fr" == known.language(example["text-language"])
    assert known.licence(example["licence"]) == "http://spdx.org/licenses/CC-BY-4.0"
    schemes = {"type": "resource-type", "level": "level", "audience": "audience", "access": "access",
               "mode": "modality"}  # fmt: skip
    for field, scheme in schemes.items():
        found = known.concept(scheme, example[field])
        assert found is not None and f"/id/concept/{scheme}/" in found and found.endswith(example[field])
    assert known.subject(example["subject"]) == "https://r.example/id/concept/gsbpm/sp-5.3"


# What to write instead.


@pytest.mark.parametrize(
    ("code", "value", "after", "sure"),
    [
        ("value-language", "Englsh", ("en",), False),
        ("xml-language", "anglais", ("en",), True),
        ("xml-license", "CC BY-SA", ("CC-BY-SA-4.0", "CC-BY-SA-3.0"), False),
        ("LR-license-kind", "CC-BY-NC-4,0", ("CC-BY-NC-4.0",), True),
        ("LR-level-value", "Intermédiare", ("intermediate",), False),
        ("LR-lrt-value", "webinair", ("webinar",), False),
        ("LR-about-value", "Review and validat", ("gsbpm/sp-5.3",), False),
        ("table-date", "03/04/2024", ("2024-04-03", "2024-03-04"), False),
        ("dc-date", "2024-31-05", ("2024-05-31",), False),
        ("dc-date", "05/2024", ("2024-05",), True),
        ("dc-date", "spring 2024", ("2024",), False),
        ("table-duration", "2-3 jours", ("P2D", "P3D"), False),
        ("table-duration", "8", ("PT8H", "P8D"), False),
        ("LR-duration", "20 hours", ("PT20H",), True),
        ("rss-address", "http:/x.example/a b", ("http://x.example/a%20b",), False),
        ("LR-url", "insee.fr/cours", ("https://insee.fr/cours",), False),
        ("LR-name-html", "a <b>x</b>", ("a x",), True),
        ("LR-free-value", "gratuit", ("true",), True),
    ],
)
def test_the_change_that_mends_a_value(
    suggest: Suggester, code: str, value: str, after: tuple[str, ...], sure: bool
) -> None:
    change = suggest(Finding("f", "1", "warning", Issue(code, "/x", value)))
    assert change == Change(value, after, sure)


@pytest.mark.parametrize(
    ("code", "value"),
    [("dc-date", "unknown"), ("value-licence", "all rights reserved, ask"), ("LR-url", "javascript:alert(1)"),
     ("rss-address", "training@example.org"), ("LR-level-value", "xyz"), ("table-email", "a@b.example"),
     ("dc-date", "x" * 500), ("net-dns", "no such host")],
)  # fmt: skip
def test_nothing_is_proposed_that_would_be_a_guess(suggest: Suggester, code: str, value: str) -> None:
    assert suggest(Finding("f", "1", "warning", Issue(code, "/x", value))) is None


@pytest.mark.parametrize(
    ("code", "place", "after"),
    [
        ("LR-license", "/record/metadata/oai_dc:dc/dc:rights",
         "<dc:rights>https://creativecommons.org/licenses/by/4.0/</dc:rights>"),
        ("LR-language", "inLanguage", '"inLanguage": "fr"'),
        ("LR-level", "column «level»", "basic"),
    ],
)  # fmt: skip
def test_what_is_missing_gets_an_example_in_the_way_of_the_format(
    suggest: Suggester, code: str, place: str, after: str
) -> None:
    change = suggest(Finding("f", "1", "warning", Issue(code, place)))
    assert change == Change("", (after,), example=True)


def test_an_academys_own_words_count(suggest: Suggester) -> None:
    feed = Feed("f", "a", "table", "https://x.example/", values={"languages": {"Hauptsprache": "de"}})
    own = Suggester(values.load(Iris("https://r.example"), feed, {}))
    finding = Finding("f", "1", "warning", Issue("value-language", "x", "Hauptsprache"))
    assert own(finding) == Change("Hauptsprache", ("de",), True) and suggest(finding) is None


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_colon_stands_as_french_sets_it(report: Report, form: str) -> None:
    french, english = (rendered(report, form, language) for language in ("fr", "en"))
    assert "Remède\u00a0:" in french and "Remède:" not in french and "important:" not in french
    assert "Mend:" in english


def test_a_missing_value_is_placed_under_a_heading_that_the_reader_knows(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("Intitulé,Auteurs,license,Lien\nSondages,,,https://example.org/s\n", "utf-8")
    report = check_list(Settings(data=tmp_path / "var"), str(tmp_path / "l.csv")).report
    texts = {form: rendered(report, form, "fr") for form in ("text", "markdown", "html")}
    for text in (*texts.values(), data.as_csv(report.causes, "fr")):
        assert "colonne «license»" in text and "colonne «Langue» (à ajouter)" in text, text
        assert not re.search("«(authors|languages|modified|free|Licence)»|to add", text)
    assert "colonne «Gratuit» (à ajouter)  (par exemple oui)" in texts["text"]
    assert "<code>oui</code>" in texts["html"] and "por ejemplo sí" in rendered(report, "text", "es")
    assert "for example yes" in rendered(report, "text", "en")
