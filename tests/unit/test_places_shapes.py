"""Every shape, for every format: a finding has a place in the academy's payload, or the format says it has none."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from registry import crosswalk
from registry.iris import RDF_TYPE, SCHEMA
from registry.prepare.judge import Result
from registry.prepare.places import place_of
from registry.prepare.screen import Path as ShapePath
from registry.prepare.screen import Screen, Shape, compile_screen
from registry.prepare.setup import shapes_graph
from registry.terms import Iri, Literal, Triple, text

ROOT = Path(__file__).resolve().parents[2]
RESOURCE, RUN = Iri("https://r.example/id/resource/f/1"), Iri("https://r.example/id/resource/f/1/run/1")
CLASSES = ("LearningResource", "EducationEvent", "CourseInstance")
FORMATS = [name for name in crosswalk.FORMATS if find_spec(f"registry.crosswalk.{name}")]


@pytest.fixture(scope="module")
def screen() -> Screen:
    return compile_screen(shapes_graph(ROOT / "shapes", "https://r.example"))


def shapes(screen: Screen, kind: str) -> list[Shape]:
    found = list(screen.by_class[SCHEMA + kind])
    assert len(found) > 8
    return found


def asked(shape: Shape) -> tuple[str, ...]:
    """The properties that the academy would have to fill; none for what only the registry itself says."""
    if shape.path is None:
        return shape.inner
    return () if shape.path.inverse else shape.path.predicates


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_missing_has_a_place_or_the_format_says_that_it_has_none(screen: Screen, name: str, kind: str) -> None:
    where, none = crosswalk.where(name), crosswalk.cannot_carry(name)
    focus = RUN if kind == "CourseInstance" else RESOURCE
    places: dict[Triple, str] = {(RESOURCE, RDF_TYPE, Iri(SCHEMA + "Course")): where[RDF_TYPE]}
    places[(RUN, RDF_TYPE, Iri(SCHEMA + "CourseInstance"))] = where.get(SCHEMA + "hasCourseInstance", "a session")
    for shape in shapes(screen, kind):
        place = place_of(places, shape, focus, Result(shape.iri, "warning", None), where, RESOURCE)
        silent = [term for term in asked(shape) if term not in where and term not in none]
        assert place or (asked(shape) and len(silent) < len(asked(shape))), (shape.iri, silent)
        assert bool(place) or not any(term in where for term in asked(shape)), shape.iri
        # What holds an entry back is never without a place.
        assert place_of(places, shape, focus, Result(shape.iri, "violation", None), where, RESOURCE), shape.iri


@pytest.mark.parametrize("name", FORMATS)
def test_no_table_gives_a_place_for_what_it_cannot_carry(name: str) -> None:
    assert not set(crosswalk.where(name)) & crosswalk.cannot_carry(name)
    assert crosswalk.where(name) and RDF_TYPE in crosswalk.where(name)


def shape(*predicates: str, inner: tuple[str, ...] = ()) -> Shape:
    path = ShapePath(tuple(SCHEMA + name for name in predicates)) if predicates else None
    return Shape("https://r.example/shapes#X", path, (), True, inner=tuple(SCHEMA + name for name in inner))


MISSING = Result("https://r.example/shapes#X", "warning", None)


def test_a_value_stands_where_it_was_read() -> None:
    title = text("a <b>b</b>", "en")
    places: dict[Triple, str] = {
        (RESOURCE, Iri(SCHEMA + "name"), text("b", "fr")): "/name/fr",
        (RESOURCE, Iri(SCHEMA + "name"), title): "/name/en",
    }
    found = Result("x", "warning", title)
    assert place_of(places, shape("name"), RESOURCE, found, {SCHEMA + "name": "/name"}, RESOURCE) == "/name/en"


@pytest.mark.parametrize(
    ("made", "named", "place"),
    [
        ("/data/3/attributes", "/attributes/location", "/data/3/attributes/location"),
        ("/hasCourseInstance/1", "/hasCourseInstance/0/location", "/hasCourseInstance/1/location"),
        ("/", "/location", "/location"),
        ("VEVENT UID=7 RRULE", "VEVENT LOCATION", "VEVENT LOCATION"),
        ("column «start»", "column «city»", "column «city»"),
        ("<http://a.example/run> rdf:type", "schema:location", "<http://a.example/run> schema:location"),
    ],
)
def test_what_is_missing_of_a_part_stands_under_the_part(made: str, named: str, place: str) -> None:
    places: dict[Triple, str] = {(RUN, RDF_TYPE, Iri(SCHEMA + "CourseInstance")): made}
    where = {SCHEMA + "location": named}
    assert place_of(places, shape("location"), RUN, MISSING, where, RESOURCE) == place


def test_a_shape_of_the_whole_points_to_the_values_it_looks_at(screen: Screen) -> None:
    (same,) = [one for one in screen.by_class[SCHEMA + "EducationEvent"] if one.path is None]
    assert same.inner == (SCHEMA + "startDate", SCHEMA + "endDate")
    day = Literal("2026-01-01")
    places: dict[Triple, str] = {(RESOURCE, Iri(SCHEMA + "startDate"), day): "/start"}
    assert place_of(places, same, RESOURCE, Result("x", "violation", RESOURCE), {}, RESOURCE) == "/start"


def test_what_the_format_cannot_carry_has_no_place_but_what_holds_back_has() -> None:
    places: dict[Triple, str] = {(RESOURCE, RDF_TYPE, Iri(SCHEMA + "EducationEvent")): "/type"}
    assert place_of(places, shape("startDate"), RESOURCE, MISSING, {}, RESOURCE) is None
    grave = Result("x", "violation", None)
    assert place_of(places, shape("startDate"), RESOURCE, grave, {}, RESOURCE) == "/type"
