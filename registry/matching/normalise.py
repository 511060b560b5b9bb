"""Normal forms of the values that are compared: words, addresses, identifiers, names.

Pure functions. A key is a short string that is equal exactly when two values name the same thing.
Sources: RFC 3986 section 6 (addresses), DOI handbook 2.4 (case-insensitive), BCP 47 (languages).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_TEXT = 20_000
REMEMBERED = 4_096
"""Values whose normal form is kept: an address is asked for several times, a name by many records."""
HOLLOW = ("stop", "generic", "format", "cohort", "level", "part", "edition")
"""Kinds of words that carry no meaning of their own in a title."""
_MARKS = re.compile("[\u0300-\u036f]")
_TOKEN = re.compile(r"[a-z0-9\u00df-\u024f]+(?:\+\+|#)?|[^\W_a-z0-9\u00df-\u024f]+")
_APART = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})
_SCRIPTS = re.compile("[\u0370-\u04ff\u0590-\u06ff\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]{3,}")
_DOI = re.compile(r"(?:^|/doi/(?:abs/|full/|pdf/)?|doi\.org/|doi:\s*)(10\.\d{4,9}/[^\s\"<>]+)", re.I)
_ZENODO = re.compile(r"zenodo\.org/(?:records?|deposit)/(\d+)", re.I)
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/([\w.-]+/?\d+?\d*)(?:v\d+)?(?:\.pdf)?$", re.I)
_ISBN = re.compile(r"(?:urn:isbn:|isbn[\s:]*)?((?:97[89])?\d{9}[\dx])", re.I)
_BOOK = re.compile(r"(urn:)?isbn", re.I)
_TRACKING = re.compile(r"(?:utm_\w+|[fg]clid|mc_[ce]id|j?(?:php)?sess(?:ion)?id|sid|ref|referrer|share)", re.I)
_HOSTS = frozenset({"github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "framagit.org"})
_RAW = "raw.githubusercontent.com"
_PAGES = re.compile(r"([a-z0-9-]+)\.(github\.io|gitlab\.io)")
_DEFAULT_REFS = frozenset({"", "main", "master", "head", "gh-pages", "trunk", "default"})
_SPOKEN = re.compile(r"[?&](?:lang|language|hl|locale)=([A-Za-z]{2,3})(?:[-_]\w+)?(?=&|$)")
_TAG = re.compile(r"[a-z]{2}(-[a-z]{2})?")
_ENDING = re.compile(r"[-_.]([a-z]{2,3})(\.(?:html?|php|aspx?|pdf|md))?$", re.I)
_FOLDER = re.compile(r"(?:19|20)\d\d|(?:ar|cs|de|el|en|es|fr|it|ja|ko|nl|pl|pt|ru|tr|uk|zh)(?:-[a-z]{2})?", re.I)
"""What is a folder of an account's own site and not a repository: a year, or a language."""
_LAST = re.compile(r"\.(?:html?|php|md|aspx?|pdf)$")
_HANDLE = re.compile(r"(?:hdl\.handle\.net/|^hdl:)(\S+/\S+)", re.I)
_URN = re.compile(r"urn:(?!uuid:)[a-z0-9-]+:.", re.I)
_OTHERS = re.compile(r"(?:et\.?\s+al\.?|and others|others|y otros|et autres|u\.?\s?a\.?)", re.I)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_SLASHES = re.compile(r"//+")
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$")
_EXTENSION = re.compile(r"\.(?:html?|r?md|markdown|qmd|rst|txt|ipynb|adoc|tex|pdf|php|aspx?|jsp)$")
_HOLDERS = frozenset(
    {
        "episodes",
        "docs",
        "doc",
        "content",
        "contents",
        "pages",
        "src",
        "site",
        "source",
        "locale",
        "locales",
        "i18n",
        "l10n",
        "translations",
        "lessons",
        "chapters",
    }
)
_README = re.compile(r"(?:^|/)readme(?:\.\w+)?$", re.I)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The room's word lists, loaded once. ``words``: kind → {folded word or phrase: meaning}; ``function_words``:
    word → the languages in which it is one; ``hollow``: words of a title that carry no meaning of their own;
    ``cues`` finds a phrase that names another work as a source, ``cue_words`` are the first words of such phrases,
    ``starts`` those of tools and topics."""

    words: Mapping[str, Mapping[str, str]]
    function_words: Mapping[str, tuple[str, ...]]
    longest_phrase: int
    hollow: frozenset[str]
    cues: re.Pattern[str]
    cue_words: frozenset[str]
    starts: frozenset[str]


def load_tables() -> Tables:
    """Read ``tables/words.tsv`` and ``tables/function_words.tsv``; every word is folded as texts are."""
    folder = files("registry.matching").joinpath("tables")
    words: dict[str, dict[str, str]] = {}
    longest = 1
    reader = csv.DictReader(folder.joinpath("words.tsv").read_text("utf-8").splitlines(), delimiter="\t")
    for row in reader:
        phrase = tokens(row["word"])
        longest = max(longest, len(phrase) if row["kind"] in ("tool", "topic") else 1)
        words.setdefault(row["kind"], {}).setdefault(" ".join(phrase), row["meaning"])
    rows = csv.DictReader(folder.joinpath("function_words.tsv").read_text("utf-8").splitlines(), delimiter="\t")
    usual: dict[str, list[str]] = {}
    for row in rows:
        for word in dict.fromkeys(tokens(row["words"])):
            usual.setdefault(word, []).append(row["language"])
    hollow = frozenset(word for kind in HOLLOW for word in words[kind])
    cues = re.compile(" (" + "|".join(map(re.escape, sorted(words["cue"], key=len, reverse=True))) + ") ")
    begins = frozenset(cue.split(" ")[0] for cue in words["cue"])
    function_words = {word: tuple(languages) for word, languages in usual.items()}
    starts = frozenset(phrase.split(" ")[0] for kind in ("tool", "topic") for phrase in words[kind])
    return Tables(words, function_words, longest, hollow, cues, begins, starts)


def fold(text: str) -> str:
    """NFKC, case-folded, without Latin and Cyrillic accents; other scripts keep their marks."""
    text = text[:MAX_TEXT]
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _MARKS.sub("", unicodedata.normalize("NFD", text))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def tokens(text: str) -> list[str]:
    """Folded words in order; Latin and other scripts are split apart, unspaced scripts give bigrams."""
    folded = fold(text)
    if folded.isascii() and "+" not in folded and "#" not in folded:
        return folded.translate(_APART).split()  # what the pattern finds, in a third of the time
    words: list[str] = _TOKEN.findall(folded)
    if folded.isascii():
        return words
    found: list[str] = []
    for word in words:
        if _UNSPACED.fullmatch(word):
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            found.append(word)
    return found


def language(tag: str) -> str:
    """The primary subtag in lower case, "" for none or undetermined."""
    primary = tag.strip().lower().replace("_", "-").split("-", 1)[0]
    return primary if _LANGUAGE.fullmatch(primary) and primary not in ("und", "mul", "zxx", "mis") else ""


def detect(text: str, words: Sequence[str], tables: Tables) -> str:
    """The language that a text is written in, as far as its script or function words tell; else "".

    ``words`` are its tokens; of either the beginning is looked at.
    """
    sample = text[:2000].casefold()
    if not sample.isascii() and (script := _by_script(sample)) is not None:
        return script
    begin = words[:300]
    votes: dict[str, int] = {}
    usual = tables.function_words
    # Different words, since one alone may be a name: "MIT" is no German.
    for word in usual.keys() & begin:
        for language in usual[word]:
            votes[language] = votes.get(language, 0) + 1
    ranked = sorted(((count, language) for language, count in votes.items()), reverse=True)
    best, found = ranked[0] if ranked else (0, "")
    second = ranked[1][0] if len(ranked) > 1 else 0
    if best == 2 and sum(found in usual.get(word, ()) for word in begin) < 3:
        return ""
    return found if best >= 2 and best >= 1.5 * second else ""


def _by_script(sample: str) -> str | None:
    """The language that a script tells, "" where it is one of several, None for Latin."""
    if _SCRIPTS.search(sample) is None:
        return None
    counts = {
        "ko": len(re.findall("[\uac00-\ud7af]", sample)),
        "kana": len(re.findall("[\u3040-\u30ff]", sample)),
        "han": len(re.findall("[\u4e00-\u9fff]", sample)),
        "cyrillic": len(re.findall("[\u0400-\u04ff]", sample)),
        "ar": len(re.findall("[\u0600-\u06ff]", sample)),
        "el": len(re.findall("[\u0370-\u03ff]", sample)),
        "th": len(re.findall("[\u0e00-\u0e7f]", sample)),
        "he": len(re.findall("[\u0590-\u05ff]", sample)),
    }
    latin = len(re.findall("[a-zà-ɏ]", sample))
    script, count = max(counts.items(), key=lambda item: item[1])
    if count >= 3 and 2 * count >= latin / 4:
        if script == "cyrillic":
            return "uk" if re.search("[іїєґ]", sample) else "ru" if re.search("[ыэъё]", sample) else ""
        return {"kana": "ja", "han": "ja" if counts["kana"] else "zh"}.get(script, script)
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder of a public code repository: ``key`` host/owner/name, revision, path in it."""

    key: str
    ref: str
    path: str


