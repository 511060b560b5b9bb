"""Faults of the disk in words: SQLite, RocksDB, DuckDB and tantivy each say them in their own way."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

LITTLE = 1 << 20
"""With fewer bytes free, a fault of reading or writing is that of a full disk."""
_NO_ROOM = (
    "No space left on device", "database or disk is full", "Disk quota exceeded", "File too large",
)  # fmt: skip
_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


def fault(error: BaseException, data: Path) -> str:
    """What to tell an operator when the data folder's disk is full, cannot be written or is written to by another
    process for too long; "" for another error."""
    text = str(error)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    number = error.errno if isinstance(error, OSError) else None
    full = number in _ERRNO or code == sqlite3.SQLITE_FULL or any(sign in text for sign in _NO_ROOM)
    if full or (code == sqlite3.SQLITE_IOERR and _room(data) < LITTLE):
        return (
            f"there is no room left for {data} ({text}); what was taken in before stands, and what is served stays."
            " Make room and call again"
        )
    if code in _BUSY:
        return (
            f"another process writes to {data} and did not end in time ({text}); what was taken in before stands."
            " Call again when it has ended"
        )
    if code == sqlite3.SQLITE_IOERR:
        return f"{data} could not be read or written ({text}); check the disk, its room and its limits, and call again"
    within = isinstance(error, OSError) and str(error.filename or "").startswith(str(data))
    if code in _SQLITE_CLOSED or (within and number in _CLOSED):
        return (
            f"{data} cannot be written ({text}); check to whom it belongs, or set META_ACADEMY_DATA to another folder"
        )
    return ""


def _room(folder: Path) -> int:
    """Bytes free where a folder is or would be."""
    while not folder.exists():
        folder = folder.absolute().parent
    return shutil.disk_usage(folder).free
