"""Moodle's own lists without a token: the report "Courses" and the upload file, in three languages."""

from __future__ import annotations

import json

import pytest

from harvesters.table_moodle import is_moodle
from registry.iris import SCHEMA
from registry.model import RawRecord
from tests.support.tables import mapped, read, records, told

LINK = '"<a href=""https://moodle.stat.example/course/view.php?id=7"">Sampling &amp; weighting</a>"'
REPORTS = {
    "en": f"""Course category,Course short name,Course full name with link,Course ID number,Course visibility,Format,Group mode
Methods,SAMP,{LINK},X-7,Show,Custom sections,No groups
Methods,SECRET,Course in preparation,,Hide,Custom sections,No groups
Sandbox,TRY,Try-out,,Show,Weekly sections,No groups
""",
    "fr": f"""Catégorie de cours,Nom abrégé du cours,Nom complet du cours avec lien,N° d'identification du cours,Visibilité du cours,Format,Mode de groupe
Methods,SAMP,{LINK},X-7,Afficher,Sections,Aucun groupe
Methods,SECRET,Course in preparation,,Cacher,Sections,Aucun groupe
Sandbox,TRY,Try-out,,Oui,Sections,Aucun groupe
""",
    "es": f"""Categoría de cursos,Nombre corto del curso,Nombre completo del curso con enlace,Número ID del curso,Visibilidad del curso,Formato,Modo de grupo
Methods,SAMP,{LINK},X-7,Mostrar,Secciones,No hay grupos
Methods,SECRET,Course in preparation,,Ocultar,Secciones,No hay grupos
Sandbox,TRY,Try-out,,Sí,Secciones,No hay grupos
""",
}  # fmt: skip
UPLOAD = """shortname,fullname,category,category_path,idnumber,summary,visible,startdate,enddate,lang,format,theme,enrolment_1,enrolment_1_password,role_student,templatecourse
GIT,Git for statisticians,4,Tools / Version control,INT-3,"<p>Write to git@stat.example or http://intranet/git</p>",1,2025-03-12,2025-03-14,en,topics,boost,self,opensesame,Learner,TPL
R,R course,4,Tools / R,,Basics of R,0,,,fr,topics,boost,manual,,Learner,
PY,Python,5,,,,,0,,,weeks,,guest,,,
"""


def rows(events: list[object]) -> dict[str, dict[str, str]]:
    return {e.key: json.loads(e.payload)["row"] for e in events if isinstance(e, RawRecord)}


@pytest.mark.parametrize("language", sorted(REPORTS))
def test_the_report_courses(language: str) -> None:
    events = read(REPORTS[language].encode(), language=language)
    assert list(rows(events)) == ["SAMP", "TRY"]
    assert rows(events)["SAMP"]["url"] == "https://moodle.stat.example/course/view.php?id=7"
    assert set(told(events)) == {"table-hidden-course"}
    assert "SECRET" not in str(events) and "in preparation" not in str(events)
    result = mapped(records(events)[0], language=language)
    say = {
        p.removeprefix(SCHEMA): getattr(o, "value", str(o)) for s, p, o, _ in result.triples if s == result.resource
    }
    assert (say["name"], say["url"], say["keywords"]) == (
        "Sampling & weighting", "https://moodle.stat.example/course/view.php?id=7", "Methods",
    )  # fmt: skip
    assert result.issues == ()


def test_the_upload_file() -> None:
    events = read(UPLOAD.encode())
    assert list(rows(events)) == ["GIT", "PY"]
    assert set(told(events)) == {"table-hidden-course"}
    assert not any(word in str(events) for word in ("opensesame", "boost", "Learner", "R course"))
    git, python = (mapped(record) for record in records(events))
    said = {(p.removeprefix(SCHEMA), getattr(o, "value", str(o))) for _, p, o, _ in git.triples}
    assert {("keywords", "Tools"), ("keywords", "Version control"), ("startDate", "2025-03-12"), ("inLanguage", "en"),
            ("identifier", "GIT"), ("identifier", "INT-3")} <= said  # fmt: skip
    assert not any("intranet" in value or "@stat" in value for _, value in said)
    assert {issue.code for issue in git.issues} == {"table-email", "table-private"}
    assert python.issues == ()  # a start of 0 is no start


def test_a_report_by_its_headings_alone() -> None:
    assert is_moodle(["Course full name", "Course category"])
    assert is_moodle(["shortname", "fullname", "visible"])
    assert not is_moodle(["Title", "Category", "Format"])
    assert not is_moodle(["Course full name", "Level", "Format"])


def test_format_and_theme_mean_something_elsewhere() -> None:
    events = read(b"Title,Format,Theme\nGit,Video,Tools\n")
    assert rows(events)["row-" + next(iter(rows(events)))[4:]] == {"title": "Git", "type": "Video", "fields": "Tools"}


@pytest.mark.parametrize(
    ("heading", "cell", "shown"),
    [("Visible", "1", True), ("Visible", "✓", True), ("Visible", "", True), ("Visible", "non", False),
     ("Visible", "bald", False), ("Hidden", "No", True), ("Hidden", "1", False), ("Masqué", "oui", False),
     ("Published", "NO", False), ("Publié", "oui", True), ("Published", "2024", True)],
)  # fmt: skip
def test_what_is_not_surely_shown_stays_back(heading: str, cell: str, shown: bool) -> None:
    events = read(
        f"Title,Level,{heading}\nGit,Basic,{cell}\nR,Basic,{'no' if heading != 'Visible' else 'yes'}\n".encode()
    )
    assert ("Git" in [row["title"] for row in rows(events).values()]) == shown
