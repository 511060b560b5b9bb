"""Writing the empty template to a file."""

from __future__ import annotations

from pathlib import Path

from registry import vocabulary
from registry.messages import LANGUAGES
from registry.pipeline.house import ROOT
from registry.workbook.template import template, template_csv
from registry.workbook.texts import with_frameworks

BASE = "https://registry.invalid"  # labels are the same under any address


class BadTemplate(Exception):
    """The template cannot be written; the message says why."""


def write_template(file: Path | None, language: str, schemes: Path | None = None) -> tuple[Path, int]:
    """Write the template; the file and the number of its columns. An existing file is left alone. BadTemplate.

    ``schemes`` is the folder of the frameworks that were added.
    """
    target = file or Path(f"meta-academy-{language}.xlsx")
    form = target.suffix.lower()
    if language not in LANGUAGES:
        raise BadTemplate(f"{language!r} is none of {', '.join(LANGUAGES)}")
    if form not in (".xlsx", ".csv"):
        raise BadTemplate(f"{target}: the name must end in .xlsx or .csv")
    folders = [ROOT / "ontology", *([schemes] if schemes is not None else [])]
    labels, known = vocabulary.labels(folders, BASE), list(vocabulary.schemes(folders, BASE).values())
    body = (template if form == ".xlsx" else template_csv)(language, labels, known)
    try:
        with target.open("xb") as out:
            out.write(body)
    except FileExistsError as error:
        raise BadTemplate(
            f"{target}: there is such a file already; it may hold courses, so it is left alone"
        ) from error
    except OSError as error:
        raise BadTemplate(f"{target}: {error.strerror}") from error
    return target, len(with_frameworks(known))
