"""Addresses within the registry, as pages link to one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

from registry.messages import LANGUAGES

_Pairs = Mapping[str, Any] | Sequence[tuple[str, Any]]


class Links:
    """Addresses within the registry, with the prefix it stands under and the language that was chosen."""

    def __init__(self, request: Request) -> None:
        self._root: str = request.scope.get("root_path", "")
        asked = request.query_params.get("lang")
        self._language = asked if asked in LANGUAGES else None
        self._path = request.url.path.removeprefix(self._root)
        self._parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]

    def __call__(self, path: str, **parameters: Any) -> str:
        """The address of a page; parameters that are None are left out, lists are repeated."""
        return self.of(path, parameters)

    def of(self, path: str, parameters: _Pairs) -> str:
        """The same with parameters as a mapping or as pairs."""
        pairs = list(parameters.items() if isinstance(parameters, Mapping) else parameters)
        if self._language:
            pairs.append(("lang", self._language))
        kept = [(name, value) for name, value in pairs if value not in (None, "", [])]
        query = urlencode(kept, doseq=True)
        return self._root + quote(path, safe="/:~@") + (f"?{query}" if query else "")

    def language(self, language: str) -> str:
        """This page in another language."""
        return f"{self._root}{quote(self._path, safe='/:~@')}?{urlencode([*self._parameters, ('lang', language)])}"

    def file(self, path: str) -> str:
        """The address of something that has no language."""
        return self._root + quote(path, safe="/:~@")

    def at(self, path: str) -> bool:
        """Whether this page is that one, or under it."""
        return self._path == path or self._path.startswith(path + "/")

    @property
    def chosen(self) -> str | None:
        """The language named in the address, None where the browser decides."""
        return self._language
