"""The invitation that Meet, Teams or Zoom puts into an event's text, how to dial in, numbers, codes: it stays back.

A block begins at a line of marks (____, ────, -::~:~…) and ends at the next one or with the text; it goes where it
holds the address of an online room or a code. Lines that give a code go wherever they stand.
"""

from __future__ import annotations

import re

from registry.crosswalk.clean import fold
from registry.crosswalk.ical_place import is_meeting

_RULE = re.compile(r"[ \t]*(?:_{8,}|[─━]{3,}|-{8,}|\*{8,}|={8,}|-::[~:]{4,200}-?)[ \t]*")
_LINK = re.compile(r"https?://[^\s<>\"]{4,2000}")
_CODE = re.compile(
    r"(?:meeting|webinar|conference|reunion|besprechungs|meeting )? ?"
    r"(?:id(?: de (?:la )?reunion)?|passcode|password|pin|code secret|code d acces|mot de passe|contrasena|"
    r"codigo de acceso|clave de acceso|kenncode|kennwort|phone conference id|access code|meeting number|host key)"
)
_DIAL = re.compile(
    r"\bPIN\s?:\s?\d|\bone tap mobile\b|^(?:or )?dial(?: by your location|[ -]in)?\b.{0,60}:", re.IGNORECASE
)


def without(text: str) -> tuple[str, bool]:
    """The text without invitations, and whether there was one."""
    blocks: list[list[str]] = [[]]
    ruled = False
    for line in text.split("\n"):
        if _RULE.fullmatch(line[:300]):
            blocks.append([line])
            ruled = True
        else:
            blocks[-1].append(line)
    if ruled:
        kept: list[str] = list(blocks[0])
        dropped = False
        for block in blocks[1:]:
            if any(_opens(line) for line in block):
                dropped = True
            elif dropped and not any(map(str.strip, block[1:])):
                continue  # the line of marks that closes an invitation
            else:
                kept += block[1:] if dropped else block
                dropped = False
    else:
        kept = blocks[0]
    kept = [line for line in kept if not _tells(line)]
    left = "\n".join(kept).strip()
    return left, left != text.strip()


def _opens(line: str) -> bool:
    return _tells(line) or any(is_meeting(link) for link in _LINK.findall(line[:4000]))


def _tells(line: str) -> bool:
    """Whether a line gives a code or a number to dial with one."""
    head, mark, rest = line[:200].partition(":")
    return bool(mark and rest.strip() and _CODE.fullmatch(fold(head))) or _DIAL.search(line[:300]) is not None
