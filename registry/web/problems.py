"""One shape for every error: RFC 9457 problem details for programs, a plain page for people."""

from __future__ import annotations

from collections.abc import Sequence

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
        name = ".".join(str(part) for part in error["loc"][1:2])
        unknown = error["type"] == "extra_forbidden"
        told.append({"parameter": name, "message": "there is no such parameter" if unknown else str(error["msg"])})
    return "; ".join(f"{line['parameter']}: {line['message']}" for line in told), told
