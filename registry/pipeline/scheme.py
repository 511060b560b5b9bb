"""Adding, listing and removing frameworks: lists of terms of an operator's own, by which everything is then counted.

A framework is one Turtle file in the folder of schemes (``Settings.schemes_folder``). It is part of the recipe of
every list, so that ``prepare`` brings its terms to the entries through the gate, and ``publish`` its figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harvesters.table_files import kind
from harvesters.table_headings import field_of, fields
from registry import vocabulary
from registry.frameworks import skos, table, turtle
from registry.frameworks.terms import ROLES, BadFramework, Framework, examined, language, plain, remarks
from registry.ledger import log
from registry.pipeline.house import ROOT, House
from registry.vocabulary import NAME

MAX_BYTES = 10 << 20
RANK = 3  # after our own lists and the topics, unless it is said otherwise
_RDF = re.compile(
    rb"\s*(?:<\?xml|<rdf:|<!DOCTYPE rdf|<!--|@prefix|@base|PREFIX\s|BASE\s|\{|\[\s*\{|<[a-z][a-z0-9+.-]*:[^>]*>\s|#)",
    re.I,
)
_TABLE = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


@dataclass(frozen=True, slots=True)
class Listed:
    """A concept scheme as ``scheme list`` tells it; ``added`` is False for those that come with the registry."""

    id: str
    role: str
    rank: int
    title: Mapping[str, str]
    terms: int
    added: bool


@dataclass(frozen=True, slots=True)
class Added:
    """What was added: the file, how many terms, and what is worth knowing."""

    id: str
    role: str
    file: str
    terms: int
    remarks: Sequence[str]


def add(
    folder: Path,
    file: Path,
    *,
    name: str = "",
    role: str = "subject",
    titles: Sequence[str] = (),
    rank: int = RANK,
    usual: str = "en",
    replace_: bool = False,
) -> Added:
    """Read a framework and keep it in ``folder``.

    ``titles`` are texts like "Compétences@fr"; ``usual`` is the language of texts that name none; ``replace_`` lets it
    take the place of one that was added before. Raises BadFramework.
    """
    if role not in ROLES:
        raise BadFramework(f"{role!r} is none of the roles {', '.join(ROLES)}")
    if language(usual, "") != usual:
        raise BadFramework(f"{usual!r} is no language tag such as en or pt-br")
    body = _bytes(file)
    name = name or _name(file)
    _check_name(folder, name, replace_)
    found, said = _read(body, file, usual)
    terms = examined(found.terms)
    framework = replace(
        found, id=name, role=role, rank=rank, terms=terms, title=_title(titles, found.title, name, usual)
    )
    if role == "level" and not any(one.exact or one.close for one in terms):
        raise BadFramework("no step says which level it is; name basic, intermediate or advanced under close_match")
    text = turtle.write(framework)
    target = folder / f"{name}.ttl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(".new")
        fresh.write_text(text, "utf-8")
        fresh.replace(target)
    except OSError as error:
        raise BadFramework(f"{target}: {error.strerror}") from error
    return Added(name, role, str(target), len(terms), [*said, *remarks(framework)])


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadFramework(f"{file} is larger than {MAX_BYTES >> 20} MB")
        return file.read_bytes()
    except OSError as error:
        raise BadFramework(f"{file}: {error.strerror}") from error


def _name(file: Path) -> str:
    """A name from the file's: letters, digits and hyphens."""
    stem = plain(file.name.split(".")[0]).casefold()
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:31].strip("-")


def _check_name(folder: Path, name: str, replace_: bool) -> None:
    if not NAME.fullmatch(name):
        raise BadFramework(
            f"{name!r} cannot be its name: 2 to 31 small letters, digits and hyphens; give one with --id"
        )
    if name in ("ma", "cube") or name in vocabulary.scheme_files(ROOT / "ontology"):
        raise BadFramework(f"{name!r} is a list of the registry's own; give another name with --id")
    if name in fields() or field_of(name, {}) is not None:
        raise BadFramework(f"{name!r} is the heading of another column of tables; give another name with --id")
    if (folder / f"{name}.ttl").exists() and not replace_:
        raise BadFramework(f"there is a framework {name!r} already; --replace puts this one in its place")


def _read(body: bytes, file: Path, usual: str) -> tuple[Framework, list[str]]:
    if not body.strip():
        raise BadFramework(f"{file} is empty")
    if file.suffix.lower() not in _TABLE and kind(body) == "text" and _RDF.match(body.removeprefix(b"\xef\xbb\xbf")):
        return skos.read(body, file.name, usual, MAX_BYTES)
    if file.suffix.lower() in _TABLE or kind(body) == "workbook":
        return table.read(body, usual, _resolver())
    return skos.read(body, file.name, usual, MAX_BYTES)


def _resolver() -> table.Resolve:
    """What finds a term of our own lists: "gsbpm:5.3", "csa 1.3", and a level by its name."""
    known: dict[str, dict[str, str]] = {}

    def resolve(item: str) -> str:
        if not known:  # read only where a table names terms
            known.update(vocabulary.lookup(ROOT / "ontology", ""))
        scheme, _, code = re.sub(r"[:/\s]", "|", item.strip(), count=1).partition("|")
        tried = [(scheme.lower(), code), ("level", item)]
        for name, word in tried:
            notation = known.get(name, {}).get(vocabulary.normalise(word))
            if notation:
                return f"id/concept/{name}/{notation}"
        return ""

    return resolve


def _title(given: Sequence[str], own: Mapping[str, str], name: str, usual: str) -> dict[str, str]:
    """The titles: those that are given, else the file's own, else its name."""
    found: dict[str, str] = {}
    for text in given:
        words, mark, tag = text.rpartition("@")
        known = language(tag, "") if mark else ""
        said = plain(words if known else text)
        if said:
            found[known or usual] = said
    return found or dict(own) or {usual: name}


def listed(house: House) -> list[Listed]:
    """All concept schemes that play a part, those that were added last."""
    shipped = vocabulary.scheme_files(house.root / "ontology")
    known = vocabulary.schemes(house.ontologies, house.iris.base).values()
    found = [
        Listed(one.id, one.role, one.rank, dict(one.title), len(one.broader), one.id not in shipped)
        for one in known
        if one.role
    ]
    return sorted(found, key=lambda one: (one.added, one.role, one.rank, one.id))


def uses(house: House, name: str) -> int:
    """How many public entries name a term of a scheme."""
    start = f"<{house.iris.base}/id/concept/{name}/"
    return sum(start in change.stated or start in change.inferred for change in log.standing(house.connection))


def remove(house: House, name: str, force: bool = False) -> int:
    """Remove an added framework; how many public entries still name it. Raises BadFramework while any does, unless
    forced, and for a list of the registry's own."""
    file = house.settings.schemes_folder / f"{name}.ttl"
    if not NAME.fullmatch(name) or not file.is_file():
        own = name in vocabulary.scheme_files(house.root / "ontology")
        raise BadFramework(f"{name!r} " + ("is a list of the registry's own" if own else "was not added"))
    count = uses(house, name)
    if count and not force:
        raise BadFramework(f"{count} public entries name terms of {name!r}; --force removes it all the same")
    try:
        file.unlink()
    except OSError as error:
        raise BadFramework(f"{file}: {error.strerror}") from error
    return count
