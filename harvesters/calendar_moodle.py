"""Tells deadlines in a Moodle calendar from events: when a quiz closes or an assignment is due is no training.

Moodle exports what a module plans as events without length, called "<module> closes" in the site's language.
Source: Moodle, calendar/export_execute.php ("instantaneous event, ex - Due date of a module"; older versions: a
whole day), and the strings calendarstart, calendarend, calendardue, expectcompletionby of its modules.
"""

from __future__ import annotations

import re
import unicodedata

from harvesters.calendar_lines import Calendar, Event

# In folded text (no accents, small letters, no marks): how such a title ends, and how it begins.
_ENDS = re.compile(
    r"\b(?:opens?|closes?|is due|due|due date|deadline|is due to be graded|should be completed|must be completed|"
    r"(?:opens|closes|ends) for (?:submissions?|assessments?)|"
    r"fermeture|ouverture|ferme|se ferme|ouvre|s ouvre|se termine|date limite|echeance|a rendre|a remettre|"
    r"doit etre (?:rendu|remis|termine|acheve|evalue)e?|(?:fermeture|ouverture) (?:du|de la|de l|des) [a-z]{1,30}|"
    r"cierra|se cierra|abre|se abre|cierre|apertura|vence|vencimiento|fecha limite|fecha de (?:entrega|vencimiento)|"
    r"esta en fecha de entrega|debe (?:completarse|ser completado|calificarse)|(?:cierre|apertura) del? [a-z]{1,30}|"
    r"schliesst|offnet|endet|ist fallig|fallig|chiude|apre|fecha|encerra|sluit)$"
)
_BEGINS = re.compile(
    r"(?:fermeture|ouverture|echeance|date limite|cierre|apertura|vencimiento|fecha limite|fecha de entrega|"
    r"deadline|due|due date)(?: (?:for|du|de|des|del|d)\b|$)"
)


def is_deadline(calendar: Calendar, event: Event) -> bool:
    """Whether an event of a Moodle export only says until or from when something may be handed in."""
    made_by = next((line for name, line in calendar.properties if name == "PRODID"), "")
    if "moodle" not in made_by.lower() or event.has("RRULE") or not _is_moment(event):
        return False
    words = [event.value("SUMMARY"), *event.value("CATEGORIES").split(",")]
    folded = [_fold(word) for word in words[:20]]
    return any(_ENDS.search(word) or _BEGINS.match(word) for word in folded if word)


def _is_moment(event: Event) -> bool:
    """Whether an event has no length, or is a day without times."""
    start, end, length = (event.value(name).upper() for name in ("DTSTART", "DTEND", "DURATION"))
    if re.fullmatch(r"\d{8}", start):
        return True
    return (not end or end == start) and not re.search(r"[1-9]", length)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text[:500].replace("ß", "ss").lower())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(one for one in plain if not unicodedata.combining(one))))
