"""``/q``: each stored query as a page, as data at fixed addresses, and in OpenAPI; all of them as one graph."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from registry.graph.pool import QueryFailed
from registry.graph.serialise import serialise
from registry.graph.worker import GRAPHS
from registry.messages import LANGUAGES
from registry.statistics import reader as figures
from registry.web import stored_formats as formats
from registry.web.compress import coding
from registry.web.limits import limited
from registry.web.negotiate import choose
from registry.web.pages import Pages
from registry.web.problems import Problem
from registry.web.shared import Visit
from registry.web.stored import Column, Parameter, StoredQuery
from registry.web.stored_answers import GRAPH_TYPES, OBSERVATIONS, Answers, Asked, TooLarge, licences, types_of
from registry.web.stored_texts import parameters as as_address
from registry.web.stored_texts import snippets
from registry.web.stored_values import MAX_IRI, MAX_TEXT, BadValues, Values, read_values

HTML = "text/html"
SHOWN = 20
OF_ACADEMIES = ("academy", "other", "of", "by")
"""Parameters whose values are ids of academies: a page proposes them."""
GROUPS = {
    "overlap": ("overlap",),
    "reuse": ("reuse", "translation", "adaptation"),
    "coverage": ("coverage", "gap"),
    "licence": ("licence",),
    "quality": ("quality", "completeness"),
    "change": ("change", "visit", "growth"),
    "supply": (),
}
"""What heads the list of queries, in this order, with its keywords: a query stands under the first that it has one
of, else under the last."""
_JSON_TYPES = {"integer": "integer", "decimal": "number", "boolean": "boolean"}
_JSON_FORMATS = {"date": "date", "dateTime": "date-time", "anyURI": "uri"}
_RETRY = {"deadline": 10, "busy": 5, "unavailable": 5}


def _bad(error: BadValues) -> Problem:
    lines = [{"parameter": name, "message": message} for name, message in error.errors]
    return Problem(400, str(error), errors=lines)


def _failed(error: QueryFailed) -> Problem:
    if error.kind in _RETRY:
        return Problem(503, str(error), title="There is no answer now")
    return Problem(500, str(error))


class StoredQueries:
    """The queries of one deployment and what answers them."""

    def __init__(self, pages: Pages, queries: Mapping[str, StoredQuery], answers: Answers, source: str) -> None:
        self.pages, self.queries, self.answers, self.source = pages, queries, answers, source
        self.shared = pages.shared

    def visit(self, request: Request, vary: str = "") -> Visit:
        """Begin to answer."""
        return self.shared.visit(request, vary=vary)

    def named(self, name: str) -> StoredQuery:
        """A query by its name. Raises Problem (404)."""
        if name not in self.queries:
            raise Problem(404, f"There is no stored query {name[:60]!r}; /q lists them.")
        return self.queries[name]

    async def data(self, request: Request, query: StoredQuery, suffix: str, here: Visit) -> Response:
        """The whole answer in one format."""
        pairs = request.query_params.multi_items()
        language, excel = here.voice.language, [value for name, value in pairs if name == "excel"]
        if excel and (len(excel) > 1 or excel[0] not in LANGUAGES):
            raise _bad(BadValues([("excel", f"must be one of {', '.join(LANGUAGES)}, once")]))
        try:
            values = read_values(query, [(name, value) for name, value in pairs if name not in ("excel", "lang")])
        except BadValues as error:
            raise _bad(error) from error
        where = self._where(here, query, values)
        headers = {**here.headers}
        # A workbook is compressed in itself.
        gzip = suffix not in ("xlsx", "meta.json") and coding(request.headers.get("accept-encoding")) == "gzip"
        if suffix == "meta.json":
            body = formats.to_meta(query, where, self._rights(here))
        else:
            asked = Asked(query, values, here.opened.release, self.shared.iris)
            kind = "excel" if excel and suffix == "csv" else suffix
            body = await self._body(asked, kind, where, excel[0] if excel else language, gzip=gzip)
            headers |= _said_of(query, suffix, where, excel=kind == "excel")
            headers |= {"Content-Encoding": "gzip"} if gzip else {}
        kinds = types_of(query)
        return Response(body, headers=headers, media_type=kinds[suffix])

    async def _body(self, asked: Asked, kind: str, where: formats.Source, language: str, *, gzip: bool) -> bytes:
        try:
            return await self.answers.body(asked, kind, where, language, gzip=gzip)
        except QueryFailed as error:
            raise _failed(error) from error
        except (TooLarge, formats.TooManyRows) as error:
            raise Problem(400, str(error)) from error

    def _where(self, here: Visit, query: StoredQuery, values: Values) -> formats.Source:
        manifest = here.opened.release.manifest
        address = f"{here.address}/q/{query.name}"
        return formats.Source(address, as_address(values.given), here.opened.number, str(manifest["time"]))

    def _rights(self, here: Visit) -> dict[str, object]:
        found = [{"@id": name} if "://" in name else name for name in licences(here.opened.release.figures)]
        rights: dict[str, object] = {"dc:publisher": {"@id": f"{here.address}/"}}
        return rights | ({"dc:license": found} if found else {})

    async def page(self, request: Request, query: StoredQuery) -> Response:
        """What a query means, its parameters as a form, its first rows, and how to take the answer along."""
        here = self._page_visit(request)
        # A form sends what was not filled in as well.
        pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "lang" and value]
        errors: list[str] = []
        failed, rows = False, list[tuple[formats.Cell, ...]]()
        try:
            values = read_values(query, pairs)
        except BadValues as error:
            errors = [name for name, _ in error.errors]
            values = Values({}, (), ())
        else:
            try:
                if query.columns:
                    rows = await self.answers.rows(Asked(query, values, here.opened.release, self.shared.iris))
            except (QueryFailed, TooLarge):
                failed = True
        with figures.open_figures(here.opened.release.figures) as connection:
            academies = {row["id"]: here.voice.best(row["name"]) for row in figures.academies(connection)}
        where = self._where(here, query, values)
        status = 400 if errors else 503 if failed else 200
        answer = self.pages.render(
            request, "q.html", visit=here, status=status, query=query, rows=rows[:SHOWN], total=len(rows),
            shown=SHOWN, errors=errors, failed=failed, academies=academies, given=dict(pairs), where=where,
            snippets=snippets(query, where.address, values.given) if query.columns else [],
            suffixes=_suffixes(query, len(rows)), types=formats.TYPES | GRAPH_TYPES,
            numeric=("integer", "decimal"), of_academies=OF_ACADEMIES, excel=here.voice.language,
            known={one.name for one in query.parameters},
        )  # fmt: skip
        answer.headers["Vary"] = "Accept, Accept-Language"
        if status != 200:
            answer.headers["Cache-Control"] = "no-store"
            del answer.headers["ETag"], answer.headers["Last-Modified"]
        return answer

    def _page_visit(self, request: Request) -> Visit:
        # Page and data of one address must never share a tag: the header that is there tells them apart.
        return self.visit(request, "Accept-Language" if request.headers.get("accept-language") else "Accept")

    def list_page(self, request: Request) -> Response:
        """All queries, by what they are about."""
        here = self._page_visit(request)
        groups: dict[str, list[StoredQuery]] = {name: [] for name in GROUPS}
        for query in self.queries.values():
            fitting = (name for name, keywords in GROUPS.items() if not set(keywords).isdisjoint(query.keywords))
            groups[next(fitting, "supply")].append(query)
        for listed in groups.values():
            listed.sort(key=lambda query: here.voice.best(query.title))
        answer = self.pages.render(request, "qlist.html", visit=here, groups={k: v for k, v in groups.items() if v})
        answer.headers["Vary"] = "Accept, Accept-Language"
        return answer

    def listing(self, here: Visit) -> Response:
        """The same for programs."""
        items = [_told(query, f"{here.address}/q/{query.name}") for query in self.queries.values()]
        return here.listing(items, len(items), None)

    def examples(self, request: Request) -> Response:
        """All files as one graph."""
        media_type = choose(request.headers.get("accept"), list(GRAPHS))
        if media_type is None:
            raise Problem(406, f"There are: {', '.join(GRAPHS)}.")
        here = self.visit(request, "Accept")
        kind = media_type if media_type == "application/ld+json" else f"{media_type}; charset=utf-8"
        return Response(serialise(self.source, media_type), headers=here.headers, media_type=kind)


def _suffixes(query: StoredQuery, rows: int = 0) -> list[str]:
    """The forms of an answer of so many rows: one that is too long for a cube is offered as a table only."""
    return [one for one in types_of(query) if one in formats.TYPES or not query.columns or rows <= OBSERVATIONS]


def _said_of(query: StoredQuery, suffix: str, where: formats.Source, *, excel: bool) -> dict[str, str]:
    kept = "attachment" if excel or suffix == "xlsx" else "inline"
    said = {"Content-Disposition": f'{kept}; filename="{query.name}.{suffix}"'}
    if suffix == "csv" and not excel:
        # CSV on the Web, section 5.2: where the description of a table is.
        address = f"{where.address}.meta.json{where.parameters}"
        said["Link"] = f'<{address}>; rel="describedby"; type="application/csvm+json"'
    return said


def _told(query: StoredQuery, address: str) -> dict[str, Any]:
    return {
        "name": query.name,
        "title": query.title,
        "description": query.description,
        "keywords": query.keywords,
        "page": address,
        "data": {suffix: f"{address}.{suffix}" for suffix in _suffixes(query)},
        "parameters": [
            {"name": one.name, "datatype": one.datatype, "title": one.title, "description": one.description,
             "choices": one.choices, "default": one.default, "required": one.required}
            for one in query.parameters
        ],
        "columns": [{"name": c.name, "datatype": c.datatype, "title": c.title} for c in query.columns],
    }  # fmt: skip


def _schema(column: Column | Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": _JSON_TYPES.get(column.datatype, "string")}
    if column.datatype in _JSON_FORMATS:
        schema["format"] = _JSON_FORMATS[column.datatype]
    return schema


def _parameter(one: Parameter) -> dict[str, Any]:
    schema = _schema(one)
    if one.choices:
        schema["enum"] = list(one.choices)
    if one.default is not None:
        schema["default"] = one.default
    if one.datatype in ("string", "anyURI") and not one.choices:
        schema["maxLength"] = MAX_TEXT if one.datatype == "string" else MAX_IRI
    if one.datatype == "integer":
        schema |= {"minimum": -(10**18) + 1, "maximum": 10**18 - 1}
    return {"name": one.name, "in": "query", "required": one.required, "description": one.description["en"],
            "schema": schema}  # fmt: skip


def _operation(query: StoredQuery) -> dict[str, Any]:
    """What OpenAPI says of a query: its parameters and the rows of its answer."""
    suffixes = _suffixes(query)
    parameters = [
        {"name": "format", "in": "path", "required": True, "description": "Format of the answer",
         "schema": {"type": "string", "enum": suffixes}},
        *map(_parameter, query.parameters),
    ]  # fmt: skip
    text: dict[str, Any] = {"schema": {"type": "string"}}
    graphs = {kind: {"schema": {}} if "json" in kind else text for kind in GRAPH_TYPES.values()}
    if query.form == "CONSTRUCT":
        content: dict[str, Any] = dict(graphs)
    else:
        excel = "CSV as Excel opens it in this language; of csv alone"
        parameters.append({"name": "excel", "in": "query", "description": excel, "required": False,
                           "schema": {"type": "string", "enum": list(LANGUAGES)}})  # fmt: skip
        row = {column.name: _schema(column) | {"description": column.title["en"]} for column in query.columns}
        for schema in row.values():
            schema["type"] = [schema["type"], "null"]
        item = {"type": "object", "properties": row, "required": list(row), "additionalProperties": False}
        content = {
            "application/json": {"schema": {"type": "array", "items": item}},
            "text/csv": text,
            formats.TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
            formats.TYPES["srj"]: {"schema": {"type": "object"}},
            formats.TYPES["meta.json"]: {"schema": {"type": "object"}},
        }
        content |= {kind: graphs[kind] for suffix, kind in types_of(query).items() if suffix in GRAPH_TYPES}
    problem: dict[str, Any] = {"content": {"application/problem+json": {}}}
    return {
        "parameters": parameters,
        "responses": {
            "200": {"description": "The whole answer", "content": content},
            "304": {"description": "Nothing changed since the answer named in If-None-Match"},
            "400": {"description": "A parameter that is unknown or of another type", **problem},
            "404": {"description": "No such format", **problem},
            "429": {"description": "Too many requests", **problem},
            "503": {"description": "It takes too long, or nothing is published yet", **problem},
        },
    }


Handler = Callable[[Request], Awaitable[Response]]


def _handler(stored: StoredQueries, query: StoredQuery) -> Handler:
    async def answer(request: Request) -> Response:
        suffix = request.path_params["format"]
        if suffix not in _suffixes(query):
            raise Problem(
                404, f"There is no {suffix[:20]!r} of {query.name}; there are: {', '.join(_suffixes(query))}."
            )
        return await stored.data(request, query, suffix, stored.visit(request, "Accept-Encoding"))

    return answer


def create_router(stored: StoredQueries) -> APIRouter:
    """The routes of stored queries."""
    router = APIRouter(tags=["stored queries"])
    limit = [Depends(limited(stored.shared.settings))]
    for query in stored.queries.values():
        router.add_api_route(
            f"/q/{query.name}.{{format}}",
            _handler(stored, query),
            methods=["GET"],
            summary=query.title["en"],
            description=query.description["en"],
            operation_id=f"q_{query.name.replace('-', '_')}",
            openapi_extra=_operation(query),
            dependencies=limit,
            response_model=None,
        )

    @router.get("/q", include_in_schema=False)
    def listed(request: Request) -> Response:
        if choose(request.headers.get("accept"), ["application/json", HTML]) == HTML:
            return stored.list_page(request)
        return stored.listing(stored.visit(request, "Accept"))

    @router.get("/q/{name}", include_in_schema=False)
    async def one(request: Request, name: str) -> Response:
        query = stored.named(name)
        kinds = types_of(query)
        offers = {kind.split(";")[0]: suffix for suffix, kind in kinds.items()}
        chosen = choose(request.headers.get("accept"), [*offers, HTML])
        if chosen is None:
            raise Problem(406, f"There are: {', '.join([*offers, HTML])}.")
        if chosen == HTML:
            return await stored.page(request, query)
        return await stored.data(request, query, offers[chosen], stored.visit(request, "Accept, Accept-Encoding"))

    @router.get("/.well-known/sparql-examples", include_in_schema=False)
    def examples(request: Request) -> Response:
        return stored.examples(request)

    return router
