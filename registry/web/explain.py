"""Why two entries are held to belong together, in words: how sure, what each reason counts, what academies say.

A probability is told only where it was measured (``probability``); else a band. Reasons have a weight in bits, log2
of how many times more likely they are among pairs that belong together: that many bits become four words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from registry.messages import LANGUAGES
from registry.web.wording import Voice, Words

BANDS = ((0.9, "high"), (0.7, "good"), (0.0, "low"))
BAND_NAMES = {"high": "almost-certain", "good": "likely", "low": "possible"}
STRONGLY, SPEAKS = 5.0, 1.0
"""From how many bits a reason speaks strongly (32 times more likely), and from how many it speaks at all (twice)."""
SHOWN = 200
"""Characters of a value that a reason shows."""
FULL = 10.0
"""The weight that fills a bar."""


def band(confidence: float) -> str:
    """Which of the bands a confidence is in: high (almost certain), good (likely), low (possible)."""
    return next(name for least, name in BANDS if confidence >= least)


def speaks(weight: float) -> str:
    """What a weight says: strongly, for, little, against; "" where the model does not weigh it."""
    if not weight:
        return ""
    if weight <= -SPEAKS:
        return "against"
    return "strongly" if weight >= STRONGLY else "for" if weight >= SPEAKS else "little"


def share(weight: float) -> float:
    """How much of a bar a weight fills, 0 to 1."""
    return min(1.0, abs(weight) / FULL)


def measured(match: Mapping[str, Any]) -> int | None:
    """Of a hundred pairs like this one, how many prove right: 1 to 99; None where that was not measured."""
    probability = match["probability"]
    return None if probability is None else max(1, min(99, math.floor(probability * 100 + 0.5)))


def sureness(match: Mapping[str, Any], voice: Voice) -> str:
    """How sure a pair is: who confirmed it, that it is under discussion, or a band."""
    if match["status"] == "rejected":
        return voice("sure.rejected")
    if match["status"] == "discussed":
        return voice("sure.discussed")
    if match["reviewer"]:
        return voice("sure.reviewed", name=match["reviewer"])
    if match["status"] == "accepted":
        said = [voice.best(answer["name"]) for answer in match["answers"] if answer["relation"] == match["relation"]]
        if said:
            return "; ".join(voice("sure.academy", name=name) for name in dict.fromkeys(said))
    if match["justification"] == "source-stated":
        return voice("sure.source")
    if match["status"] == "accepted":
        return voice("sure.rule")
    told = voice(f"sure.{band(match['confidence'])}")
    count = measured(match)
    return told if count is None else f"{told}; {voice('sure.measured', count=count)}"


def alike(line: Mapping[str, Any], voice: Voice) -> str:
    """How alike two values are, and by which measure."""
    parts = [voice.alike(line)] if line["measure"] != "differs" else []
    measure = voice.words.measures.get(line["measure"])
    if measure is not None and not (line["measure"] == "equal" and parts):
        parts.append(measure[voice.language])
    return "; ".join(parts)


def how(line: Mapping[str, Any], voice: Voice) -> str:
    """How alike two values are, by which measure, and what that counts."""
    weight = speaks(line["weight"])
    return "; ".join(part for part in (alike(line, voice), voice(f"speaks.{weight}") if weight else "") if part)


def bits(weight: float) -> str:
    """A weight as it is shown: "+7.6", "−2.3"."""
    return f"{weight:+.1f}".replace("-", "−")


def found_by(match: Mapping[str, Any], voice: Voice) -> str:
    """What brought a pair together, in words; "" where that has none."""
    keys = [f"found.{name}" for name in match["generators"]]
    names = [voice(key) for key in keys if key in voice.words.pages]
    return voice("evidence.found", names=", ".join(names)) if names else ""


def weighed(match: Mapping[str, Any]) -> bool:
    """Whether any reason of a pair has a weight."""
    return any(line["weight"] for line in match["evidence"])


def shown(value: str, field: str, voice: Voice) -> str:
    """A value that was compared, as readers meet it: times in words, long texts cut."""
    if field == "timeRequired":
        return voice.duration(value)
    return value if len(value) <= SHOWN else value[: SHOWN - 1] + "…"


def sentence(line: Mapping[str, Any], voice: Voice) -> str:
    """A reason as one sentence: what was compared, both values, how they compare."""
    left, right = (shown(line[f"{side}_value"], line[f"{side}_field"], voice) for side in ("left", "right"))
    key = "evidence.line" if left and right and left != right else "evidence.one" if left or right else "evidence.none"
    told = voice(key, reason=voice.reason(line["feature"]), left=left or right, right=right, how=how(line, voice))
    fields = list(dict.fromkeys(voice.field(name) for name in (line["left_field"], line["right_field"]) if name))
    return f"{told} ({' / '.join(fields)})" if fields else told


def answer(one: Mapping[str, Any], voice: Voice) -> str:
    """What an academy says itself, in one sentence."""
    return voice(f"answer.{one['origin']}", name=voice.best(one["name"]), relation=voice.relation(one["relation"]))


def add_words(
    match: dict[str, Any], words: Words, told: Mapping[str, Mapping[str, str]], languages: tuple[str, ...]
) -> None:
    """Put the words of some languages into a pair as it is handed on: ``sure``, ``why``, those of each reason.
    ``told`` are those of its rule and of the levels that comparisons reached."""
    rule = told.get(match["rule"], {})
    voices = {tag: Voice(words, tag) for tag in languages if tag in LANGUAGES}
    match["sure"] = {tag: sureness(match, voice) for tag, voice in voices.items()}
    match["why"] = {tag: rule[tag] for tag in voices if tag in rule}
    match["words"] = {tag: voice.relation(match["relation"]) for tag, voice in voices.items()}
    match["evidence"] = [
        {**line, "speaks": speaks(line["weight"]) or None,
         "words": {tag: sentence(line, voice) for tag, voice in voices.items()}}
        for line in match["evidence"]
    ]  # fmt: skip
    match["reasons"] = [
        {**one, "speaks": speaks(one["weight"]) or None,
         "words": {tag: text for tag, text in told.get(f"{one['comparison']}.{one['level']}", {}).items()
                   if tag in voices}}
        for one in match["reasons"]
    ]  # fmt: skip
    match["answers"] = [
        {**one, "words": {tag: answer(one, voice) for tag, voice in voices.items()}} for one in match["answers"]
    ]
