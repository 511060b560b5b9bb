"""Rows to profile triples: the fields of the template, the headings of TeSS, and what is wrong in a cell."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.table_headings import fields
from registry import messages
from registry.crosswalk import _content, where
from registry.crosswalk.base import Mapped
from registry.crosswalk.table import crosswalk
from registry.iris import RDF_TYPE, SCHEMA
from registry.model import RawRecord
from registry.terms import Iri, Literal, to_ntriples
from tests.support.tables import ADDRESS, BASE, french_workbook, mapped, read, records, told

GOLDEN = Path(__file__).parent.parent / "golden" / "table"
TEMPLATE = (
    "id,title,title_lang,url,description,description_lang,type,provider,authors,languages,license,keywords,about,level,"
    "audience,outcomes,prerequisites,duration,free,access,mode,start,end,timezone,city,country,online_url,doi,version,"
    "created,published,modified,is_based_on,translation_of,not_same_as,is_part_of,status"
)
TESS = (
    "Title,URL,Description,Keywords,Contact,Licence,Status,DOI,Version,Created,Published,Modified,Competency,Authors,"
    "Contributors,Fields,Audiences,Types,Other Types,Objectives,Prerequisites,Syllabus,Start,End,Timezone,Organizer,"
    "Eligibility,Host Institutions,Online,City,Country,Venue,Postcode,Subtitle,Duration,Recognition,Cost Basis,Currency,"
    "Cost,Capacity,Requirements"
)
VOCABULARY = {"gsbpm": {"sp-5.4": "sp-5.4", "Edit and impute": "sp-5.4"}, "csa": {"1.3": "1.3", "Labour": "1.3"}}


def one(cells: dict[str, str], **changes: object) -> Mapped:
    """What a table with one row gives."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerows([list(cells), list(cells.values())])
    events = read(table.getvalue().encode(), **changes)
    assert told(events) == {}
    return mapped(records(events)[0], VOCABULARY, **changes)


def values(result: Mapped, predicate: str, below: str = "") -> list[str]:
    """The values of one property of the resource or of a node under it, tags and concepts short."""
    name = predicate if ":" in predicate else SCHEMA + predicate
    return [
        str(o).removeprefix(BASE + "/id/concept/")
        if isinstance(o, Iri)
        else o.value + (f"@{o.language}" if o.language else "")
        for s, p, o, _ in result.triples
        if s == result.resource + below and p == name
    ]


def codes(result: Mapped) -> list[tuple[str, str, str]]:
    return [(issue.code, issue.place, issue.value) for issue in result.issues]


def types(result: Mapped, below: str = "") -> set[str]:
    return {name.rsplit("/", 1)[1].rsplit("#", 1)[1 if "#" in name else 0] for name in values(result, RDF_TYPE, below)}


def test_every_heading_of_the_template_and_of_tess_is_a_field() -> None:
    for headings in (TEMPLATE, TESS):
        names = headings.split(",")
        events = read((headings + "\n" + ",".join("Git" for _ in names) + "\n").encode())
        assert "table-unknown-heading" not in told(events)
        assert set(TEMPLATE.split(",")) <= fields()


