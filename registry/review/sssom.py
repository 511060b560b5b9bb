"""Decisions as SSSOM/TSV, for other registries and for a way back: the writer.

Each decision is a row; what SSSOM has no slot for stands in extension slots, so that reading the file gives the same
decisions, also those that were taken back. A rejection is the relation of "same course" with the modifier "Not".
Confidence is 1; 0 where somebody could not tell, or took the decision back, so that who reads no extensions is not
misled. Source: SSSOM 1.1, "The SSSOM/TSV
serialisation format" (canonical form, every slot in its order) and "Non-standard slots".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry.iris import MA, PREFIXES, SCHEMA
from registry.model import Decision, Relation
from registry.terms import Iri

JUSTIFICATION = "semapv:ManualMappingCuration"
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
NOT = "Not"
BUILT_IN = frozenset(("owl", "rdf", "rdfs", "semapv", "skos", "sssom", "xsd", "linkml"))
STANDARD = (
    "subject_id", "subject_label", "predicate_id", "predicate_modifier", "object_id", "object_label",
    "mapping_justification", "reviewer_id", "reviewer_label", "mapping_date", "confidence", "comment",
)  # fmt: skip
"""The slots that are written, in the order of the class Mapping."""
# Extension slots, in the order of their properties, as the canonical form wants it.
EXTENSIONS: Mapping[str, tuple[str, str]] = {
    "ext_academy": ("ma:decisionAcademy", ""),
    "ext_batch": ("ma:decisionBatch", ""),
    "ext_object_digest": ("ma:decisionObjectDigest", ""),
    "ext_relation": ("ma:decisionRelation", ""),
    "ext_source": ("ma:decisionSource", "linkml:Uriorcurie"),
    "ext_stream": ("ma:decisionStream", ""),
    "ext_subject_digest": ("ma:decisionSubjectDigest", ""),
    "ext_time": ("ma:decisionTime", "xsd:dateTime"),
    "ext_undone": ("ma:decisionUndone", "xsd:dateTime"),
    "ext_undone_by": ("ma:decisionUndoneBy", ""),
    "ext_undone_reason": ("ma:decisionUndoneReason", ""),
    "ext_verdict": ("ma:decisionVerdict", ""),
    "ext_voice": ("ma:decisionVoice", ""),
}
_LOCAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~/:-]*")
_ORCID = re.compile(r"https://orcid\.org/([0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X])")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,/_()-]*")


@dataclass(frozen=True, slots=True)
class Row:
    """A decision with what the ledger keeps beside it: who took it back and why, its stream ("queue", "random" or
    "" for one that came in no batch), the titles of both records."""

    decision: Decision
    undone_by: str = ""
    undone_reason: str = ""
    stream: str = ""
    left_label: str = ""
    right_label: str = ""


class Prefixes:
    """Shortens IRIs to CURIEs and remembers which prefixes were used.

    An IRI that no namespace fits gets a prefix of its own, for all up to its last "/" or "#".
    """

    def __init__(self, base: str) -> None:
        self.known: dict[str, str] = {
            "res": f"{base}/id/resource/", "ma": MA, "schema": SCHEMA, "dcat": PREFIXES["dcat"],
            "orcid": "https://orcid.org/", "semapv": PREFIXES["semapv"], "xsd": PREFIXES["xsd"],
            "linkml": "https://w3id.org/linkml/",
        }  # fmt: skip
        self.used: set[str] = {"semapv"}

    def curie(self, iri: str) -> str:
        """An IRI as a CURIE."""
        for prefix, namespace in self.known.items():
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri[len(namespace) :]):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        end = re.search(r"[^/#]*$", iri)
        assert end is not None
        prefix = next((p for p, n in self.known.items() if n == iri[: end.start()]), f"ns{len(self.known)}")
        self.known[prefix] = iri[: end.start()]
        self.used.add(prefix)
        return f"{prefix}:{end[0]}"


def write(rows: Iterable[Row], *, base: str, predicates: Mapping[Relation, Iri], title: str, set_id: str) -> str:
    """The file: metadata, then one line for each decision, in canonical order.

    ``predicates`` gives each relation's property. Subject is the resource that comes from the other where that is
    known (the predicates point to the source), else the left one.
    """
    prefixes = Prefixes(base)
    table = sorted((_row(row, prefixes, predicates) for row in rows), key=lambda found: [
        found[name] for name in (*STANDARD, *EXTENSIONS)
    ])  # fmt: skip
    columns = [name for name in (*STANDARD, *EXTENSIONS) if any(row[name] for row in table)]
    columns = columns or ["subject_id", "predicate_id", "object_id", "mapping_justification"]
    used = [name for name in columns if name in EXTENSIONS]
    for name in used:
        prefixes.used.update(one.partition(":")[0] for one in EXTENSIONS[name] if one)
    spaces = [f"  {name}: {_scalar(prefixes.known[name])}" for name in sorted(prefixes.used - BUILT_IN)]
    head = ['sssom_version: "1.1"', *(["curie_map:", *spaces] if spaces else [])]
    head += [f"mapping_set_id: {_scalar(set_id)}", f"mapping_set_title: {_scalar(title)}"]
    head += [f"license: {_scalar(LICENCE)}"]
    dates = {row["mapping_date"] for row in table}
    if len(dates) == 1:  # what all rows share stands once (condensation)
        head.append(f"mapping_date: {dates.pop()}")
        columns.remove("mapping_date")
    if used:
        head.append("extension_definitions:")
    for name in used:
        property_, hint = EXTENSIONS[name]
        head += [f"  - slot_name: {name}", f"    property: {_scalar(property_)}"]
        head += [f"    type_hint: {_scalar(hint)}"] if hint else []
    lines = [f"#{line}" for line in head]
    lines.append("\t".join(columns))
    lines += ["\t".join(_quoted(row[name]) for name in columns) for row in table]
    return "\n".join(lines) + "\n"


def _row(row: Row, prefixes: Prefixes, predicates: Mapping[Relation, Iri]) -> dict[str, str]:
    one = row.decision
    turned = bool(one.source) and one.source == one.left
    subject, object_ = (one.right, one.left) if turned else (one.left, one.right)
    digests = (one.right_digest, one.left_digest) if turned else (one.left_digest, one.right_digest)
    labels = (row.right_label, row.left_label) if turned else (row.left_label, row.right_label)
    rejected = one.verdict == "reject"
    orcid = _ORCID.fullmatch(one.reviewer)
    found = dict.fromkeys((*STANDARD, *EXTENSIONS), "")
    found |= {
        "subject_id": prefixes.curie(subject),
        "subject_label": labels[0],
        "predicate_id": prefixes.curie(predicates["copy" if rejected else one.relation]),
        "predicate_modifier": NOT if rejected else "",
        "object_id": prefixes.curie(object_),
        "object_label": labels[1],
        "mapping_justification": JUSTIFICATION,
        "reviewer_id": prefixes.curie(one.reviewer) if orcid else "",
        "reviewer_label": "" if orcid else one.reviewer.replace("\\", "\\\\").replace("|", "\\|"),
        "mapping_date": one.time[:10],
        "confidence": "0" if one.verdict == "unsure" or one.undone else "1",
        "comment": one.note,
        "ext_academy": one.academy,
        "ext_batch": one.batch,
        "ext_subject_digest": digests[0],
        "ext_object_digest": digests[1],
        "ext_relation": one.relation,
        "ext_source": prefixes.curie(one.source) if one.source else "",
        "ext_stream": row.stream,
        "ext_time": one.time,
        "ext_undone": one.undone,
        "ext_undone_by": row.undone_by,
        "ext_undone_reason": row.undone_reason,
        "ext_verdict": one.verdict,
        "ext_voice": one.voice,
    }
    return found


def _scalar(text: str) -> str:
    """A YAML scalar: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) or re.fullmatch(r"(?:https?|[a-z]+):[^\s#'\"{}\[\],&*?|<>=!%@`\\]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _quoted(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if any(mark in text for mark in '"\t\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
