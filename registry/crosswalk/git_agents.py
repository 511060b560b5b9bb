"""Authors and contributors of a repository as nodes under the resource; addresses for mail are left out.

Sources: Citation File Format 1.2.0 (person, entity), .zenodo.json (creators, contributors), CodeMeta 3, AMB
(creator), Quarto's and Pandoc's author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registry.crosswalk import clean, record_node
from registry.crosswalk.git_markdown import plain
from registry.crosswalk.git_read import Reader
from registry.crosswalk.table_row import ORGANISATION
from registry.iris import SCHEMA
from registry.terms import Iri

MAX_AGENTS = 100
_PARTS = re.compile(r"\s*(?:;|\n|\s&\s|\\and|(?<=\w)\s+(?:and|et|y|e|und)\s+(?=[A-ZÀ-Þ]))\s*")
_EDITORS = frozenset({"Translator", "translator"})


@dataclass(slots=True)
class Agents:
    """Makes each agent once, however often it is named."""

    read: Reader
    _known: dict[str, Iri] = field(default_factory=dict)

    def add(self, name: str, predicate: str) -> bool:
        """The agents of the first file that names any; tells whether there were any."""
        found = False
        first = ""
        for value, place in self.read.stated(name):
            file = place.partition(":")[0]
            if first and file != first:
                break
            for one, where in _each(value, place):
                role = predicate
                if predicate == "contributor" and isinstance(one, dict) and str(one.get("type")) in _EDITORS:
                    role = "translator"
                agent = self._agent(one, where)
                if agent is not None:
                    self.read.build.add(role, agent, where)
                    first, found = file, True
        return found

    def _agent(self, value: Any, place: str) -> Iri | None:
        person: bool | None = None
        orcid, ror = None, None
        if isinstance(value, dict):
            name, person = _name(value, place.startswith(".zenodo.json"))
            for key in ("orcid", "@id", "id", "identifier", "ror"):
                word = value.get(key)
                if isinstance(word, str):
                    orcid = orcid or (clean.orcid(word) if "orcid" in word.lower() or key == "orcid" else None)
                    found = re.search(r"ror\.org/(0[a-z0-9]{8})", word)
                    ror = ror or (f"https://ror.org/{found[1]}" if found else None)
        else:
            word = str(value)
            found = re.search(r"(?:orcid\.org/)?((?:\d{4}-){3}\d{3}[\dXx])", word)
            orcid = clean.orcid(found[1]) if found else None
            name = plain(word.replace(found[0], "") if found and orcid else word)
        name = self.read.text(clean.line(name), place).strip(" ,;:()[]<>")[:300]
        if not name or clean.url(name) or self.read.is_default("author", name):
            return None
        if record_node.is_academy(name, self.read.context):
            return self.read.context.iris.academy(self.read.context.academy.id)
        key = orcid or ror or name.casefold()
        known = self._known.get(key) or self._known.get(name.casefold())
        if known is not None:
            return known
        if len(self._known) >= 2 * MAX_AGENTS:
            return None
        build = self.read.build
        node = build.child("agent", len(set(self._known.values())) + 1)
        self._known[key] = self._known[name.casefold()] = node
        if person is None:
            person = orcid is not None or (ror is None and " " in name and not ORGANISATION.search(name))
        build.type(SCHEMA + ("Person" if person else "Organization"), place, node)
        build.string("name", name, place, node)
        for identifier in filter(None, (orcid, ror)):
            build.add("identifier", Iri(identifier), place, node)
        return node


def _each(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """One agent at a time: of lists, and of texts that name several."""
    if isinstance(value, list):
        for number, one in enumerate(value[:MAX_AGENTS], 1):
            for inner, _ in _each(one, place):
                yield inner, f"{place}[{number}]"
    elif isinstance(value, dict):
        inner = value.get("@list")
        if isinstance(inner, list):
            yield from _each(inner, place)
        else:
            yield value, place
    elif isinstance(value, str):
        source = re.sub(r"\]\([^()\s]{0,500}\)", "]", value[:4000])
        for part in _PARTS.split(source):
            names = [one for one in (piece.strip() for piece in part.split(",")) if one]
            apart = len(names) > 1 and all(" " in one or "[" in one for one in names)
            yield from ((one, place) for one in (names if apart else [part.strip(" ,")]) if one)


def _name(value: dict[str, Any], turned: bool = False) -> tuple[str, bool | None]:
    """The name in an object, and whether it is a person's (None: unknown); ``turned``: "Family, Given"."""
    kind = value.get("type", value.get("@type"))
    person = {"Person": True, "Organization": False}.get(str(kind))
    family = _word(value, "family-names", "familyName", "family", "last")
    last = " ".join(filter(None, (_word(value, "name-particle"), family, _word(value, "name-suffix"))))
    given = _word(value, "given-names", "givenName", "given", "first")
    if last or given:
        return " ".join(filter(None, (given, last))), True
    name = value.get("name")
    if isinstance(name, dict):  # Quarto: name: {given, family, literal}
        inner = _name(name)[0]
        return inner or _word(name, "literal"), True if inner else person
    if isinstance(name, str):
        found = re.fullmatch(r"([^,]{2,100}),\s*([^,]{1,100})", name.strip())
        if found is not None and (turned or "orcid" in value or "affiliation" in value or person):
            return f"{found[2]} {found[1]}", True
        return name, person
    return _word(value, "alias", "id"), person


def _word(value: dict[str, Any], *keys: str) -> str:
    return next((value[key].strip() for key in keys if isinstance(value.get(key), str) and value[key].strip()), "")