@lru_cache(maxsize=REMEMBERED)
def repository(url: str) -> Place | None:
    """Which repository an address on a code host, or a page published from one, belongs to.

    A default branch counts as no revision, a README as the root.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    pages = _PAGES.fullmatch(host) if host.endswith(".io") else None
    if not pages and host not in _HOSTS and host != _RAW:
        return None
    path = [unquote(segment) for segment in parts.path.split("/") if segment]
    if pages:
        forge = "github.com" if pages[2] == "github.io" else "gitlab.com"
        own = not path or bool(_FOLDER.fullmatch(path[0]))
        name = host if own else path[0]
        rest = _INDEX.sub("", "/" + "/".join(path[not own :])).strip("/")
        return Place(f"{forge}/{pages[1]}/{name}".lower(), "", rest)
    if host == _RAW and len(path) > 3:
        host, path = "github.com", [path[0], path[1], "blob", *path[2:]]
    if host not in _HOSTS or len(path) < 2:
        return None
    if "-" in path[2:]:
        cut = path.index("-", 2)
        owner, name, rest_parts = path[: cut - 1], path[cut - 1], path[cut + 1 :]
    else:
        owner, name, rest_parts = path[:1], path[1], path[2:]
    if host in ("gitlab.com", "framagit.org") and "-" not in path[2:] and rest_parts[:1] not in (["tree"], ["blob"]):
        owner, name, rest_parts = path[:-1], path[-1], []
    key = "/".join([host, *owner, name.removesuffix(".git")]).lower()
    if rest_parts[:1] in (["tree"], ["blob"], ["src"], ["raw"]) and len(rest_parts) > 1:
        ref, below = rest_parts[1], "/".join(rest_parts[2:])
    elif rest_parts[:2] == ["releases", "tag"] and len(rest_parts) > 2:
        ref, below = rest_parts[2], ""
    elif rest_parts[:1] in (["commit"], ["releases"]):
        ref, below = (rest_parts[1], "") if len(rest_parts) > 1 else ("", "")
    else:
        ref, below = "", "/".join(rest_parts)
    if rest_parts[:1] == ["wiki"] or rest_parts[:1] == ["issues"]:
        ref = ""
    return Place(key, "" if ref.lower() in _DEFAULT_REFS else ref, _README.sub("", below).strip("/"))


@lru_cache(maxsize=REMEMBERED)
def identifier(value: str) -> str:
    """The key of an identifier that means the same everywhere (DOI, arXiv, ISBN, handle, URN), else ""."""
    value = value.strip()[:500]
    low = value.lower()  # most values are addresses: what cannot be in them is not looked for
    plain = unquote(value)
    found = _DOI.search(plain) if "10." in plain else None
    if found:
        return "doi:" + re.sub(r"[.,;)\]]+$", "", found[1]).lower()
    found = _ZENODO.search(value) if "zenodo" in low else None
    if found:
        return "doi:10.5281/zenodo." + found[1]
    found = _ARXIV.search(value) if "arx" in low else None
    if found:
        return "doi:10.48550/arxiv." + found[1].lower()
    handle = _HANDLE.search(value) if "hdl" in low else None
    if handle:
        return "hdl:" + handle[1].lower()
    bare = re.sub(r"[\s-]", "", value) if _BOOK.match(value) or value[:3] in ("978", "979") else ""
    isbn = _ISBN.fullmatch(bare) if bare else None
    if isbn:
        return "isbn:" + (isbn[1] if len(isbn[1]) == 13 else "978" + isbn[1][:9])[:12].lower()
    return low if _URN.match(value) else ""


@lru_cache(maxsize=REMEMBERED)
def canonical_url(url: str) -> str:
    """The key of a web address: host and path without scheme, "www.", tracking, trailing slash and index
    page; a repository's page and its repository have one key. "" when it is no http(s) address."""
    try:
        parts = urlsplit(url.strip()[:2000])
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    asked = parse_qsl(parts.query, keep_blank_values=True) if parts.query else []
    query = sorted((k, v) for k, v in asked if not _TRACKING.fullmatch(k))
    place = repository(url) if not query else None
    if place:
        return "/".join(part for part in (place.key, place.ref and "@" + place.ref, place.path) if part)
    if host == "youtu.be" and len(parts.path) > 1:
        return "youtube.com/watch?v=" + parts.path.strip("/")
    if host.endswith("youtube.com"):
        query = [(k, v) for k, v in query if k in ("v", "list")][-1:]
    path = unquote(parts.path)
    path = _INDEX.sub("", _SLASHES.sub("/", path) if "//" in path else path).rstrip("/")
    key = host + (f":{port}" if port and port not in (80, 443) else "") + path
    if query:
        key += "?" + "&".join(f"{k}={v}" for k, v in query)
    fragment = parts.fragment
    return key + ("#" + fragment if fragment.startswith(("/", "!")) else "")


