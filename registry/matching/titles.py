"""What a title says beyond its words: part, level, edition, year, format, tool, topic.

Two titles that differ only in such a token are never the same course without more evidence
("Module 1" and "Module 2", "Basic" and "Advanced", the R course and the Python course of a series).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.matching.normalise import Tables, tokens

MAX_TITLE = 300
_LETTERS = frozenset("abcdefgh")
_SUFFIX = re.compile(r"\s(?:\||·|::|»)\s+[^|·»]{2,60}$")
_MANUAL = re.compile(r"\s+[-–—]\s+\S.{1,78}\sdocumentation$")
"""What Sphinx adds to the title of each page."""
_DAYS = re.compile(
    r"(?<!\w)([^\W\d_]{3,12})\.?\s+(\d{1,2}(?:\s?[-–]\s?\d{1,2})?"
    r"(?:\s*(?:[,&+/]|(?<=\s)[^\W\d_]{1,3}(?=\s))\s*\d{1,2}(?:\s?[-–]\s?\d{1,2})?)*)(?![\d.])"
)
_SITE = re.compile(r"\s[-–—]\s+(?:wikipedia|youtube|github|zenodo|coursera|edx|moodle|figshare|vimeo)\s*$", re.I)
_VERSION = re.compile(
    r"\b(?:v|vers?|versi[oó]n|versão|release|[eé]dition|edici[oó]n|edição|rev|auflage|fassung"
    r"|wydanie|wersja|verzija|izdanje|издање|верзија|видання|версія|издание|версия)[\s.:]*(\d+(?:\.\d+)*)\b"
)
_ORDINAL = re.compile(
    r"\b(\d{1,2})(?:\.|\s?(?:st|nd|rd|th|e|è|ème|re|er|[aªº])\.?)?\s+"
    r"(?:[eé]dition|edici[oó]n|edição|edizione|edycja|editie|ed(?=[.)\s]|$)|éd(?=[.)]|$)|auflage|aufl|wyd|изд|видання|издание|wydanie|izdanje|издање|vydání|uitgave|upplaga)\b"
    r"(?:,?\s+(?:revista|corrigida|ampliada|atualizada)(?:\s+e\s+\w+)?)?"
)
_EAST_EDITION = re.compile(
    "第?\\s*(\\d{1,2})\\s*版|第\\s*([一二三四五六七八九十]+)\\s*版|제?\\s*(\\d{1,2})\\s*판(?!\\w)"
)
_EAST_FORMS = {
    "newer": re.compile(r"\s*[(（【\[]?(?:改訂新?|修[订訂]|增[订訂]|更新|最?新)版[)）】\]]?\s*$"),
    "older": re.compile(r"\s*[(（【\[]?[旧舊初]版[)）】\]]?\s*$"),
    "short": re.compile(r"\s*[(（【\[]?(?:簡易|簡略|简化|短縮|要約|摘要)版[)）】\]]?\s*$"),
}
"""What an unspaced title says of its edition at its end: not told by words, as it is read two letters at a time."""
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_SUBTITLE = re.compile(r"\s*[:：]\s+|\s+[-–—]\s+|：")
_DOTTED = re.compile(r"(?<![\w.])(\d{1,3}(?:\.(?:\d{1,3}|[a-wyz])){1,3})(?![\w.])")
"""Numbers with points, and a letter as in target 17.b or indicator 5.a.1; "3.x" is none."""
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:\s?[-/–]\s?(\d{2,4}))?(?!\d)")
_LEADING = re.compile(r"^\s*(\d{1,2}[a-c]?)(?:\s*[.):_]\s*|\s+[-–—]\s+)(?=\D)")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"(?<![\d.])(\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2})(?![\d.])")
_EASTERN = re.compile("[\u4e00-\ud7af]")
_MONTH = re.compile(r"(?<!\d)(\d{1,2}\s?[月월])")
_MARK = re.compile(r"^\s*(?:[\[(（【]([^\[\]()（）【】]{2,30})[\])）】]|([^\W\d_]{3,12})\s*:)\s*(?=\S)")
"""What may be said before a title: "[OLD]", "Archived:"."""
_HELD = re.compile(r"\s*[(（]([^()（）]{5,60})[)）]\s*$")
_TAIL = re.compile(r"\s*[(（\[]([^()（）\[\]]{4,40})[)）\]]\s*$")
_WHEN = re.compile(r"((?:,\s*[^,()\d]{2,30})?,\s*[^,()]{0,30}\d[^,()]{0,30})$")
_AND = frozenset("and y e et und i и і та u".split())
_NO_PLACE = ("edition", "form", "part", "level", "tool", "topic", "format")
_EVENT = re.compile(r"^\s*\[([^\[\]]{2,60})\]\s*(?=\S)")
_COUNTED = re.compile(r"(?:#|nr?\.?\s?[°º]|№)\s?(\d{1,7})\b|[(（](\d{1,2})(?:\s?/\s?\d{1,2})?[)）]\s*$")
_NUMBERED = re.compile(r"(?<=[^\W\d]\s)(\d{1,2})(?=\s*:\s|\s+[-–—]\s)")
_EAST = re.compile(
    "第\\s*([0-9一二三四五六七八九十]+)\\s*[章部回課课讲節节]|제?\\s*(\\d+)\\s*(?:[장부과강편]|주차|차시|단원)(?!\\w)|(?<=\\s)([上中下])(?=\\s*$)"
)
_JOINED = re.compile(r"([a-z]{3,})(\d{1,2})")
_LETTERED = re.compile(r"(?<=[^\W\d]\s)([A-H])(?=\s*[:.)]|\s+[-–—]\s|\s*$)")
_SPOKEN = re.compile(r"\s*(?:[(（\[【]([^()（）\[\]【】]{2,30})[)）\]】]|\s[-–—|]\s+([^-–—|()（）]{2,30}))\s*$")
_FORM = re.compile("[版판本]$")
_ROMAN = {word: str(n) for n, word in enumerate("i ii iii iv v vi vii viii ix x".split(), 1)}


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart. ``norm`` is all its words in order; ``core`` the words that carry the meaning, topics and
    tools by their common name; the rest are the typed tokens. ``versions`` are numbers, or what a word says of the
    edition ("short", "full", "older", "newer"); ``language`` is what it says of itself ("(version française)"), else
    the stated one; ``cohorts`` months, intakes, dates and the event that a title names first, in brackets;
    ``issue`` whether it is one of a periodical; ``head`` its words before a subtitle."""

    text: str
    language: str
    norm: str = ""
    issue: bool = False
    head: str = ""
    core: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    cohorts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


