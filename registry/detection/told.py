"""What was found and why, in plain words, in each language of the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.detection.found import Candidate, Detection, can_read
from registry.messages import LANGUAGES, Message, fill
from registry.model import Issue

Texts = Mapping[str, str]
MORE = 5
_ALSO = {"en": "Also there", "fr": "Aussi sur place\u00a0", "es": "También allí"}
_FOUND = {"en": "Found", "fr": "Trouvé\u00a0", "es": "Encontrado"}
_WAY = {"en": "by way of", "fr": "par", "es": "por"}
_ASKED = {
    "en": "{count} addresses were asked.", "fr": "{count} adresses ont été demandées.",
    "es": "Se pidieron {count} direcciones.",
}  # fmt: skip
_NOT_HERE = {"en": "no part for it here", "fr": "aucune partie pour cela ici", "es": "sin parte para ello aquí"}


def said(issue: Issue, messages: Mapping[str, Message], language: str) -> str:
    """An issue's text; its code where it has none."""
    message = messages.get(issue.code)
    return fill(message.text[language], issue) if message is not None else issue.code


def _candidate(one: Candidate, messages: Mapping[str, Message], language: str) -> str:
    text = said(one.why, messages, language)
    way = f" [{one.protocol}; {_WAY[language]} {said(one.source, messages, language)}]" if one.source else ""
    here = "" if can_read(one.protocol) else f" ({_NOT_HERE[language]})"
    return f"{text}{way or f' [{one.protocol}]'}{here}"


def found(detection: Detection, chosen: Candidate, messages: Mapping[str, Message]) -> tuple[Texts, ...]:
    """One line for what is read and why, then one for each other list, then how much was asked."""
    others = detection.others(chosen)[:MORE]
    lines = [{lang: f"{_FOUND[lang]}: {_candidate(chosen, messages, lang)}" for lang in LANGUAGES}]
    lines += [{lang: f"{_ALSO[lang]}: {_candidate(one, messages, lang)}" for lang in LANGUAGES} for one in others]
    if len(detection.tried) > 1:
        count = str(len(detection.tried))
        lines.append({lang: _ASKED[lang].replace("{count}", count) for lang in LANGUAGES})
    return tuple(lines)


def tried(detection: Detection, messages: Mapping[str, Message], language: str) -> list[str]:
    """A line for each request: what was asked, why there, what came."""
    return [
        f"{one.address}: {said(one.why, messages, language)}: {said(one.came, messages, language)}"
        for one in detection.tried
    ]


def as_json(detection: Detection, chosen: Candidate | None, messages: Mapping[str, Message]) -> dict[str, Any]:
    """All of it for a machine."""

    def texts(issue: Issue | None) -> dict[str, str] | None:
        return {lang: said(issue, messages, lang) for lang in LANGUAGES} if issue is not None else None

    return {
        "address": detection.address,
        "site": dict(detection.site),
        "candidates": [
            {
                "protocol": one.protocol, "format": one.format, "address": one.address, "options": dict(one.options),
                "confidence": one.confidence, "why": texts(one.why), "source": texts(one.source),
                "readable": can_read(one.protocol), "chosen": one == chosen,
            }
            for one in detection.candidates
        ],
        "tried": [
            {"address": one.address, "why": texts(one.why), "came": texts(one.came)} for one in detection.tried
        ],
    }  # fmt: skip
