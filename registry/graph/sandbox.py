"""What a query worker may not do: use memory or time without end, open a network connection, leave a core file.

Linux on x86_64 and aarch64 has all of it. Elsewhere the network filter is missing and ``deny_network``
says so: then only the token scan and the deployment's own firewall keep SERVICE from going out.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import struct
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 1, 38, 22, 2
_SIGKILL = 9
_ALLOW, _KILL, _EACCES = 0x7FFF0000, 0x80000000, 0x00050000 | 13
_AF_UNIX = 1
# machine: (AUDIT_ARCH, number of socket(2), number of io_uring_setup(2))
_SYSTEMS = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
_X32 = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _prctl(*arguments: int) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "prctl"):
        return False
    return bool(library.prctl(*(ctypes.c_ulong(argument) for argument in arguments)) == 0)


def die_with_parent() -> None:
    """End when the process that forked this one ends (Linux; elsewhere the closed pipe does it)."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def deny_network() -> bool:
    """Refuse every socket that is not a Unix one, for good. False where the system cannot."""
    system = _SYSTEMS.get(platform.machine())
    if platform.system() != "Linux" or system is None:
        return False
    arch, socket, io_uring = system
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    rows = [
        (load, 0, 0, 4),  # the architecture of the call
        (equal, 1, 0, arch),
        (give, 0, 0, _KILL),
        (load, 0, 0, 0),  # the number of the call
        (at_least, 5, 0, _X32),
        (equal, 4, 0, io_uring),
        (equal, 0, 2, socket),
        (load, 0, 0, 16),  # its first argument: the address family
        (equal, 0, 1, _AF_UNIX),
        (give, 0, 0, _ALLOW),
        (give, 0, 0, _EACCES),
    ]
    # (6) falls two rows on when the call is not socket(2): to ALLOW; (8) one row on when it is not AF_UNIX.
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    program = _Program(len(rows), ctypes.cast(code, ctypes.c_void_p))
    if not _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0)


def limit_memory(more: int) -> None:
    """Allow ``more`` bytes of address space than are in use now; no core files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    used = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else 0
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))


def limit_cpu(seconds: float) -> None:
    """Allow that much more processor time; SIGXCPU ends the process after it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
