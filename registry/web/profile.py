"""The profile that all descriptions follow, as a ``prof:Profile`` with its shapes, terms and guide.

Source: W3C Profiles Vocabulary (Note, 2019). Its files are served as they are written, with the deployment's base
address, against which their relative addresses are resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry import vocabulary
from registry.iris import DCTERMS, RDF_TYPE, RDFS, Iris
from registry.release import Release
from registry.terms import XSD, Iri, Literal, Triple, text
from registry.web import linked
from registry.web.discovery import PREFIXES, profile_of, told
from registry.web.wording import table

PROF, ROLE = PREFIXES["prof"], PREFIXES["role"]
MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"
SHACL, SKOS, JSON_LD = (f"https://www.w3.org/TR/{name}/" for name in ("shacl", "skos-reference", "json-ld11"))
STANDARDS = ("https://www.w3.org/TR/vocab-dcat-3/", "https://schema.org/")
LICENCE = PREFIXES["spdx"] + "CC-BY-4.0"


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of the profile: its path under ``/profile/``, or from the root; what it is for (a role of the
    vocabulary), title by language, media type, the standard that it follows ("": none), its file (None: made)."""

    path: str
    role: str
    title: Mapping[str, str]
    media_type: str
    standard: str
    file: Path | None


def parts(root: Path, schemes: Path, base: str) -> list[Part]:
    """All resources, in the order that a reader wants them. ``root`` is the folder of ``ontology/``, ``shapes/`` and
    ``docs/``, ``schemes`` that of lists of terms that the operator added."""
    words = table("discovery.tsv")
    found = [
        Part("/profile/guide.md", "guidance", words["guide"], "text/markdown", "", root / "docs" / "profile.md"),
        Part(linked.PATH, "mapping", words["context"], linked.MEDIA_TYPE, JSON_LD, None),
    ]
    for file in sorted((root / "shapes").glob("*.ttl")):
        named = words.get(f"shapes.{file.stem}", {"en": file.stem})
        found.append(Part(f"/profile/shapes/{file.name}", "validation", named, "text/turtle", SHACL, file))
    folders = [root / "ontology", schemes]
    known, files = vocabulary.schemes(folders, base), vocabulary.scheme_files(folders)
    for file in sorted(set((root / "ontology").glob("*.ttl")) - set(files.values())):
        named = words.get(f"terms.{file.stem}", {"en": file.stem})
        found.append(Part(f"/profile/vocabulary/{file.name}", "vocabulary", named, "text/turtle", "", file))
    for name, file in sorted(files.items()):
        title = known[name].title if name in known else {}
        path = f"/profile/vocabulary/{name}.ttl"
        found.append(Part(path, "vocabulary", title or {"en": name}, "text/turtle", SKOS, file))
    return found


def served(part: Part, base: str) -> bytes:
    """A part's file as it is sent; Turtle with the base address that its relative addresses need."""
    assert part.file is not None
    body = part.file.read_bytes()
    return f"@base <{base}/> .\n".encode() + body if part.media_type == "text/turtle" else body


def profile_triples(address: str, iris: Iris, release: Release, listed: Sequence[Part]) -> list[Triple]:
    """The profile with its resources, each dereferenceable."""
    profile = profile_of(address)
    triples: list[Triple] = [
        (profile, RDF_TYPE, Iri(PROF + "Profile")),
        (profile, Iri(DCTERMS + "publisher"), iris.academy("meta-academy-registry")),
        (profile, Iri(DCTERMS + "license"), Iri(LICENCE)),
        (profile, Iri(DCTERMS + "modified"), Literal(str(release.manifest["time"]), XSD + "dateTime")),
        (profile, Iri(PROF + "hasToken"), Literal("meta-academy", XSD + "token")),
        *told(profile, DCTERMS + "title", "profile"),
        *told(profile, RDFS + "comment", "profile.what"),
    ]
    triples += [(profile, Iri(PROF + "isProfileOf"), Iri(standard)) for standard in STANDARDS]
    for part in listed:
        node = Iri(f"{profile}#{part.path.strip('/').removeprefix('profile/')}")
        triples += [
            (profile, Iri(PROF + "hasResource"), node),
            (node, RDF_TYPE, Iri(PROF + "ResourceDescriptor")),
            (node, Iri(PROF + "hasRole"), Iri(ROLE + part.role)),
            (node, Iri(PROF + "hasArtifact"), Iri(address + part.path)),
            (node, Iri(DCTERMS + "format"), Iri(MEDIA_TYPE + part.media_type)),
        ]
        triples += [(node, Iri(DCTERMS + "title"), text(said, tag)) for tag, said in part.title.items()]
        if part.standard:
            triples.append((node, Iri(DCTERMS + "conformsTo"), Iri(part.standard)))
    return triples