def strip_site(text: str) -> str:
    """A title without the name of the site that publishes it."""
    plain = _SUFFIX.sub("", text) if "|" in text or "·" in text or "::" in text or "»" in text else text
    plain = _MANUAL.sub("", plain) if plain.endswith(" documentation") else plain
    return (_SITE.sub("", plain) if "-" in plain or "–" in plain or "—" in plain else plain).strip() or text


def _spoken(plain: str, tables: Tables) -> tuple[str, str]:
    """A title without the language that it names last, in brackets or after a dash ("(日本語版)", "– version
    française"), and that language; it is nothing but a language, and the words that an edition is called by."""
    found = _SPOKEN.search(plain)
    if found is None:
        return plain, ""
    words = tokens(_FORM.sub("", (found[1] or found[2]).strip()))
    said = " ".join(words if len(words) == 1 else [word for word in words if word not in tables.hollow])
    # Of short codes only these: "(UK)" is a country, "(IT)" a field.
    known = len(said) > 3 or not said.isascii() or (said in ("en", "es", "fr", "pt", "ru") and found[1])
    named = tables.words["language"].get(said, "") if known else ""
    return (plain[: found.start()].strip(), named) if named and found.start() > 0 else (plain, "")


def _marked(shown: str, tables: Tables) -> tuple[str, list[str]]:
    """A title without what is said of its edition before it ("[OLD]", "Archived:"), and that."""
    mark = _MARK.match(shown)
    words = tokens(mark[1] or mark[2]) if mark else []
    forms = [tables.words["form"][word] for word in words if word in tables.words["form"]]
    others = [word for word in words if word not in tables.words["form"] and word not in tables.words["edition"]]
    return (shown[mark.end() :], forms) if mark and forms and not others else (shown, [])


def _qualified(plain: str, found: list[str], tables: Tables) -> str:
    """Cut what stands last in brackets where it tells a state of the whole ("(draft for consultation)")."""
    match = _TAIL.search(plain)
    if match is None or not match.start():
        return plain
    forms = [tables.words["form"].get(word, "") for word in tokens(match[1])]
    found.extend(told := sorted({form for form in forms if form in ("older", "newer")}))
    return plain[: match.start()] if told else plain


def _cut(pattern: re.Pattern[str], text: str, found: list[str]) -> str:
    if pattern.search(text) is None:
        return text  # as most often
    found.extend(group for match in pattern.finditer(text) for group in match.groups() if group)
    return pattern.sub(" ", text)