def test_a_full_row() -> None:
    result = one({
        "id": "G1", "title": "Git for statisticians", "title_fr": "Git pour statisticiens", "url": "https://x.org/git",
        "description": "<p>Version control &amp; review</p>", "type": "course", "authors": "Doe, Jane (0000-0002-1825-0097)|UNECE",
        "languages": "en|fr", "license": "CC BY 4.0", "keywords": "git, version control", "about": "GSBPM 5.4|Labour",
        "level": "Beginner", "audience": "Data scientists|Statisticians", "outcomes": "Make a commit|Resolve a conflict",
        "prerequisites": "none", "duration": "1h30", "free": "yes", "access": "registration", "mode": "self-paced|online",
        "doi": "10.5281/ZENODO.1", "version": "2.1", "created": "2020", "published": "2021-05", "modified": "31/12/2023",
        "is_based_on": "https://x.org/original", "status": "active",
    })  # fmt: skip
    assert codes(result) == []
    assert types(result) == {"Resource", "LearningResource", "Course"}
    expected = {
        "name": ["Git for statisticians@en", "Git pour statisticiens@fr"], "description": ["Version control & review@en"],
        "url": ["https://x.org/git"], "learningResourceType": ["resource-type/course"], "inLanguage": ["en", "fr"],
        "license": ["http://spdx.org/licenses/CC-BY-4.0"], "keywords": ["git@en", "version control@en"],
        "about": ["gsbpm/sp-5.4", "csa/1.3"], "educationalLevel": ["level/basic"],
        "audience": ["audience/data-scientist", "audience/producer-statistician"],
        "teaches": ["Make a commit@en", "Resolve a conflict@en"], "coursePrerequisites": [], "timeRequired": ["PT1H30M"],
        "isAccessibleForFree": ["true"], "conditionsOfAccess": ["access/registration"],
        "courseMode": ["modality/asynchronous", "modality/online"], "identifier": ["G1", "https://doi.org/10.5281/zenodo.1"],
        "version": ["2.1"], "dateCreated": ["2020"], "datePublished": ["2021-05"], "dateModified": ["2023-12-31"],
        "isBasedOn": ["https://x.org/original"], "creativeWorkStatus": ["work-status/active"],
        "provider": [BASE + "/id/agent/nsi"],
    }  # fmt: skip
    assert {name: values(result, name) for name in expected} == expected
    assert values(result, "name", "/agent/1") == ["Doe, Jane"] and types(result, "/agent/1") == {"Person"}
    assert values(result, "identifier", "/agent/1") == ["https://orcid.org/0000-0002-1825-0097"]
    assert types(result, "/agent/2") == {"Organization"}
    places = {p.rsplit("/", 1)[1]: place for s, p, _, place in result.triples if s == result.resource}
    assert places["educationalLevel"] == "column «level»"


def test_a_title_is_enough_and_no_address_is_invented() -> None:
    result = mapped(records(read(b"Title\nGit\n"))[0])
    assert values(result, "name") == ["Git@und"] and values(result, "url") == [] and result.issues == ()
    assert types(result) == {"Resource", "LearningResource"}


@pytest.mark.parametrize(
    ("kind", "start", "expected", "run"),
    [
        ("workshop", "2024-05-01", {"Resource", "EducationEvent"}, False),
        ("workshop", "", {"Resource", "LearningResource"}, False),
        ("workshop", "soon", {"Resource", "LearningResource"}, False),
        ("course", "2024-05-01", {"Resource", "LearningResource", "Course"}, True),
        ("", "2024-05-01", {"Resource", "LearningResource", "Course"}, True),
        ("video", "2024-05-01", {"Resource", "LearningResource", "VideoObject"}, False),
    ],
)
def test_event_course_run_or_resource(kind: str, start: str, expected: set[str], run: bool) -> None:
    result = one({"title": "Git", "type": kind, "start": start})
    assert types(result) == expected
    assert bool(values(result, "hasCourseInstance")) is run
    dated = result.resource + "/run/1" if run else result.resource
    starts = [s for s, p, _, _ in result.triples if p == SCHEMA + "startDate"]
    assert starts == ([dated] if run or expected == {"Resource", "EducationEvent"} else [])
    if kind == "video":
        assert codes(result) == [("table-date-unused", "column «start»", "2024-05-01")]


