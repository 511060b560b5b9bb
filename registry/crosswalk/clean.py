"""Cleaning of source values: text, addresses, identifiers, flags and lists.

Every function takes whatever a feed holds, never raises, and answers None (or "") where the value says
nothing that can be trusted. Source: docs/profile.md, transforms T1, T4, T5.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import lxml.etree
import lxml.html

from registry.crosswalk.when import date, duration, words
from registry.iris import EMAIL, LEFT_OUT, private_host

__all__ = [
    "boolean", "canonical_url", "date", "doi", "drop_emails", "drop_private", "duration", "fold", "is_private", "line",
    "looks_html", "orcid", "private_host", "split_list", "text", "url",
]  # fmt: skip

MAX_TEXT = 1_000_000
MAX_URL = 2000

# C0/C1 controls but tab, newline and return; soft hyphen, zero-width space, BOM, bidi overrides, surrogates,
# noncharacters. Joiners and direction marks stay: Persian, Hindi and Hebrew need them.
_DROP = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(
    r"</?(?:a|abbr|article|aside|b|big|blockquote|body|br|caption|center|cite|code|dd|del|details|div|dl|dt|em|"
    r"figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|"
    r"mark|meta|nav|object|ol|option|p|pre|q|s|script|section|select|small|span|strike|strong|style|sub|summary|"
    r"sup|svg|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|video)(?=[\s/>])[^<>]*>|<!--|<!\[CDATA\[",
    re.IGNORECASE,
)
_BLOCKS = words(
    "address article aside blockquote body br center dd details div dl dt figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr html li main nav ol option p pre section summary table tbody tfoot thead tr ul"
)
_SILENT = words("head iframe noscript object script style svg template title video")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[\n ]*")
_PLAIN = re.compile(r"[!-%'-;=?-~]+(?: [!-%'-;=?-~]+)*")  # ASCII words, one space between, no "&", "<", ">"


def looks_html(s: str) -> bool:
    """Whether a string holds HTML tags; "a < b" and "<name>" are not."""
    return "<" in s and _TAG.search(s) is not None


def _from_html(s: str) -> str:
    """The text of an HTML fragment; block elements become lines. Comments, scripts and styles go."""
    s = s.replace("<![CDATA[", "").replace("]]>", "")
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, encoding="utf-8")
    try:
        root = lxml.html.document_fromstring(f"<div>{s}</div>".encode(), parser=parser)
    except (lxml.etree.LxmlError, ValueError):  # nothing in it but comments
        return ""
    parts: list[str] = []
    silent: object = None
    for event, node in lxml.etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        edge = "\n" if tag in _BLOCKS else " " if tag in ("td", "th") else ""
        if event == "start":
            if silent is None and tag in _SILENT:
                silent = node
            if silent is None:
                parts.append(edge)
                parts.append(re.sub(r"\s+", " ", node.text or ""))
        else:
            if node is silent:
                silent = None
            if silent is None:
                parts.append(edge)
                parts.append(re.sub(r"\s+", " ", node.tail or ""))
    return "".join(parts)


def text(s: str) -> str:
    """Plain text: HTML out, entities unescaped once, NFC, spaces collapsed, at most one newline in a row.

    HTML that was escaped as a whole ("&lt;p&gt;") is HTML too. At most a million characters. Source: T1.
    """
    if _PLAIN.fullmatch(s) and len(s) <= MAX_TEXT:
        return s
    s = _DROP.sub("", s[:MAX_TEXT]).replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    if looks_html(s):
        s = _DROP.sub("", _from_html(s))
    elif "&" in s:
        s = _DROP.sub("", _ENTITY.sub(lambda found: html.unescape(found[0]), s))
        if looks_html(s):
            s = _DROP.sub("", _from_html(s))
    if not s.isascii():
        s = unicodedata.normalize("NFC", s.replace("\u2028", "\n").replace("\u2029", "\n"))
    return _LINES.sub("\n", _BLANKS.sub(" ", s)).strip()


def line(s: str) -> str:
    """As ``text``, on one line: for titles, names and keywords."""
    return " ".join(text(s).split())


def fold(s: str) -> str:
    """A string as lookups see it: no case, accents or punctuation, single spaces. At most 300 characters."""
    s = s[:300]
    if not s.isascii():
        s = "".join(c for c in unicodedata.normalize("NFKD", s) if not unicodedata.combining(c))
    return " ".join(_WORDS.findall(s.casefold()))


_WORDS = re.compile(r"[^\W_]+")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|<\s*>|\[\s*\]")


def drop_emails(s: str) -> tuple[str, bool]:
    """A string without its e-mail addresses, and whether there were any, also where a harvester left them out."""
    if "@" not in s and "%40" not in s and "\uff20" not in s:
        return s, False
    out = EMAIL.sub("", s).replace(LEFT_OUT, "")
    return (s, False) if out == s else (_EMPTY_BRACKETS.sub("", out).strip(" ,;|-\t\n"), True)


_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]{2,45}\]")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE = "!$&'()*+,/:;=@~-._"
_SAFE = "!#$%&'()*+,/:;=?@~-._"


def is_private(s: str) -> bool:
    """Whether a string is an http(s) address on a private host: ``url`` gives None for it."""
    s = s.strip().removeprefix("<").removesuffix(">")
    try:
        return s[:7].lower() in ("http://", "https:/") and private_host(urlsplit(s).hostname or "")
    except ValueError:
        return False


_INSIDE = re.compile(
    r"(?P<link>https?://[^\s<>\"'|]{1,2000})|(?:file:/{1,5}|(?<!\w)[A-Za-z]:\\|\\\\(?=\w))[^\s<>\"|;,)]{1,500}",
    re.IGNORECASE,
)


_OWN_MACHINE = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?![\w.-])", re.IGNORECASE)


def drop_private(s: str) -> tuple[str, bool]:
    """A string without the addresses of private hosts, shared drives and files, and whether there were any.

    "http://localhost:8888" stays: it is each reader's own machine and tells nothing of the academy's.
    """
    if "/" not in s and "\\" not in s:
        return s, False
    out = _INSIDE.sub(lambda found: "" if not found["link"] or _tells(found["link"]) else found[0], s)
    return (s, False) if out == s else (_EMPTY_BRACKETS.sub("", out).strip(" ,;|-\t\n"), True)


def _tells(link: str) -> bool:
    return is_private(link) and not _OWN_MACHINE.match(link)


def url(s: str) -> str | None:
    """An absolute http(s) address, percent-encoded to ASCII, or None.

    None for other schemes, inner spaces, user:password, no host or a private one, more than 2000 characters.
    A bare "www.…" gets https.
    """
    s = s.strip()
    if s.startswith("<") and s.endswith(">"):
        s = s[1:-1].strip()
    if s[:4].lower() == "www." and len(s) > 4:
        s = "https://" + s
    if len(s) > MAX_URL or s[:7].lower() not in ("http://", "https:/") or _DROP.search(s) or len(s.split()) != 1:
        return None
    try:
        parts = urlsplit(s)
        host, port = parts.hostname or "", parts.port
        if "@" in parts.netloc or not host:
            return None
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    if ":" in host:
        host = f"[{host}]"
    if not _HOST.fullmatch(host) or ".." in host or private_host(host):
        return None
    netloc = host if port is None else f"{host}:{port}"
    path, query, fragment = (
        quote(_PERCENT.sub("%25", part), safe=_SAFE if name == "path" else _SAFE + "|")
        for name, part in (("path", parts.path), ("query", parts.query), ("fragment", parts.fragment))
    )
    # "|" is no character of an IRI; "#" cannot stand twice.
    query, fragment = query.replace("|", "%7C"), fragment.replace("|", "%7C").replace("#", "%23")
    address = urlunsplit((parts.scheme.lower(), netloc, path, query, fragment))
    return address if len(address) <= 3 * MAX_URL else None


_TRACKING = re.compile(
    r"utm_.*|mtm_.*|pk_.*|piwik_.*|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|igshid|_ga|_gl|_hs(?:enc|mi)|"
    r"phpsessid|jsessionid|sessionid|aspsessionid.*",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_INDEX = re.compile(r"/index\.(?:html?|php)$", re.IGNORECASE)


def canonical_url(s: str) -> str:
    """The form of an address under which two spellings of it match; "" when it is none.

    Scheme, "www.", default ports, tracking parameters, parameter order, index pages, trailing slash and
    fragment do not count (a "#/…" or "#!…" fragment is a page of its own and does).
    """
    as_doi = doi(s)
    if as_doi is not None:
        return as_doi
    address = url(s)
    if address is None:
        return ""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in (None, 80, 443):
        host = f"{host}:{parts.port}"
    path = _INDEX.sub("/", _SESSION_PATH.sub("", parts.path)).rstrip("/")
    path = quote(unquote(path, errors="surrogateescape"), safe=_PATH_SAFE, errors="surrogateescape")
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])]
    fragment = parts.fragment if parts.fragment[:1] in ("/", "!") else ""
    return urlunsplit(("https", host, path, urlencode(sorted(pairs)), fragment))


_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|info:doi/|doi\s*[:=]?\s*)?(10\.[0-9]{4,9}(?:\.[0-9]+)*/\S{1,250})",
    re.IGNORECASE,
)


def doi(s: str) -> str | None:
    """A DOI as "https://doi.org/10.…", lower-case; None when the string is not one DOI and nothing else."""
    found = _DOI.fullmatch(s.strip())
    if found is None or _DROP.search(s):
        return None
    name = unquote(found[1].split("?")[0].split("#")[0]).rstrip(".,;>\"'").lower()
    if name.count("(") < name.count(")"):
        name = name.rstrip(")")
    name = name.rstrip(".,;>\"'")
    if _DOI.fullmatch(name) is None:
        return None
    return "https://doi.org/" + quote(name, safe="/:;().,-_+=*!'~", errors="replace")


_ORCID = re.compile(
    r"(?:(?:https?://)?(?:www\.)?orcid\.org/|orcid:?\s*)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])/?", re.I
)


def orcid(s: str) -> str | None:
    """An ORCID iD as "https://orcid.org/…", its check digit right (ISO 7064 mod 11-2); else None."""
    found = _ORCID.fullmatch(s.strip())
    if found is None or not s.isascii():
        return None
    digits = "".join(found.groups()).upper()
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[15] != ("X" if check == 10 else str(check)):
        return None
    return "https://orcid.org/" + "-".join(digits[i : i + 4] for i in range(0, 16, 4))


_TRUE = words(
    "yes y true t 1 x on oui o vrai si s sim verdadero verdadeiro ja wahr vero free gratuit gratuite gratis "
    "gratuito gratuita kostenlos kostenfrei ✓ ✔ ✅"
) | {"free of charge", "no cost", "sans frais", "sin costo", "sem custo"}
_FALSE = words(
    "no n false f 0 off non faux nao nein falsch falso paid payant payante pago paga de-pago kostenpflichtig "
    "a-pagamento ✗ ✘ ❌"
) | {"not free", "de pago", "a pagamento"}


def boolean(s: str) -> bool | None:
    """A yes or no in English, French, Spanish, Portuguese, Italian or German; also free and paid."""
    word = " ".join(s[:100].split())
    word = word if word in _TRUE or word in _FALSE else fold(word)
    return True if word in _TRUE else False if word in _FALSE else None


def split_list(s: str, comma: bool = False) -> list[str]:
    """The items of a list in one cell: by "|" if there is one, else ";" and lines, else "," where asked.

    Each item once, in order, trimmed; at most 500.
    """
    if "|" in s:
        items = s.split("|")
    elif ";" in s or "\n" in s:
        items = re.split(r"[;\n]", s)
    else:
        items = s.split(",") if comma else [s]
    return list(dict.fromkeys(item for item in (" ".join(item.split()) for item in items) if item))[:500]