@lru_cache(maxsize=REMEMBERED)
def without_language(key: str, tables: Tables) -> tuple[str, str]:
    """An address key without its language (a folder, an ending, a parameter, the first name of the host), and that
    language ("" if none)."""
    names = tables.words["language"]
    found = _SPOKEN.search(key) if "=" in key else None
    if found and found[1].lower() in names:
        return key[: found.start()] + key[found.end() :], names[found[1].lower()]
    head, *segments = key.split("/")
    label, _, host = head.partition(".")
    if segments and "." in host and len(label) in (2, 5) and _TAG.fullmatch(label) and label[:2] in names:
        return "/".join([host, *segments]), names[label[:2]]
    for position, segment in enumerate(segments):
        if len(segment) not in (2, 5):
            continue
        tag = segment.lower().replace("_", "-")
        if _TAG.fullmatch(tag) and tag[:2] in names:
            return "/".join([head, *segments[:position], *segments[position + 1 :]]), names[tag[:2]]
    ending = _ENDING.search(key) if segments and "?" not in key else None
    if ending and ending[1].lower() in names:
        return key[: ending.start()] + (ending[2] or ""), names[ending[1].lower()]
    return key, ""


def page(path: str) -> str:
    """A path in a repository as its published page would name it: in lower case, without the extension, underscores
    before folders, and folders that only hold pages ("_episodes/01-basics.md" and "01-basics.html" are one)."""
    *folders, last = (segment.lstrip("_") for segment in _EXTENSION.sub("", path.lower()).split("/"))
    return "/".join([*(folder for folder in folders if folder not in _HOLDERS), last])


