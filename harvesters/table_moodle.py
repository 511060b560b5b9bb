"""Moodle's own lists of courses, without a token: the custom report "Courses" and the file for uploading courses.

In them some headings mean other things than elsewhere: "format" is how a page is laid out, "theme" its colours,
"category" a number. Sources: Moodle docs, "Upload courses" (fields of the file) and "Custom reports" (columns of the
course and category entities), versions 4.1 to 5.0, in English, French and Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harvesters.table_headings import fold

_UPLOAD = frozenset(["shortname", "fullname"])
_UPLOAD_MARKS = frozenset(
    ["category", "category path", "category idnumber", "visible", "summary", "enablecompletion", "startdate", "format",
     "idnumber", "templatecourse", "enrolment 1", "lang", "newsitems", "groupmode"]
)  # fmt: skip
_REPORT = frozenset(
    ["course full name", "course full name with link", "course short name", "course short name with link",
     "course id number", "course id number with link", "course category", "category name", "category path",
     "category name with link", "course category name", "course visibility", "course start date", "course end date",
     "course summary", "course format", "course category with link",
     "nom complet du cours", "nom complet du cours avec lien", "nom abrege du cours", "nom abrege du cours avec lien",
     "numero d identification du cours", "n d identification du cours", "categorie de cours", "visibilite du cours",
     "nom de la categorie", "nom de categorie", "date de debut du cours", "date de fin du cours", "resume du cours",
     "format de cours", "format du cours", "chemin de la categorie",
     "nombre completo del curso", "nombre completo del curso con enlace", "nombre completo del curso con vinculo",
     "nombre corto del curso", "nombre corto del curso con enlace", "numero id del curso", "id del curso",
     "numero de identificacion del curso", "categoria de cursos", "categoria del curso", "categoria de curso",
     "nombre de la categoria", "visibilidad del curso", "fecha de inicio del curso", "fecha de fin del curso",
     "fecha de finalizacion del curso", "resumen del curso", "formato de curso", "formato del curso",
     "ruta de la categoria"]
)  # fmt: skip
_IGNORED = re.compile(
    r"format|theme|course theme|force theme|calendartype|(?:force )?calendar type|newsitems|showgrades|showreports|"
    r"legacyfiles|maxbytes|groupmode(?:force)?|(?:force )?group mode|enablecompletion|enable completion(?: tracking)?|"
    r"completionnotify|downloadcontent|(?:enable )?download course content|templatecourse|backupfile|rename|delete|"
    r"reset|category|category idnumber|category id number|role .{1,60}|enrol(?:l)?ment \d{1,2}(?: .{1,60})?|"
    r"course (?:format|image)|course image|show activity (?:dates|reports)|relativedatesmode|showactivitydates|"
    r"showcompletionconditions|pdfexportfont|courseimage|hiddensections|coursedisplay|numsections|"
    r"format d[eu] cours|theme(?: du cours)?|type de calendrier|mode de groupe|forcer le mode de groupe|"
    r"numero d identification de la categorie|image d[eu] cours|"
    r"formato(?: de[l]? curso)?|tema|tipo de calendario|modo de grupo|forzar modo de grupo|imagen del curso"
)


def is_moodle(headings: Sequence[str]) -> bool:
    """Whether the headings of a sheet are those of a report or an upload file of Moodle."""
    words = {fold(text) for text in headings if text}
    if words >= _UPLOAD and words & _UPLOAD_MARKS:
        return True
    return len(words & _REPORT) >= 3 or (len(words & _REPORT) == 2 and len(words) == 2)


def meanings(headings: Sequence[str]) -> Mapping[str, str]:
    """{folded heading: field} where Moodle means something of its own; fields that a site defines by their name."""
    found: dict[str, str] = {}
    for text in headings:
        word = fold(text)
        # In the upload file the number of the category; in a report its name.
        if _IGNORED.fullmatch(word):
            found[word] = "ignored"
    if "category" in found and "fullname" not in {fold(text) for text in headings}:
        del found["category"]
    return found
