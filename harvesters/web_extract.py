"""The learning resources that one page describes, as payloads: decoded, parsed, joined, told apart.

Payload (canonical JSON): ``{"page", "lang", "title", "syntax", "node"}``, and ``"base"`` where the page sets
another base for its addresses. In ``node`` keys are schema.org names or absolute IRIs, ``@type`` is a list,
every object carries ``@place`` (its place in the page), and references to other objects of the page are
replaced by these (six levels; a cycle is cut to its ``@id``, type, name and address).
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from harvesters import web_repair
from harvesters.web_jsonld import Node, Reader, clean
from harvesters.web_markup import Microdata, Rdfa
from registry.model import Issue

LEVELS = 6
MAX_COPIED = 1_000_000  # characters that references of one page may add
MAX_KEY = 2_000
MAX_RESOURCES = 2_000  # of one page

TYPES = frozenset({"LearningResource", "Course", "CourseInstance", "EducationEvent", "TrainingMaterial"})
_HINTS = (
    "learningResourceType", "educationalLevel", "educationalAlignment", "teaches", "assesses", "competencyRequired",
    "educationalUse", "eventType",
)  # fmt: skip
_HINTED = frozenset({"Event", "CreativeWork"})
_PARTS = frozenset({"hasPart", "itemListElement", "item"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]+)", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]+)")
_JSON = re.compile(r"\ufeff?\s{0,1000}(?:\[\s{0,1000})?\{\s{0,1000}\"")
_ENDS = re.compile(r"</(?:html|body)\s{0,20}>", re.IGNORECASE)
_CLAIMS = re.compile(r"[\"']?@?type[\"']?\s*:\s*\[?\s*[\"'](?:https?://schema\.org/|schema:)?(\w+)|&quot;(\w+)&quot;")
_NAMED = re.compile(r"\"(?:@id|url)\"\s*:\s*\"(https?://[^\"\s<>]+)\"")


@dataclass(frozen=True, slots=True)
class Found:
    """One learning resource: the key, the canonical JSON, what had to be mended, whether it stands in a list.

    ``home`` is the address that the description itself names ("" when none): a page of the listing may be it.
    """

    key: str
    payload: bytes
    issues: tuple[Issue, ...] = ()
    home: str = ""


@dataclass(slots=True)
class Page:
    """What a page holds. ``unreadable`` are blocks that may describe a resource but cannot be read."""

    url: str
    found: list[Found] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    unreadable: list[Issue] = field(default_factory=list)
    claimed: str = ""  # the address that an unreadable block names first
    other_types: set[str] = field(default_factory=set)


def decode(body: bytes, content_type: str = "") -> tuple[str, list[Issue]]:
    """Bytes to text: BOM, then header, then meta, then UTF-8, then Windows-1252; faults are issues."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if body.startswith(mark):
            return _replaced(body.removeprefix(codecs.BOM_UTF8), name)
    header = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    meta = _META_CHARSET.search(body, 0, 4096) or _XML_CHARSET.match(body)
    declared = header[1] if header else meta[1].decode("ascii") if meta else ""
    try:
        name = codecs.lookup(declared).name if declared else ""
    except LookupError:
        text, issues = decode(body)
        return text, [Issue("web-charset", "", declared, (("used", "utf-8"),)), *issues]
    if name in ("iso8859-1", "ascii"):
        name = "cp1252"  # as browsers do (WHATWG Encoding)
    if name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        name = "utf-8"  # a declaration that could be read as ASCII is not that
    try:
        text = body.decode("utf-8")
        if name not in ("", "utf-8") and not body.isascii():
            # Bytes that happen to be lawful UTF-8 are UTF-8: other encodings hit on that by chance only.
            return text, [Issue("web-charset", "", declared, (("used", "utf-8"),))]
        return text, []
    except UnicodeDecodeError:
        if name and name != "utf-8":
            try:
                return _replaced(body, name)
            except (LookupError, ValueError):  # a codec that is none of text ("base64")
                return _replaced(body, "utf-8")
    if declared:
        return _replaced(body, "utf-8")
    return body.decode("cp1252", "replace"), [Issue("web-charset", "", "", (("used", "windows-1252"),))]


