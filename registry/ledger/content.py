"""What a record says, whatever its address: the digest by which decisions find their records again.

A change's own digest covers its graph with all addresses, so it differs as soon as a feed rewrites its ids. The
content digest does not: it is the SHA-256 of the stated N-Triples in which the record and its resource (and all
that lies under them) have fixed names, without what holds the source's own key.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable

from registry.iris import DCTERMS, FOAF

_TOPIC = f" <{FOAF}primaryTopic> <".encode()
_KEYS = tuple(f"<r> <{DCTERMS}{name}> ".encode() for name in ("identifier", "source"))
_ASKED = 500


def resource_of(subject: str, stated: bytes) -> str | None:
    """The resource that a record's graph (N-Triples as bytes) is about; None where it names none."""
    start = f"<{subject}>".encode() + _TOPIC
    at = stated.find(start)
    if at < 0:
        return None
    return stated[at + len(start) : stated.index(b">", at + len(start))].decode()


def content_digest(subject: str, resource: str, stated: bytes) -> bytes:
    """The 32 bytes of the content digest of a record's stated N-Triples (as bytes, not compressed).

    Left out: dcterms:identifier and dcterms:source of the record. Lines are sorted anew, for names sort otherwise
    than addresses do.
    """
    named = stated
    for iri, name in ((subject, b"<r"), (resource, b"<s")):
        at = b"<" + iri.encode()
        named = named.replace(at + b">", name + b">").replace(at + b"/", name + b"/")
    lines = sorted(line for line in named.split(b"\n") if line and not line.startswith(_KEYS))
    return hashlib.sha256(b"\n".join(lines)).digest()


def keep(connection: sqlite3.Connection, subject: str, feed: str, stated: bytes) -> None:
    """Keep what a published record says (``stated``: compressed). Inside the caller's transaction."""
    triples = zlib.decompress(stated)
    resource = resource_of(subject, triples)
    if resource is not None:
        connection.execute(
            "INSERT OR REPLACE INTO content (resource, subject, feed, digest) VALUES (?,?,?,?)",
            (resource, subject, feed, content_digest(subject, resource, triples)),
        )


def functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions by which a migration fills the table ``content``."""

    def resource(subject: str, stated: bytes) -> str | None:
        return resource_of(subject, zlib.decompress(stated))

    def digest(subject: str, stated: bytes) -> bytes | None:
        triples = zlib.decompress(stated)
        found = resource_of(subject, triples)
        return content_digest(subject, found, triples) if found is not None else None

    connection.create_function("content_resource", 2, resource, deterministic=True)
    connection.create_function("content_digest", 2, digest, deterministic=True)


def digests(connection: sqlite3.Connection, resources: Iterable[str]) -> dict[str, str]:
    """The content digests (hexadecimal) of resources as last published; those never heard of are left out."""
    return {resource: digest for resource, (digest, _, _) in known(connection, resources).items()}


def known(connection: sqlite3.Connection, resources: Iterable[str]) -> dict[str, tuple[str, str, bool]]:
    """(content digest, academy, whether it stands published) of resources; those never heard of are left out."""
    wanted, found = sorted(set(resources)), {}
    for start in range(0, len(wanted), _ASKED):
        some = wanted[start : start + _ASKED]
        rows = connection.execute(
            "SELECT c.resource, c.digest, coalesce(f.academy, ''), s.kind FROM content c"
            " LEFT JOIN standing s ON s.subject = c.subject LEFT JOIN feed f ON f.id = c.feed"
            f" WHERE c.resource IN ({','.join('?' * len(some))})",
            some,
        )
        found.update({row[0]: (row[1].hex(), row[2], row[3] == "record") for row in rows})
    return found


def standing_with(connection: sqlite3.Connection, digest: str, academy: str, limit: int = 2) -> list[str]:
    """The resources that stand published with this content digest (hexadecimal), in code-point order, at most
    ``limit``: those of ``academy`` if it has any, else those of all."""
    for own in (True, False):
        rows = connection.execute(
            "SELECT c.resource FROM content c JOIN standing s ON s.subject = c.subject"
            " LEFT JOIN feed f ON f.id = c.feed WHERE c.digest=? AND s.kind='record' AND (? OR f.academy = ?)"
            " ORDER BY c.resource LIMIT ?",
            (bytes.fromhex(digest), not own, academy, limit),
        ).fetchall()
        if rows:
            return [row[0] for row in rows]
    return []
