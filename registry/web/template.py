"""The template workbook for an academy without a developer: a page that explains it, and the files themselves.

A file is made when it is asked for first and kept as long as the lists that it offers stay the same.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry import vocabulary
from registry.messages import LANGUAGES
from registry.web.pages import Pages
from registry.web.problems import Problem
from registry.web.shared import CACHE, NotModified, Shared, tags
from registry.workbook.template import template, template_csv
from registry.workbook.texts import columns

FORMS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_State = tuple[tuple[str, int, int], ...]


class Files:
    """The files in each form and language; safe to use from several threads."""

    def __init__(self, folders: Sequence[Path], base: str) -> None:
        self._folders, self._base = tuple(folders), base
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._made: dict[tuple[str, str], bytes] = {}

    def get(self, form: str, language: str) -> bytes:
        """A file, made anew when a list of terms changed since."""
        with self._lock:
            state = self._seen()
            if state != self._state:
                labels = vocabulary.labels(self._folders, self._base)
                known = list(vocabulary.schemes(self._folders, self._base).values())
                made = {(name, tag): make(tag, labels, known) for name, make in _MAKERS.items() for tag in LANGUAGES}
                self._state, self._made = state, made
            return self._made[form, language]

    def _seen(self) -> _State:
        found = [(file, file.stat()) for file in vocabulary.turtle_files(self._folders)]
        return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in found)


_MAKERS = {"xlsx": template, "csv": template_csv}


def create_router(pages: Pages, files: Files) -> APIRouter:
    """The routes of the template; they need no release."""
    router = APIRouter(include_in_schema=False)
    shared = pages.shared

    @router.get("/template")
    def page(request: Request) -> Response:
        here = shared.visit(request, vary="Accept-Language") if shared.releases.current() else None
        sizes = {form: {tag: -(-len(files.get(form, tag)) // 1024) for tag in LANGUAGES} for form in FORMS}
        shown = [column for column in columns() if column.sheet == 1]
        return pages.render(request, "template.html", visit=here, sizes=sizes, columns=shown,
                            contact=shared.settings.contact)  # fmt: skip

    @router.get("/template.xlsx")
    def workbook(request: Request) -> Response:
        return _file(request, shared, files, "xlsx")

    @router.get("/template.csv")
    def table(request: Request) -> Response:
        return _file(request, shared, files, "csv")

    return router


def _file(request: Request, shared: Shared, files: Files, form: str) -> Response:
    """The file as a download, in the language that is asked for."""
    asked = request.query_params.get("lang")
    if asked is not None and asked not in LANGUAGES:
        raise Problem(400, f"lang: one of {', '.join(LANGUAGES)}")
    language = shared.voice(request).language
    body = files.get(form, language)
    headers = {
        "Cache-Control": CACHE,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        "Vary": "Accept-Language",
        "Content-Language": language,
    }
    if headers["ETag"] in tags(request.headers.get("if-none-match", "")):
        raise NotModified(headers)
    headers["Content-Disposition"] = f'attachment; filename="meta-academy-{language}.{form}"'
    return Response(body, headers=headers, media_type=FORMS[form])
