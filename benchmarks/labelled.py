"""What the evaluation is run on: records with pairs whose relation is known, one shape for every set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.metrics import NOTHING, Pair, pair
from registry.iris import FOAF, SCHEMA
from registry.model import Change
from registry.terms import Literal, by_subject

SAME_WORK = frozenset({"copy", "near-copy", "version", "translation", "run"})
"""The relations whose ends are one work (``registry/tables/relations.tsv``, part_of_work)."""
IDENTICAL = frozenset({"copy", "near-copy"})


@dataclass(frozen=True, slots=True)
class Label:
    """A known pair: its relation, what to call it on paper, why it is known, and which end the other comes from."""

    left: str
    right: str
    relation: str
    name: str = ""
    why: str = ""
    source: str = ""

    @property
    def pair(self) -> Pair:
        return pair(self.left, self.right)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled set.

    ``complete``: a pair without a label is not related; else it is left out of every score. ``typed``: labels tell
    relations; else only whether both are the same thing. ``hidden``: counts are printed, never pairs. ``sides``: the two
    feeds of a set whose pairs cross them. ``apart``: the answers that are right for a pair labelled "different".
    """

    name: str
    records: tuple[Change, ...]
    labels: tuple[Label, ...]
    academy_of: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False
    typed: bool = True
    hidden: bool = False
    sides: tuple[str, str] | None = None
    apart: frozenset[str] = frozenset({NOTHING, "different", "overlap", "part"})
    note: str = ""

    def by_pair(self) -> dict[Pair, str]:
        """The relation of each labelled pair. Raises ValueError on two labels for one pair or a label without records."""
        known: dict[Pair, str] = {}
        held = set(languages(self.records))
        for label in self.labels:
            if known.setdefault(label.pair, label.relation) != label.relation:
                raise ValueError(f"{self.name}: two labels for {label.name or label.pair}")
            missing = {label.left, label.right} - held
            if missing:
                raise ValueError(f"{self.name}: no record for {sorted(missing)}")
        return known

    def summary(self) -> str:
        """Records, labelled pairs by relation, languages: one line."""
        relations = Counter(label.relation for label in self.labels)
        spoken = Counter(language or "none" for language in languages(self.records).values())
        told = ", ".join(f"{n} {name}" for name, n in relations.most_common())
        return (
            f"{len(self.records)} records ({', '.join(f'{n} {code}' for code, n in spoken.most_common(8))}); "
            f"{len(self.labels)} labelled pairs: {told}"
        )


def resource_of(change: Change) -> str:
    """The resource that a record describes."""
    topics = by_subject(change.stated).get(change.subject, {}).get(FOAF + "primaryTopic", [])
    return str(topics[0])


def languages(records: tuple[Change, ...]) -> dict[str, str]:
    """The language of each resource: of the thing itself, else of its title, else ""."""
    found: dict[str, str] = {}
    for change in records:
        described = by_subject(change.stated)
        resource = str(described.get(change.subject, {})[FOAF + "primaryTopic"][0])
        node = described.get(resource, {})
        spoken = [v.value for v in node.get(SCHEMA + "inLanguage", []) if isinstance(v, Literal)]
        tags = [v.language for v in node.get(SCHEMA + "name", []) if isinstance(v, Literal) and v.language != "und"]
        found[resource] = (sorted(spoken) or sorted(tags) or [""])[0].split("-")[0].lower()
    return found