def _replaced(body: bytes, name: str) -> tuple[str, list[Issue]]:
    text = body.decode(name, "replace")
    if not isinstance(text, str):
        raise ValueError(name)
    broken = text.count("\ufffd") - body.count("\ufffd".encode())
    if broken <= 0:
        return text, []
    near = text.index("\ufffd")
    return text, [Issue("web-broken-bytes", "", text[max(0, near - 30) : near + 30], (("count", str(broken)),))]


def extract(body: bytes, url: str, content_type: str = "", types: Sequence[str] = ()) -> Page:
    """Read a page (or a JSON-LD document). ``types`` are accepted besides the learning types of schema.org."""
    page = Page(url)
    text, issues = decode(body, content_type)
    accepted = TYPES | {name.removeprefix("schema:") for name in types}
    # Servers of plain files call a .jsonld text/plain or nothing at all; no page begins like that.
    if "json" in content_type.split(";")[0] or _JSON.match(text):
        reader = Reader(url)
        roots = _block(page, reader, text, 0)
        _collect(page, [("json-ld", roots, issues + reader.issues)], accepted, {"page": url, "lang": "", "title": ""})
        return page
    # libxml2 drops what stands after </html>, browsers do not.
    text = _ENDS.sub(lambda tag: " " * len(tag[0]), text.replace("\x00", ""))
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return page
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        issues.append(Issue("web-too-large", "", "2048 elements deep"))
    shown = root.find(".//title")
    base = root.find(".//base[@href]")
    frame = {
        "page": url,
        "lang": clean(root.get("lang") or root.get("xml:lang") or "").strip(),
        "title": clean(" ".join((shown.text or "").split())) if shown is not None else "",
    }
    try:
        address = urljoin(url, (base.get("href") or "").strip()) if base is not None else url
    except ValueError:
        address = url
    if address != url:
        frame["base"] = address
    reader = Reader(address)
    blocks = [node for node in root.iter("script") if _is_jsonld(node.get("type"))]
    roots = []
    for number, node in enumerate(blocks, start=1):
        roots.extend(_block(page, reader, node.text or "", number))
    microdata, rdfa = Microdata(address, frame["lang"]), Rdfa(address, frame["lang"])
    groups = [
        ("json-ld", roots, issues + reader.issues),
        ("microdata", microdata.read(root), microdata.issues),
        ("rdfa", rdfa.read(root), rdfa.issues),
    ]
    _collect(page, groups, accepted, frame)
    return page


def _is_jsonld(kind: str | None) -> bool:
    return (kind or "").split(";")[0].strip().lower() == "application/ld+json"


def _block(page: Page, reader: Reader, text: str, number: int) -> list[Node]:
    place = f"script[{number}]" if number else ""
    try:
        value, repairs = web_repair.read(text)
    except web_repair.Unreadable as error:
        if error.reason == "empty":
            return []
        issue = Issue("web-jsonld-broken", f"{place} {error.where}".strip(), error.reason)
        claims = {first or second for first, second in _CLAIMS.findall(text[:100_000])}
        if claims & TYPES or not claims or not number:
            page.unreadable.append(issue)
            named = _NAMED.search(text)
            page.claimed = page.claimed or (named[1] if named else "")
        else:
            page.issues.append(Issue("web-jsonld-other-broken", issue.place, issue.value))
        return []
    for repair in repairs:
        reader.issues.append(Issue(repair.code, f"{place} {repair.where}".strip(), clean(repair.value)))
    return reader.block(value, number)