def test_event_with_place_room_and_price() -> None:
    result = one({
        "Title": "Seasonal adjustment", "Types": "Workshop", "Start": "2024-05-01 09:00", "End": "2024-05-02 17:00",
        "Timezone": "Europe/Paris", "Online": "no", "Venue": "Room 3", "City": "Luxembourg", "Postcode": "2920", "Country": "LU",
        "Organizer": "Eurostat", "Host Institutions": "STATEC", "Capacity": "25", "Cost": "1,250.00", "Currency": "eur",
        "Contact": "jane@stat.example", "Eligibility": "By invitation", "Duration": "2 days",
    })  # fmt: skip
    assert codes(result) == [] and types(result) == {"Resource", "EducationEvent"}
    assert values(result, "startDate") == ["2024-05-01T09:00:00+02:00"]
    assert values(result, "endDate") == ["2024-05-02T17:00:00+02:00"]
    assert values(result, "eventAttendanceMode") == [SCHEMA + "OfflineEventAttendanceMode"]
    assert values(result, "location") == [result.resource + "/place/1"] and values(result, "name", "/place/1") == [
        "Room 3"
    ]
    assert values(result, "addressLocality", "/place/1/address") == ["Luxembourg"]
    assert values(result, "organizer") == [result.resource + "/agent/1", result.resource + "/agent/2"]
    assert values(result, "price", "/offer/1") == ["1250.00"] and values(result, "priceCurrency", "/offer/1") == [
        "EUR"
    ]
    assert values(result, "isAccessibleForFree") == ["false"] and values(result, "maximumAttendeeCapacity") == ["25"]
    assert values(result, "conditionsOfAccess") == ["access/nomination-required"] and values(result, "duration") == [
        "P2D"
    ]
    assert "jane@stat.example" not in to_ntriples((s, p, o) for s, p, o, _ in result.triples)


def test_dates_in_one_cell_and_of_two_kinds() -> None:
    run = one({"title": "Git", "Dates": "du 12/03/2024 au 14/03/2024"})  # the 14th tells which is the day
    assert (values(run, "startDate", "/run/1"), values(run, "endDate", "/run/1")) == (["2024-03-12"], ["2024-03-14"])
    open_ = {"title": "Git", "Dates": "02/03/2024 - 04/03/2024"}
    assert codes(one(open_)) == [
        ("table-date", "column «Dates»", "02/03/2024 - 04/03/2024"),
    ]  # fmt: skip
    run = one(open_, options={"date_order": "dmy"})
    assert (values(run, "startDate", "/run/1"), values(run, "endDate", "/run/1")) == (["2024-03-02"], ["2024-03-04"])
    both = one({"title": "Git", "start": "2024-03-12T09:00:00+01:00", "end": "2024-03-14"})
    assert (values(both, "startDate", "/run/1"), values(both, "endDate", "/run/1")) == (["2024-03-12"], ["2024-03-14"])
    assert [code for code, _, _ in codes(both)] == ["table-date-kinds"]


