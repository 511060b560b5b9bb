"""The figures as an RDF Data Cube: data sets, their structures, an observation with a lasting address for each row.

Dimensions, measures and attributes are described in ``ontology/cube.ttl``. Source: The RDF Data Cube Vocabulary (W3C
REC 2014), in its normalised form; units by QUDT, states of an observation also by SDMX (COG 2009, CL_OBS_STATUS).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from registry.iris import CUBE, DCTERMS, QB, RDF, RDF_TYPE, RDFS, SKOS, Iris
from registry.relations import load as load_relations
from registry.statistics.reader import open_figures
from registry.statistics.tables import NoSuchTable, Value, read, tables
from registry.terms import XSD, Iri, Literal, Term, Triple, line

SCHEME = "gsbpm"
"""The list of subjects of a cube of coverage where none is named: one cube has the terms of one list."""
NO_LANGUAGE = "und"
UNIT = Iri("http://purl.org/linked-data/sdmx/2009/attribute#unitMeasure")
OBS_STATUS = Iri("http://purl.org/linked-data/sdmx/2009/attribute#obsStatus")
_CODE = "http://purl.org/linked-data/sdmx/2009/code#"
_QUDT = "http://qudt.org/vocab/unit/"
_DAYS = ("freshness-days", "newest-days")
_STATES = {"found": "found", "none found": "none-found", "not enough described": "not-enough-described"}


@dataclass(frozen=True, slots=True)
class Cube:
    """Which columns of a table are dimensions, measures and attributes."""

    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    attributes: tuple[str, ...] = ()


def _cube(dimensions: str, measures: str, attributes: str = "") -> Cube:
    return Cube(tuple(dimensions.split()), tuple(measures.split()), tuple(attributes.split()))


def cubes() -> dict[str, Cube]:
    """All cubes by the name of their table."""
    return {
        "alone": _cube("academy language", "resources only_here share"),
        "courses-by-language": _cube("language", "courses academies"),
        "coverage": _cube(
            "term language academy", "found open no_subject no_language neither not_harvested", "described state"
        ),
        "coverage-by-term": _cube("term", "found open academies no_subject not_harvested", "described state"),
        "growth": _cube("month academy", "added withdrawn"),
        "open-licences": _cube("academy", "resources open closed unrecognised unstated open_share"),
        "overlap": _cube("academy other relation status", "pairs"),
        "overlap-share": _cube("academy other", "shared resources share"),
        "quality-history": _cube("academy list measure month", "value", "unit"),
        "reused-works": _cube("original", "academies translations editions adaptations"),
    }


PROPERTIES = {
    "academy": "academy", "academies": "academies", "adaptations": "adaptations", "added": "added", "closed": "closed",
    "courses": "resources", "described": "describedShare", "editions": "editions", "found": "found",
    "language": "language", "list": "list", "measure": "qualityMeasure", "month": "month", "neither": "neither",
    "no_language": "noLanguage", "no_subject": "noSubject", "not_harvested": "notHarvested", "only_here": "onlyHere",
    "open": "open", "open_share": "openShare", "original": "original", "other": "otherAcademy", "pairs": "pairs",
    "relation": "relation", "resources": "resources", "share": "share", "shared": "shared", "state": "cellState",
    "status": "pairStatus", "translations": "translations", "unrecognised": "unrecognised", "unstated": "unstated",
    "value": "qualityValue", "withdrawn": "withdrawn",
}  # fmt: skip
"""The property of the namespace CUBE by column; a term has one for each list of subjects (``{B}/id/dimension/…``)."""
CODED = {"measure": "quality-metric", "status": "match-status", "state": "cell-state"}
"""Columns whose values are terms of one of our lists."""


def located(name: str, dimensions: Sequence[str] = ()) -> tuple[str, dict[str, str]]:
    """The table that a data set is made of, and what narrows it to an observation, from the parts of its address.

    ``name`` as in "coverage-gsbpm", ``dimensions`` as they stand behind it. Raises NoSuchTable.
    """
    # The longest name first: "coverage-by-term-gsbpm" is no "coverage" of a list "by-term-gsbpm".
    for table in sorted(cubes(), key=len, reverse=True):
        wanted = cubes()[table].dimensions
        with_scheme = "term" in wanted
        scheme = name.removeprefix(f"{table}-") if with_scheme and name.startswith(f"{table}-") else ""
        if not scheme and (with_scheme or name != table):
            continue
        parts = ["/".join(dimensions)] if len(wanted) == 1 and dimensions else dimensions
        if parts and len(parts) != len(wanted):
            break
        given = dict(zip(wanted, parts, strict=False)) | ({"scheme": scheme} if scheme else {})
        known = tables()[table].parameters
        return table, {column: value for column, value in given.items() if column in known and value != NO_LANGUAGE}
    raise NoSuchTable(f"there is no cube {name!r}")


def dataset(figures: Path, name: str, iris: Iris, parameters: Mapping[str, Value] | None = None) -> str:
    """A cube as N-Triples; arguments as of ``tables.read``. Raises NoSuchTable."""
    return "".join(lines(figures, name, iris, parameters))


def lines(figures: Path, name: str, iris: Iris, parameters: Mapping[str, Value] | None = None) -> Iterator[str]:
    """The lines of ``dataset``: the data set and its structure, then its observations. Raises NoSuchTable."""
    cube = cubes().get(name)
    if cube is None:
        raise NoSuchTable(f"there is no cube {name!r}")
    given = dict(parameters or {})
    if "term" in cube.dimensions:
        given["scheme"] = given.get("scheme") or SCHEME
    writer = _Writer(iris, name, cube, str(given.get("scheme", "")))
    columns, rows = read(figures, name, given)
    with open_figures(figures) as connection:
        sequence = connection.execute("SELECT value FROM meta WHERE name = 'sequence'").fetchone()[0]
    for triple in writer.head(str(sequence)):
        yield line(triple) + "\n"
    for row in rows:
        for triple in writer.observation(dict(zip(columns, row, strict=True))):
            yield line(triple) + "\n"


class _Writer:
    """Writes one cube."""

    def __init__(self, iris: Iris, name: str, cube: Cube, scheme: str) -> None:
        self.iris, self.cube, self.scheme = iris, cube, scheme
        self.name = f"{name}-{scheme}" if scheme else name
        self.set = Iri(f"{iris.base}/id/dataset/{self.name}")
        self.structure = Iri(f"{iris.base}/id/structure/{self.name}")
        self.table = name
        ends = {str(kind.predicate).replace("#", "/").rsplit("/", 1)[-1]: kind for kind in load_relations().values()}
        self.predicates = {end: kind.predicate for end, kind in ends.items()}

    def property(self, column: str) -> Iri:
        """What a column is a value of."""
        if column == "term":
            return Iri(f"{self.iris.base}/id/dimension/{self.scheme}")
        return UNIT if column == "unit" else Iri(CUBE + PROPERTIES[column])

    def head(self, sequence: str) -> Iterator[Triple]:
        """The data set and its structure. All components are required but attributes of single cells."""
        yield (self.set, RDF_TYPE, Iri(QB + "DataSet"))
        yield (self.set, Iri(QB + "structure"), self.structure)
        yield (self.set, Iri(DCTERMS + "identifier"), Literal(self.name))
        yield (self.set, Iri(DCTERMS + "source"), Iri(f"{self.iris.base}/q/{self.table}"))
        yield (self.set, Iri(DCTERMS + "hasVersion"), Literal(sequence))
        yield (self.structure, RDF_TYPE, Iri(QB + "DataStructureDefinition"))
        cube = self.cube
        attributes = [*cube.attributes, *(["obs_status"] if "state" in cube.attributes else [])]
        kinds = (("dimension", cube.dimensions), ("measure", cube.measures), ("attribute", attributes))
        for kind, columns in kinds:
            for order, column in enumerate(columns, 1):
                used = OBS_STATUS if column == "obs_status" else self.property(column)
                yield from self._component(kind, used, column, order)

    def _component(self, kind: str, used: Iri, column: str, order: int) -> Iterator[Triple]:
        part = Iri(f"{self.structure}/{kind}/{column}")
        yield (self.structure, Iri(QB + "component"), part)
        yield (part, RDF_TYPE, Iri(QB + "ComponentSpecification"))
        yield (part, Iri(QB + kind), used)
        yield (part, Iri(QB + "componentProperty"), used)
        if kind == "dimension":
            yield (part, Iri(QB + "order"), Literal(str(order), XSD + "integer"))
        if kind == "attribute":
            required = str(column != "described").lower()
            yield (part, Iri(QB + "componentRequired"), Literal(required, XSD + "boolean"))
        for name in (
            "ComponentProperty",
            f"{kind.capitalize()}Property",
            *(["CodedProperty"] if column in CODED else []),
        ):
            yield (used, RDF_TYPE, Iri(QB + name))
        yield (used, Iri(RDFS + "range"), Iri(self._range(column)))
        if column in CODED:
            yield (used, Iri(QB + "codeList"), self.iris.scheme(CODED[column]))
        if column == "term":
            yield (used, RDF_TYPE, Iri(QB + "CodedProperty"))
            yield (used, Iri(RDFS + "subPropertyOf"), Iri(CUBE + "term"))
            yield (used, Iri(QB + "codeList"), self.iris.scheme(self.scheme))

    def _range(self, column: str) -> str:
        if column in CODED or column == "term":
            return SKOS + "Concept"
        named = {
            "language": XSD + "language", "month": XSD + "gYearMonth", "relation": RDF + "Property",
            "described": XSD + "decimal", "unit": RDFS + "Resource", "obs_status": RDFS + "Resource",
        }  # fmt: skip
        if column in named:
            return named[column]
        if column in self.cube.dimensions:
            return RDFS + "Resource"
        return XSD + ("decimal" if column in tables()[self.table].decimals else "integer")

    def observation(self, row: Mapping[str, Value]) -> Iterator[Triple]:
        """A row; its address is made of its dimensions and stays from release to release."""
        terms = {column: self._term(column, row) for column in self.cube.dimensions}
        key = "/".join(self._key(column, row) for column in self.cube.dimensions)
        node = Iri(f"{self.iris.base}/id/observation/{self.name}/{key}")
        yield (node, RDF_TYPE, Iri(QB + "Observation"))
        yield (node, Iri(QB + "dataSet"), self.set)
        for column, term in terms.items():
            yield (node, self.property(column), term)
        for column in (*self.cube.measures, *self.cube.attributes):
            if column == "unit":
                days = row["measure"] in _DAYS
                yield (node, UNIT, Iri(_QUDT + ("DAY" if days else "UNITLESS")))
            elif row[column] is not None:
                yield (node, self.property(column), self._term(column, row))
        if "state" in self.cube.attributes:
            known = row["state"] != "not enough described"
            yield (node, OBS_STATUS, Iri(f"{_CODE}obsStatus-{'A' if known else 'M'}"))

    def _key(self, column: str, row: Mapping[str, Value]) -> str:
        text = NO_LANGUAGE if row[column] is None else str(row[column])
        return quote(text.removeprefix(f"{self.iris.base}/id/"), safe="")

    def _term(self, column: str, row: Mapping[str, Value]) -> Term:
        value = row[column]
        if column in ("academy", "other"):
            return self.iris.academy(str(value))
        if column == "term":
            return self.iris.concept(self.scheme, str(value))
        if column == "language":
            return Literal(NO_LANGUAGE if value is None else str(value), XSD + "language")
        if column == "month":
            return Literal(str(value), XSD + "gYearMonth")
        if column == "relation":
            return self.predicates[str(value)]
        if column == "list":
            return Iri(f"{self.iris.catalog(str(row['academy']))}/feed/{value}")
        if column == "original":
            return Iri(str(value))
        if column in CODED:
            return self.iris.concept(CODED[column], _STATES.get(str(value), str(value)))
        if isinstance(value, Decimal):
            return Literal(format(value.normalize(), "f"), XSD + "decimal")
        return Literal(str(value), XSD + "integer")