def _collect(
    page: Page, groups: list[tuple[str, list[Node], list[Issue]]], accepted: frozenset[str], frame: dict[str, str]
) -> None:
    """Choose the resources of all syntaxes, tell them apart, and write them down."""
    inliner = _Inliner()
    seen: list[tuple[str, set[str], str]] = []
    chosen: list[tuple[str, Node, str, list[Issue]]] = []
    for syntax, roots, issues in groups:
        index = _index(roots)
        left = list(issues)
        for node in _resources(roots, index, accepted, page.other_types):
            if len(chosen) >= MAX_RESOURCES:
                left.append(Issue("web-too-large", node["@place"], f"{MAX_RESOURCES} resources"))
                break
            whole = _merged(node, index)
            own = {_plain(address) for address in (whole.get("@id"), _address(whole, frame)) if address}
            own = {name for name in own if name} or {_plain(page.url)}
            name = _name(whole)
            twin = next((s for s in seen if s[1] & own and (s[2] == name or not name or not s[2])), None)
            if twin is not None:
                left.append(Issue("web-described-twice", whole["@place"], name, (("first", twin[0]),)))
                continue
            seen.append((whole["@place"], own, name))
            chosen.append((syntax, inliner.inline(whole, index, left), name, left))
            left = []
        if left and chosen:
            chosen[-1][3].extend(left)
        else:
            page.issues.extend(left)
    keys = [_key(node, frame) for _, node, _, _ in chosen]
    for (syntax, node, name, issues), key in zip(chosen, keys, strict=True):
        if keys.count(key) > 1:
            mark = hashlib.sha256((name or node["@place"]).encode()).hexdigest()[:10]
            key = f"{key}#{mark}" if "#" not in key else f"{key}-{mark}"
        payload = json.dumps(
            {**frame, "syntax": syntax, "node": node}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        page.found.append(Found(key, payload.encode(), tuple(issues), _address(node, frame)))


def _index(roots: list[Node]) -> dict[str, Node]:
    """The objects of a page by ``@id``; what several say of one is joined."""
    index: dict[str, Node] = {}
    stack: list[Any] = list(reversed(roots))
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            identifier = value.get("@id")
            if identifier and any(not key.startswith("@") or key == "@type" for key in value):
                known = index.setdefault(identifier, {"@place": value["@place"], "@id": identifier})
                if known.get("@type") is None or value.get("@type"):
                    types = [*known.get("@type", []), *value.get("@type", [])]
                    known["@type"] = list(dict.fromkeys(types))
                for key, content in value.items():
                    if key.startswith("@"):
                        known.setdefault(key, content)
                    elif known.get(key) is None:
                        known[key] = content
                    elif known[key] != content:
                        known[key] = _union(known[key], content)
            stack.extend(reversed([v for k, v in value.items() if not k.startswith("@")]))
    return index


def _union(first: Any, second: Any) -> list[Any]:
    values = list(first) if isinstance(first, list) else [first]
    for item in second if isinstance(second, list) else [second]:
        if item not in values:
            values.append(item)
    return values


def _merged(node: Node, index: dict[str, Node]) -> Node:
    return index.get(node.get("@id", ""), node)


def _resources(
    roots: list[Node], index: dict[str, Node], accepted: frozenset[str], others: set[str]
) -> Iterator[Node]:
    """The objects that are resources of their own, each ``@id`` once, in the order of the page."""
    runs = {run["@id"] for node in _walk(roots) for run in _objects(node.get("hasCourseInstance")) if "@id" in run}
    told: set[str] = set()
    stack: list[tuple[Node, bool, str]] = [(root, False, "") for root in reversed(roots)]
    while stack:
        node, inside, via = stack.pop()
        types = set(node.get("@type", []))
        wanted = bool(types & accepted) or bool(types & _HINTED and any(_says(node, hint) for hint in _HINTS))
        if wanted and inside:
            whole = _merged(node, index)
            wanted = via in _PARTS and "name" in whole and "url" in whole
        if wanted and not ("CourseInstance" in types and node.get("@id") in runs):
            if node.get("@id", "") not in told or "@id" not in node:
                yield node
            told.add(node.get("@id", ""))
        elif not wanted and not inside:
            others.update(types)
        deeper = [
            (child, inside or wanted, key)
            for key, content in node.items()
            if not key.startswith("@")
            for child in _objects(content)
        ]
        stack.extend(reversed(deeper))


def _says(node: Node, key: str) -> bool:
    """Whether a property says anything: an object of nulls does not."""
    value = node.get(key)
    if isinstance(value, dict):
        return "@value" in value or any(not inner.startswith("@") for inner in value)
    if isinstance(value, list):
        return any(_says({key: item}, key) for item in value)
    return value not in (None, "")


def _walk(roots: list[Node]) -> Iterator[Node]:
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        stack.extend(child for key, content in node.items() if key[:1] != "@" for child in _objects(content))


def _objects(value: Any) -> list[Node]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


@dataclass(slots=True)
class _Inliner:
    """Replaces references by what they point to, within bounds of depth and of copied characters per page."""

    left: int = MAX_COPIED

    def inline(self, node: Node, index: dict[str, Node], issues: list[Issue]) -> Node:
        """A copy of an object with the other objects of the page in their places."""
        before = self.left
        out: Node = self._copy(node, index, 0, frozenset(), False)
        if before > 0 >= self.left:
            issues.append(Issue("web-too-large", node["@place"], f"{MAX_COPIED} characters of references"))
        return out

    def _copy(self, value: Any, index: dict[str, Node], level: int, path: frozenset[str], copied: bool) -> Any:
        if isinstance(value, list):
            return [self._copy(item, index, level, path, copied) for item in value]
        if not isinstance(value, dict):
            self.left -= len(value) if copied and isinstance(value, str) else 0
            return value
        identifier = value.get("@id", "")
        whole = index.get(identifier, value)
        copied = copied or (level > 0 and whole is not value)
        self.left -= 100 if copied else 0
        if identifier in path or level > LEVELS or (copied and self.left <= 0):
            shown = {key: whole[key] for key in ("@type", "name", "url") if isinstance(whole.get(key), str | list)}
            shown = {key: content for key, content in shown.items() if not any(map(_deep, _listed(content)))}
            return {"@place": value["@place"], **({"@id": identifier} if identifier else {}), **shown}
        path = path | {identifier} if identifier else path
        return {
            key: content if key.startswith("@") else self._copy(content, index, level + 1, path, copied)
            for key, content in whole.items()
        }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _deep(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and len(value) > 1000)


def _text(value: Any) -> str:
    for item in _listed(value):
        inner = item.get("@value") if isinstance(item, dict) else item
        if isinstance(inner, str) and inner.strip():
            return inner.strip()
    return ""


def _name(node: Node) -> str:
    return " ".join((_text(node.get("name")) or _text(node.get("headline"))).split()).casefold()


def _address(node: Node, frame: dict[str, str]) -> str:
    """The first ``url`` of a description, absolute; a site's bare root is nobody's own address."""
    for item in _listed(node.get("url")):
        value = item.get("@id") or item.get("@value") if isinstance(item, dict) else item
        if isinstance(value, str) and value.strip():
            try:
                address = urljoin(frame.get("base", frame["page"]), value.strip())
                parts = urlsplit(address)
            except ValueError:
                continue
            if parts.scheme in ("http", "https") and parts.netloc and len(address) <= MAX_KEY:
                if parts.path in ("", "/") and not parts.query and _plain(address) != _plain(frame["page"]):
                    continue
                return address
    return ""


def _key(node: Node, frame: dict[str, str]) -> str:
    """The source's own id: ``@id`` if it is an absolute IRI, else ``url``, else the page."""
    identifier = str(node.get("@id", ""))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+$", identifier):
        root = len(identifier) > MAX_KEY or re.fullmatch(r"https?://[^/?#]+/?", identifier)
        if not root or _plain(identifier) == _plain(frame["page"]):
            return identifier
    return _address(node, frame) or frame["page"]


def _plain(address: str | None) -> str:
    """An address for comparison within a page: without scheme, "www.", slash at the end; "" for a blank node."""
    if not address or address.startswith("_:"):
        return ""
    return re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/").casefold()