def slug(key: str, tables: Tables, spoken: Sequence[str] = ()) -> tuple[tuple[str, ...], str]:
    """The words of an address's last segment and the language that it names at its end or start (""). What stands at
    the start is one of those that the resource is in, where they are known: "de" begins titles in other languages."""
    path = key.split("?")[0].split("#")[0]
    last = _LAST.sub("", path.rsplit("/", 1)[-1]) if "/" in path else ""
    words = tuple(tokens(last.replace("_", " ").replace("-", " ")))
    names = tables.words["language"]
    if len(words) > 1 and words[-1] in names:
        return words[:-1], names[words[-1]]
    if len(words) > 2 and len(words[0]) == 2 and words[0] in names and (not spoken or names[words[0]] in spoken):
        return words[1:], names[words[0]]
    return words, ""


@lru_cache(maxsize=REMEMBERED)
def person(name: str) -> str:
    """A name as surname and first initial ("haase r"), so that "Haase, Robert" and "R. Haase" agree; "" for
    "et al." and the like."""
    if _OTHERS.fullmatch(name.strip()):
        return ""
    surname, comma, given = name.partition(",")
    words = tokens(surname)
    if comma and words and (first := tokens(given)):
        return f"{' '.join(words)} {first[0][0]}"
    if len(words) in (2, 3):
        return f"{words[-1]} {words[0][0]}"
    return " ".join(words)
