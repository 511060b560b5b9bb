"""One shape for every error: RFC 9457 problem details for programs, a plain page for people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse

TITLES = {
    400: "This request cannot be used",
    401: "Nobody is known to be asking",
    403: "This is not yours to do",
    404: "There is no such thing",
    405: "This address can only be read",
    406: "There is no such format",
    409: "This cannot be done as things stand",
    410: "This entry was withdrawn",
    413: "This is too large",
    415: "This kind of content is not read here",
    422: "This file cannot become a list",
    429: "Too much was asked in a short time",
    500: "Something went wrong here",
    503: "Nothing is published yet",
}


class Problem(Exception):
    """An error that is told to the caller. ``more`` are further members of the problem document."""

    def __init__(self, status: int, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more


def problem(status: int, detail: str, title: str = "", **more: object) -> JSONResponse:
    """The answer ``application/problem+json`` (RFC 9457); ``retry_after`` are seconds (429 and 503),
    ``challenge`` is what a 401 asks for (RFC 9110, section 11.6.1)."""
    challenge = str(more.pop("challenge", "Bearer"))
    content = {"type": "about:blank", "title": title or TITLES.get(status, "Error"), "status": status}
    headers = {"Cache-Control": "no-store"}
    if status in (429, 503):
        headers["Retry-After"] = str(more.get("retry_after", 10))
    if status == 401:
        headers["WWW-Authenticate"] = challenge
    return JSONResponse(content | {"detail": detail} | more, status, headers, media_type="application/problem+json")


def parameter_errors(errors: Sequence[object]) -> tuple[str, list[dict[str, str]]]:
    """What a validation says, as one sentence and as a list of {"parameter", "message"}."""
    told: list[dict[str, str]] = []
    for error in errors:
        assert isinstance(error, dict)
        broken = error["type"] == "json_invalid"  # its place is that of a character
        name = "" if broken else ".".join(str(part) for part in error["loc"][1:2])
        told.append({"parameter": name or "body", "message": _words(error)})
    return "; ".join(f"{line['parameter']}: {line['message']}" for line in told), told


_WORDS = {
    "extra_forbidden": "there is no such parameter",
    "missing": "must be given",
    "json_invalid": "must be JSON",
    "model_attributes_type": "must be an object of JSON",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "literal_error": "must be one of {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "may stand at most {max_length} times",
}
"""What is said of a kind of fault that the validation of parameters (pydantic) knows."""
_CHOICE = re.compile(r"\^\(([\w|-]+)\)\$")
_MOMENT = "^[0-9]{4}("


def _words(error: Mapping[str, Any]) -> str:
    told = _WORDS.get(error["type"])
    if told is not None:
        return told.format_map(error.get("ctx") or {})
    if error["type"] == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        if choice := _CHOICE.fullmatch(pattern):
            return f"must be one of {choice[1].replace('|', ', ')}"
        return (
            "must be a year, month, day or time such as 2026-11-30"
            if pattern.startswith(_MOMENT)
            else "is not of its form"
        )
    return str(error["msg"]).removeprefix("Value error, ")
