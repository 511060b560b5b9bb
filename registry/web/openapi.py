"""The description of the API for programs: schemas of all answers, problems, examples, what is going away.

FastAPI tells of a 422 that never comes (errors of parameters are 400 here) and drops nulls of examples.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from registry.web import answers, examples
from registry.web.sunset import Sunset

Responses = dict[int | str, dict[str, Any]]
_REF = "#/components/schemas/"
_RETRY = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
_TAG = {"ETag": {"description": "Names this answer; send it as If-None-Match", "schema": {"type": "string"}}}


def answered(model: Any, *others: int) -> Responses:
    """The answers of a route: ``model`` is the type of what it gives, ``others`` are problems that it may tell besides
    400, 429 and 503."""
    found: Responses = {
        200: {"description": "What was asked for", "model": model, "headers": _TAG},
        304: {"description": "Nothing changed since the answer named in If-None-Match"},
    }
    for status in (400, *others, 429, 503):
        found[status] = problem(status)
    return found


def problem(status: int) -> dict[str, Any]:
    """A problem as an answer of a route."""
    content = {
        "application/problem+json": {"schema": {"$ref": _REF + "Problem"}, "example": examples.PROBLEMS[status]}
    }
    told: dict[str, Any] = {"description": str(examples.PROBLEMS[status]["title"]), "content": content}
    return {**told, "headers": _RETRY} if status in (429, 503) else told


def _sparse(schemas: dict[str, Any]) -> None:
    """Lists of resources may be of some keys only: their items are resources of which no key must be there."""
    if "Resource" not in schemas:
        return
    for name in ("Resource", "ResourceAlone"):
        if name in schemas:
            some = copy.deepcopy(schemas[name])
            some.pop("required", None)
            schemas[f"{name}Fields"] = {**some, "title": f"{name}Fields", "description": "Some keys of a resource."}
    if "ResourceList" in schemas:
        schemas["ResourceList"]["properties"]["items"]["items"] = {"$ref": _REF + "ResourceFields"}


def _operation(path: str, operation: dict[str, Any], method: str) -> None:
    found = operation.get("responses", {})
    if "application/problem+json" not in found.get("422", {}).get("content", {}):
        found.pop("422", None)
    json = found.get("200", {}).get("content", {}).get("application/json")
    if method == "get" and json is not None and path in examples.BY_PATH:
        json["example"] = examples.BY_PATH[path]
        if json.get("schema", {}).get("$ref") == _REF + "ResourceAlone":
            json["schema"] = {"$ref": _REF + "ResourceAloneFields"}


def _told(operation: dict[str, Any]) -> None:
    """Routes that say nothing of problems may give any of them."""
    answers = operation.setdefault("responses", {})
    if "400" not in answers:
        for status in examples.PROBLEMS:
            answers.setdefault(str(status), problem(status))


def _going(document: dict[str, Any], going: Iterable[Sunset]) -> None:
    for one in going:
        for operation in document["paths"].get(one.path, {}).values():
            told = [p for p in operation.get("parameters", ()) if p["in"] == "query" and p["name"] == one.parameter]
            for place in told if one.parameter else [operation]:
                place["deprecated"] = True


def describe(app: FastAPI, going: Iterable[Sunset] = ()) -> None:
    """Let an application describe itself so."""
    original, leaving = app.openapi, tuple(going)

    def described() -> dict[str, Any]:
        document: dict[str, Any] = original()
        schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = _schema(answers.Problem)
        if "ResourceFields" not in schemas:
            _sparse(schemas)
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                _operation(path, operation, method)
                if path.startswith("/api"):
                    _told(operation)
        _going(document, leaving)
        return document

    app.openapi = described  # type: ignore[method-assign]


def _schema(model: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = TypeAdapter(model).json_schema(ref_template=_REF + "{model}")
    return found