@pytest.mark.parametrize(
    ("field", "value", "code", "predicate", "kept"),
    [
        ("Niveau", "doctoral", "value-unknown", "educationalLevel", ["doctoral"]),
        ("Public cible", "jardiniers", "value-unknown", "audience", ["jardiniers"]),
        ("Type", "chose", "value-unknown", "learningResourceType", ["chose"]),
        ("Licence", "CC BY", "value-licence", "license", ["CC BY"]),
        ("Langue", "jp", "value-language", "inLanguage", []), ("Durée", "longue", "table-duration", "timeRequired", []),
        ("Lien", "voir le site", "table-address", "url", []), ("Lien", "javascript:alert(1)", "table-address", "url", []),
        ("DOI", "10/x", "table-doi", "identifier", ["10/x"]), ("Gratuit", "peut-être", "table-yes-no", "isAccessibleForFree", []),
        ("Coût", "à voir", "table-price", "offers", []), ("Modified", "03/04/2024", "table-date", "dateModified", []),
        ("Basé sur", "le cours de Paul", "table-relation", "isBasedOn", ["le cours de Paul"]),
        ("Ville", "Paris", "table-needs-date", "location", []), ("about", "Git", "value-unknown", "about", ["Git"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    field: str, value: str, code: str, predicate: str, kept: list[str]
) -> None:
    result = one({"Intitulé": "Git", field: value})
    assert codes(result) == [(code, f"column «{field}»", value)]
    assert values(result, predicate) == kept


def test_units_stand_in_the_heading() -> None:
    found = {
        heading: values(one({"Titre": "Git", heading: "3"}), "timeRequired")
        for heading in ("Durée (heures)", "Durée en jours", "Duration (min)", "Horas")
    }
    assert list(found.values()) == [["PT3H"], ["P3D"], ["PT3M"], ["PT3H"]]
    assert codes(one({"Titre": "Git", "Durée": "3"})) == [("table-duration", "column «Durée»", "3")]


def test_language_of_titles() -> None:
    assert values(one({"title": "Git", "languages": "fr/en"}), "name") == ["Git@fr"]
    assert values(one({"title": "Git", "languages": "en; fr"}, language="fr"), "name") == ["Git@fr"]
    assert values(one({"title": "Git", "title_lang": "es", "languages": "en"}), "name") == ["Git@es"]
    assert values(one({"title": "Git"}, language="pt"), "name") == ["Git@pt"]


def test_own_values_and_list_separator_of_the_feed() -> None:
    own = {"level": {"Palier 1": "basic"}, "license": {"maison": "CC-BY-4.0"}}
    result = one({"title": "Git", "level": "palier 1", "license": "maison"}, values=own)
    assert values(result, "educationalLevel") == ["level/basic"] and codes(result) == []
    assert values(one({"title": "Git", "keywords": "a * b"}, options={"separator": " * "}), "keywords") == [
        "a@und",
        "b@und",
    ]


def test_addresses_of_persons_are_never_published() -> None:
    result = one({"title": "Git", "description": "Write to jane.doe@stat.example", "authors": "Jane Doe <jane@x.org>",
                  "instructor": "Paul"})  # fmt: skip
    shown = to_ntriples((s, p, o) for s, p, o, _ in result.triples)
    assert "@stat" not in shown and "@x.org" not in shown and "Paul" not in shown and "Jane Doe" in shown
    assert [code for code, _, _ in codes(result)] == ["table-email", "table-email"]
    assert all("@" not in value for _, _, value in codes(result))


def test_payloads_that_are_no_rows_are_told() -> None:
    for payload in (b"", b"[]", b"{}", b'{"row": 1}', b'{"row": {"title": " "}}', b"\xff", b"[" * 100_000):
        result = mapped(RawRecord("k", payload, "application/json", "table", ADDRESS))
        assert result.triples == () and result.issues[0].code in ("table-bad-payload", "table-no-name")


def test_tables_and_messages_fit_together() -> None:
    with (Path(crosswalk.__code__.co_filename).parent / "tables" / "table.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    named = {row["source"] for row in rows} - {"(none)"}
    assert named == fields() | {"section", "scheme:*"}  # a row above says it, not a column
    assert where("table")[SCHEMA + "educationalLevel"] == "column «level»"
    known = messages.load()
    used = {code for name, body in _content(Path(crosswalk.__code__.co_filename).parent) if name.startswith("table")  # type: ignore[arg-type]
            for code in known if f'"{code}"'.encode() in body}  # fmt: skip
    assert {"table-date", "value-unknown", "value-licence"} <= used


TEXT = st.text(alphabet=st.characters(), max_size=30)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(fields())), TEXT, max_size=12), TEXT)
def test_any_row_gives_triples_without_repeats(cells: dict[str, str], title: str) -> None:
    payload = json.dumps({"row": {**cells, "title": "T" + title}, "header": {}, "unknown": {}}).encode()
    result = mapped(RawRecord("k", payload, "application/json", "table", ADDRESS))
    keys = [(s, p, o) for s, p, o, _ in result.triples]
    assert keys and len(set(keys)) == len(keys)
    record = BASE + "/id/record/nsi-courses/k"
    assert all(s == record or s == result.resource or s.startswith(result.resource + "/") for s, _, _ in keys)
    assert {issue.code for issue in result.issues} <= set(messages.load())


def test_golden_workbook() -> None:
    """The office's workbook to the byte; harvested twice it gives the same."""
    shown = []
    for _ in range(2):
        results = [
            mapped(record, VOCABULARY, language="fr") for record in records(read(french_workbook(), language="fr"))
        ]
        graph = to_ntriples((s, p, o) for result in results for s, p, o, _ in result.triples)
        found = "".join(f"{code}\t{place}\t{value}\n" for result in results for code, place, value in codes(result))
        shown.append((graph, found))
    assert shown[0] == shown[1]
    assert shown[0][0] == (GOLDEN / "workbook.nt").read_text("utf-8")
    assert shown[0][1] == (GOLDEN / "workbook-issues.tsv").read_text("utf-8")


@pytest.mark.parametrize(
    ("cell", "url", "other"),
    [
        ("https://zenodo.org/record/1; https://doi.org/10.5281/zenodo.1", "https://zenodo.org/record/1", "identifier"),
        ("https://doi.org/10.5281/zenodo.1 | https://a.example/b", "https://a.example/b", "identifier"),
        ("https://a.example/b\nhttps://a.example/c", "https://a.example/b", "sameAs"),
        ("https://a.example/b;https://a.example/c", "https://a.example/b", "sameAs"),
        ("https://web.archive.org/web/2020/https://a.example/c,d", "https://web.archive.org/web/2020/https://a.example/c,d", ""),
        ("10.5281/zenodo.1", "https://doi.org/10.5281/zenodo.1", ""),
    ],
)  # fmt: skip
def test_several_addresses_in_a_cell(cell, url, other):
    result = one({"Title": "T", "URL": cell})
    assert values(result, "url") == [url] and "table-address" not in [issue.code for issue in result.issues]
    assert sum(len(values(result, name)) for name in ("identifier", "sameAs")) == (1 if other else 0)
    assert not other or len(values(result, other)) == 1


def test_an_unreadable_address_beside_a_good_one_is_told():
    result = one({"Title": "T", "URL": "see intranet; https://a.example/b"})
    assert values(result, "url") == ["https://a.example/b"]
    assert [(issue.code, issue.value) for issue in result.issues] == [("table-address", "see intranet")]


def test_a_licence_of_no_known_part_stays_whole():
    result = one({"Title": "T", "Licence": "CC0 (mostly, but can differ)"})
    assert values(result, "license") == ["CC0 (mostly, but can differ)"]


def test_a_second_column_of_a_field_counts_where_the_first_is_empty():
    rows = "title,page,repository\nA,https://a.example/1,https://git.example/1\nB,,https://git.example/2\n"
    first, second = records(read(rows.encode()))
    assert values(mapped(first), "url") == ["https://a.example/1"]
    assert values(mapped(second), "url") == ["https://git.example/2"]
    assert [place for _, p, _, place in mapped(second).triples if p == SCHEMA + "url"] == ["column «repository»"]
    assert json.loads(first.payload)["unknown"] == {"repository": "https://git.example/1"}


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr", "2024-03-12"), ("es", "2024-03-12"), ("en-GB", "2024-03-12"), ("en-US", "2024-12-03")],
)
def test_a_lists_language_tells_the_order_of_day_and_month(language, expected):
    cells = {"Title": "T", "Start": "12/03/2024", "Modified": "12/03/2024"}
    result = one(cells, language=language)
    assert values(result, "startDate", "/run/1") == values(result, "dateModified") == [expected]
    assert values(one(cells, language=language, options={"date_order": "mdy"}), "dateModified") == ["2024-12-03"]