def _number(word: str, tables: Tables) -> str:
    if word.isdigit():
        return str(int(word)) if len(word) < 4 else ""
    return _ROMAN.get(word) or tables.words["number"].get(word, "")


def _parts(words: list[str], tables: Tables) -> tuple[list[str], list[str]]:
    """Part numbers ("module 2", a roman or bare number at the end) and the words that remain."""
    parts: list[str] = []
    rest: list[str] = []
    names, counted, pieces = tables.words["part"], tables.words["numbered"], tables.words["piece"]
    i = 0
    while i < len(words):
        word = words[i]
        after = words[i + 1] if i + 1 < len(words) else ""
        if word in names and after and (_number(after, tables) or after in _LETTERS - set(tables.words["stop"])):
            parts.append(_number(after, tables) or after)
            i += 2
        elif word in pieces and rest and not rest[-1].isdigit() and tables.words["number"].get(rest[-1]):
            parts.append(_number(rest.pop(), tables))  # "second part"
            i += 1
        elif word in counted and _number(after, tables):
            rest.append(word)
            parts.append(_number(after, tables))
            i += 2
        elif word[-1].isdigit() and (joined := _JOINED.fullmatch(word)) and joined[1] in names:
            parts.append(str(int(joined[2])))
            i += 1
        else:
            rest.append(word)
            i += 1
    if len(rest) > 1 and (rest[-1] in _ROMAN or re.fullmatch(r"\d{1,3}", rest[-1])) and not parts:
        parts.append(_number(rest.pop(), tables))
    return parts, rest


def _editions(words: list[str], tables: Tables) -> tuple[list[str], list[str]]:
    """What words say of an edition ("second edition", "short version", "(archived)" at the end), and the others."""
    names, forms = tables.words["edition"], tables.words["form"]
    said: dict[int, str] = {}
    if names.keys().isdisjoint(words) and forms.keys().isdisjoint(words):
        return [], words
    for i, word in enumerate(words):
        for near in (range(i - 1, -1, -1), range(i + 1, len(words))) if word in names else ():
            for j in near:  # "second, revised and enlarged edition"
                if (number := _number(words[j], tables)) or words[j] in forms:
                    said[j] = number or forms[words[j]]
                elif words[j] not in _AND:
                    break
        if word in forms and i >= len(words) - 2 and (len(words) > 2 or (i and _EASTERN.search(word))):
            said.setdefault(i, forms[word])
    return list(said.values()), [word for i, word in enumerate(words) if i not in said]


def _phrases(words: list[str], tables: Tables) -> tuple[list[str], list[str], list[str]]:
    """Words with tools and topics under their common names, and those tools and topics."""
    tool, topic = tables.words["tool"], tables.words["topic"]
    core: list[str] = []
    tools: list[str] = []
    topics: list[str] = []
    i = 0
    while i < len(words):
        if words[i] not in tables.starts:
            core.append(words[i])
            i += 1
            continue
        for length in range(min(tables.longest_phrase, len(words) - i), 0, -1):
            phrase = " ".join(words[i : i + length])
            if phrase in tool:
                tools.append(tool[phrase])
                core.append(tool[phrase])
            elif phrase in topic:
                topics.append(topic[phrase])
                core.append(topic[phrase])
            else:
                continue
            i += length
            break
        else:
            core.append(words[i])
            i += 1
    return core, tools, topics


def _held(plain: str, found: list[str], tables: Tables) -> str:
    """Cut what stands last in brackets where it says when, and where ("(Nairobi, May 2023)"): else a place were a word
    of the title."""
    match = _HELD.search(plain) or _WHEN.search(plain)
    if match is None or not match.start():
        return plain
    words, numbered = tokens(match[1]), bool(_DIGIT.search(match[1]))
    dated = any(word in tables.words["cohort"] or (word == "may" and numbered) for word in words)
    if not dated or any(word in tables.words[kind] for word in words for kind in _NO_PLACE):
        return plain
    found.append(" ".join(words))
    return plain[: match.start()]


def _days(folded: str, found: list[str], tables: Tables) -> str:
    """Cut days of a month ("May 10-12 and 17-19") from a title: else their last number were that of a part."""
    for match in reversed(list(_DAYS.finditer(folded))):
        if match[1] == "may" or any(word in tables.words["cohort"] for word in tokens(match[1])):
            found.append(match[0])
            folded = f"{folded[: match.start()]} {folded[match.end() :]}"
    return folded


