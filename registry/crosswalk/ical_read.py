"""Reading the payload of a calendar record: components, properties with their parameters, values and places.

Sources: RFC 5545 §3.1, §3.2 (parameters), §3.3.11 (TEXT); RFC 6868 (^ in parameters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from registry.crosswalk.clean import line as clean_line

# Their values are dates, so that what separates is known even after TZID=(UTC+01:00) Brussels.
_STAMPS = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"})
_BEFORE_DATE = re.compile(r":\s{0,9}\d{4}-?\d{2}-?\d{2}")
_ESCAPED = re.compile(r"\\([nN,;:\"\\])")
_CARET = re.compile(r"\^([n'^])")
_CARETS = {"n": "\n", "'": '"', "^": "^"}


@dataclass(frozen=True, slots=True)
class Property:
    """One content line. ``value`` is as written; ``parameters`` have names in capitals."""

    name: str
    value: str
    parameters: Mapping[str, str]
    place: str

    @property
    def text(self) -> str:
        """The value as text, its escapes undone."""
        return unescape(self.value)

    def parameter(self, name: str) -> str:
        """A parameter's value, "" without one."""
        return self.parameters.get(name, "")


@dataclass(slots=True)
class Component:
    """BEGIN to END: its properties in order and what stands inside. ``place`` names it to its academy."""

    kind: str
    properties: list[Property] = field(default_factory=list)
    inner: list[Component] = field(default_factory=list)
    place: str = ""

    def all(self, *names: str) -> list[Property]:
        """The properties of some names, in order."""
        return [one for one in self.properties if one.name in names]

    def first(self, *names: str) -> Property | None:
        """The first property of these names that has a value."""
        return next((one for one in self.properties if one.name in names and one.value.strip()), None)

    def value(self, name: str) -> str:
        """The trimmed value of the first such property, "" without one."""
        found = self.first(name)
        return found.value.strip() if found else ""


def unescape(value: str) -> str:
    """TEXT without its escapes."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def listed(value: str) -> list[str]:
    """The items of a list of TEXT: commas that are not escaped separate; each at most 300 characters."""
    items = re.split(r"(?<!\\),", value)
    return [item for item in (clean_line(unescape(one)[:300]) for one in items[:200]) if item]


def _outside(text: str, mark: str) -> Iterator[str]:
    """A text's parts between marks that stand outside quotation marks."""
    start, quoted = 0, False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == mark and not quoted:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _split(line: str) -> tuple[str, str]:
    """Name with parameters, and value."""
    name = re.match(r"[A-Za-z0-9-]*", line)
    if name is not None and name[0].upper() in _STAMPS:
        found = _BEFORE_DATE.search(line)
        at = found.start() if found else line.rfind(":")
        return (line[:at], line[at + 1 :]) if at >= 0 else (line, "")
    head = next(_outside(line, ":"))
    if len(head) == len(line):  # a quotation mark that is never closed
        head = line.partition(":")[0]
    return head, line[len(head) + 1 :]


def _property(line: str) -> Property:
    head, value = _split(line)
    name, *rest = _outside(head, ";")
    parameters: dict[str, str] = {}
    for part in rest[:50]:
        key, _, said = part.partition("=")
        key = key.strip().upper()
        if key:
            said = _CARET.sub(lambda found: _CARETS[found[1]], said.strip().strip('"'))
            parameters.setdefault(key, said)
    return Property(name.strip().upper(), value, parameters, "")


def read(payload: bytes) -> Component:
    """The calendar of a payload; what does not close is closed at the end. Never raises."""
    root = Component("VCALENDAR")
    stack = [root]
    for line in payload.decode("utf-8", "replace").split("\r\n"):
        if not line.strip():
            continue
        kind = line.partition(":")[2].strip().upper()
        if line.startswith("BEGIN:"):
            if kind == "VCALENDAR" or len(stack) > 5:
                continue
            inner = Component(kind)
            stack[-1].inner.append(inner)
            stack.append(inner)
        elif line.startswith("END:"):
            if len(stack) > 1 and stack[-1].kind == kind:
                stack.pop()
        else:
            stack[-1].properties.append(_property(line))
    for component in (root, *root.inner):
        _place(component)
    return root


def _place(component: Component) -> None:
    """Places as a person finds them: VEVENT UID=… DTSTART."""
    if component.kind == "VEVENT":
        changed = component.value("RECURRENCE-ID")
        component.place = f"VEVENT UID={component.value('UID')[:120]}" + (
            f" RECURRENCE-ID={changed[:40]}" if changed else ""
        )
    else:
        component.place = component.kind
    count: dict[str, int] = {}
    for at, one in enumerate(component.properties):
        count[one.name] = number = count.get(one.name, 0) + 1
        more = f"[{number}]" if number > 1 else ""
        component.properties[at] = Property(
            one.name, one.value, one.parameters, f"{component.place} {one.name}{more}".strip()
        )