@pytest.mark.parametrize("language", ["en", "en-CA", None, "zh"])
def test_where_the_language_does_not_tell_a_doubtful_date_is_left_out(language):
    result = one({"Title": "T", "Modified": "12/03/2024"}, language=language)
    assert values(result, "dateModified") == [] and "table-date" in [issue.code for issue in result.issues]


def test_two_concepts_with_a_slash():
    assert values(one({"Title": "T", "Level": "Beginner / intermediate"}), "educationalLevel") == [
        "level/basic", "level/intermediate"
    ]  # fmt: skip
    assert values(one({"Title": "T", "Level": "Beginner / whatever"}), "educationalLevel") == ["Beginner / whatever"]


def test_a_missing_audience_is_looked_for_in_its_own_column():
    """The column of any list of terms can give one too, but it is not what is proposed."""
    first: dict[str, str] = {}
    lines = (files("registry.crosswalk") / "tables" / "table.tsv").read_text("utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        for name in row["property"].split():
            first.setdefault(name, row["where"])
    assert first["schema:audience"] == "column «audience»" and "*" not in "".join(first.values())


def dated(text: str, **changes: object) -> list[list[str]]:
    """The start dates of each record of a table."""
    found = [mapped(record, **changes) for record in records(read(text.encode(), **changes))]
    return [
        sorted(o.value for _, p, o, _ in one.triples if p == SCHEMA + "startDate" and isinstance(o, Literal))
        for one in found
    ]


def test_a_doubtful_date_is_read_as_the_others_of_its_column():
    assert dated("Name,Start\nA,12/04/2027\nB,25/04/2027\n") == [["2027-04-12"], ["2027-04-25"]]
    assert dated("Name,Start\nA,12/04/2027\nB,04/25/2027\n") == [["2027-12-04"], ["2027-04-25"]]
    mixed = "Name,Start\nA,12/04/2027\nB,25/04/2027\nC,04/26/2027\n"
    assert dated(mixed) == [[], ["2027-04-25"], ["2027-04-26"]]
    assert "table-date" in [issue.code for issue in mapped(records(read(mixed.encode()))[0]).issues]
    # What the feed's entry says counts more, its language less than the column.
    assert dated("Name,Start\nA,12/04/2027\nB,25/04/2027\n", options={"date_order": "mdy"})[0] == ["2027-12-04"]
    assert dated("Name,Start\nA,12/04/2027\nB,25/04/2027\n", language="en-US")[0] == ["2027-04-12"]


@pytest.mark.parametrize(
    ("heads", "expected"),
    [("Intitulé,Date de début,Public cible", ["2027-04-12"]), ("Curso,Fecha de inicio,Duración", ["2027-04-12"]),
     ("Title,Start date,Target audience", []), ("Title,Date de début,Public cible", [])],
)  # fmt: skip
def test_headings_in_one_language_tell_the_order_where_nothing_else_does(heads, expected):
    assert dated(f"{heads}\nT,12/04/2027,\n") == [expected]


def test_the_order_of_a_column_holds_for_further_sessions():
    assert dated("Code,Name,Start\n1,A,25/03/2027\n1,A,12/04/2027\n") == [["2027-03-25", "2027-04-12"]]


@pytest.mark.parametrize("word", ["Cancelled", "Annulé", "Anulada"])
def test_a_status_of_a_session_is_that_of_its_date(word):
    table = f"Code,Name,Start,Status\n1,A,2027-03-25,Open\n1,A,2027-04-12,{word}\n1,A,2027-05-12,Complet\n"
    (record,) = records(read(table.encode()))
    result = mapped(record)
    assert values(result, "creativeWorkStatus") == [] == values(result, "eventStatus", "/run/1")
    assert values(result, "eventStatus", "/run/2") == [SCHEMA + "EventCancelled"]
    assert values(result, "eventStatus", "/run/3") == [] == list(result.issues)


def test_other_words_for_a_status():
    assert values(one({"Title": "T", "Status": "archived"}), "creativeWorkStatus") == ["work-status/archived"]
    assert [issue.code for issue in one({"Title": "T", "Status": "annulé"}).issues] == ["table-needs-date"]
    assert [issue.code for issue in one({"Title": "T", "Status": "odd"}).issues] == ["value-unknown"]