def _counted(folded: str, found: list[str], tables: Tables) -> str:
    """Cut numbers of parts from within a title ("example 2 – …", "#3"); "Python 3: …" names no part."""
    for match in _NUMBERED.finditer(folded):
        before = tokens(folded[: match.start()])[-1:]
        if before and before[0] not in tables.words["tool"]:
            found.append(match[1])
    return _cut(_COUNTED, folded, found)


def _dotted(folded: str, parts: list[str], versions: list[str], tables: Tables) -> str:
    """Cut numbers with points: of parts ("module 1.2", "GSBPM 5.3", "2.1 Frames"), else of editions ("Moodle 4.1")."""
    counts = [tables.words[kind] for kind in ("part", "numbered", "coded")]
    for match in _DOTTED.finditer(folded):
        before = tokens(folded[: match.start()])[-1:]
        counted = not before or any(before[0] in words for words in counts)
        (parts if counted else versions).append(match[1])
    return _DOTTED.sub(" ", folded)


def _lettered(plain: str, found: list[str], tables: Tables) -> str:
    """Cut letters of parts ("Group A: …", "Module B"): capital, after what is counted so, at the end or a stop."""
    for match in reversed(list(_LETTERED.finditer(plain))):
        before = tokens(plain[: match.start()])[-1:]
        if before and any(before[0] in tables.words[kind] for kind in ("part", "numbered")):
            found.append(match[1].lower())
            plain = f"{plain[: match.start()]} {plain[match.end() :]}"
    return plain


def parse(text: str, language: str, tables: Tables) -> Title:
    """Take a title apart; at most 300 characters of it are read."""
    shown = text.strip()[:MAX_TITLE]
    unmarked, versions = _marked(shown, tables)
    event = _EVENT.match(unmarked)
    plain, tongue = _spoken(strip_site(unmarked[event.end() :] if event else unmarked), tables)
    whole = plain.casefold()
    kinds = tables.words
    east: list[str] = []
    numbers: list[str] = []
    held: list[str] = []
    bare = _qualified(_held(plain, held, tables), versions, tables)
    folded = _lettered(bare, numbers, tables).casefold()
    years: list[str] = []
    dates: list[str] = []
    if _EASTERN.search(folded):
        for form, ending in _EAST_FORMS.items():
            if ending.search(folded):
                versions.append(form)
                folded = ending.sub("", folded)
        folded = _cut(_EAST_EDITION, _cut(_EAST, folded, east), versions)
    if _DIGIT.search(folded):
        folded = _days(_cut(_MONTH, _cut(_DATE, folded, dates), dates), dates, tables)
        folded = _counted(_cut(_LEADING, folded, numbers), numbers, tables)
        for pattern in (_VERSION, _ORDINAL):
            folded = _cut(pattern, folded, versions)
        folded = _dotted(folded, numbers, versions, tables)
        folded = _cut(_YEAR, folded, years)
    spoken = tokens(plain)
    parts, words = _parts(spoken if folded == whole and plain.isascii() else tokens(folded), tables)
    said, words = _editions(words, tables)
    core, tools, topics = _phrases(words, tables)
    meaningful = [
        w
        for w in core
        if w in tools or w in topics or w not in tables.hollow and (len(w) > 1 or ord(w) > 0x2E80) and not w.isdigit()
    ]
    cohorts = {*held, *(w for w in words if w in kinds["cohort"])} | {
        re.sub(r"\D+", "-", date).strip("-") for date in dates
    }
    if event and (named := [w for w in tokens(event[1]) if w not in kinds["generic"] and w not in kinds["format"]]):
        cohorts.add(" ".join(named))
    first, *rest = _SUBTITLE.split(plain, maxsplit=1)
    head = ""
    if rest:
        head = first.lower() if _REPOSITORY.fullmatch(first) else " ".join(w for w in tokens(first) if not w.isdigit())
    unique = dict.fromkeys
    return Title(
        shown,
        tongue or language,
        " ".join(spoken),
        any(w in kinds["periodical"] for w in words),
        head,
        tuple(unique(meaningful)),
        tuple(sorted(set(tools))),
        tuple(sorted(set(topics))),
        tuple(unique([str(int(n)) if n.isascii() and n.isdigit() else n for n in numbers] + parts + east)),
        tuple(sorted({kinds["level"][w] for w in words if w in kinds["level"]})),
        tuple(sorted({*versions, *said})),
        tuple(sorted({y for y in years if len(y) == 4})),
        tuple(sorted(cohorts)),
        tuple(sorted({w for w in words if w in kinds["format"]})),
    )
