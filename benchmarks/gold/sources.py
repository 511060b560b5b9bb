"""Items of ``../shared/data`` as plain values: what each source says of one learning resource, and nothing more.

One function per source, each yielding ``Item``. ``Item.raw`` is the source's own item, of which the digest is taken;
``values`` are by schema.org name. A field that a source does not give is left out, never guessed.
"""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.crosswalk import git_markdown

MAX_TEXT = 1000
"""Characters of a description that are kept from a page of a lesson."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource as one source lists it. ``language`` is of its texts, "" where the source does not say.

    ``texts`` are values in that language, ``addresses`` IRIs, ``strings`` plain strings.
    """

    feed: str
    key: str
    academy: str
    raw: Any
    language: str = ""
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    strings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    authors: Sequence[str] = ()
    part_of: str = ""  # the key, in the same feed, of the item that it says it is a part of
    runs: Sequence[tuple[str, str]] = ()  # (start, end) of its dated sessions


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def many(value: Any) -> list[str]:
    """A value that may be one, several or none, as a list of strings."""
    if isinstance(value, list):
        return [str(one).strip() for one in value if one is not None and str(one).strip()]
    return [str(value).strip()] if value is not None and str(value).strip() else []


def plain(value: Any) -> str:
    """A text without markup, also where the markup is escaped twice, as Zenodo gives it."""
    text = str(value or "")
    for _ in range(3):
        text = html.unescape(text)
    return " ".join(re.sub(r"<[^<>]{0,2000}>", " ", text).split())


def slug(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def duration(minutes: int) -> list[str]:
    return [f"PT{minutes}M"] if minutes else []


def catalogue(data: Path) -> Iterator[Item]:
    """The training catalogue of NFDI4BIOIMAGE (YAML as JSON lines)."""
    seen: set[str] = set()
    for raw in lines(data / "catalogue/nfdi4bioimage/records.jsonl"):
        urls = many(raw.get("url"))
        key = str(raw.get("uuid") or "url-" + re.sub(r"[^A-Za-z0-9.~-]+", "-", urls[0])[-80:])
        while key in seen:
            key += "~"
        seen.add(key)
        orcids = [one for one in raw.get("authors_with_orcid") or [] if isinstance(one, str)]
        yield Item(
            "nfdi4bioimage", key, "nfdi4bioimage", raw, str(raw.get("language") or ""),
            {"name": many(raw.get("name")), "description": [plain(raw["description"])] if raw.get("description") else [],
             "keywords": many(raw.get("tags"))},
            {"url": urls[:1], "identifier": urls[1:]},
            {"license": many(raw.get("license")), "datePublished": many(raw.get("publication_date")),
             "inLanguage": many(raw.get("language")), "learningResourceType": many(raw.get("type")),
             "educationalLevel": many(raw.get("proficiency_level"))},
            many(raw.get("authors")) or orcids,
            runs=[(str(raw["event_date"]), "")] if raw.get("event_date") else [],
        )  # fmt: skip


def dalia(data: Path) -> Iterator[Item]:
    """A selection of the same catalogue as it is handed to the DALIA portal (its exchange format)."""
    for raw in lines(data / "catalogue/nfdi4bioimage/records-dalia-export.jsonl"):
        urls = [one.strip() for one in str(raw.get("Link") or "").split(" * ") if one.strip()]
        names = [" ".join(reversed(one.split(", ", 1))) for one in str(raw.get("Authors") or "").split(" * ") if one]
        yield Item(
            "dalia", str(raw["uuid"]), "dalia", raw, str(raw.get("Language") or ""),
            {"name": many(raw.get("Title")), "description": [plain(raw["Description"])] if raw["Description"] else [],
             "keywords": [one for one in str(raw.get("Keywords") or "").split(" * ") if one]},
            {"url": urls[:1], "identifier": urls[1:]},
            {"license": many(raw.get("License")), "datePublished": many(raw.get("PublicationDate")),
             "inLanguage": many(raw.get("Language")), "learningResourceType": many(raw.get("LearningResourceType")),
             "educationalLevel": many(raw.get("ProficiencyLevel")), "version": many(raw.get("Version"))},
            [re.sub(r"\s*:?\s*\{?https?://\S+", "", one).strip() for one in names],
        )  # fmt: skip


ACADEMY_OF_FOLDER = {
    "swc-git-novice": "carpentries", "swc-git-novice-v2019": "carpentries", "swc-git-novice-es": "carpentries",
    "ucl-git-novice-vscode": "ucl-arc", "insee-bp-git-r": "insee", "insee-bp-r": "insee",
    "gov-git-workshop": "uk-analysis-function", "nhs-rap-cop": "nhs-england",
}  # fmt: skip


def _page_texts(text: str) -> tuple[str, str]:
    """Heading and first paragraphs of a page."""
    page = git_markdown.read(text)
    words = [one.text for one in page.paragraphs if len(one.text) > 40 and not one.text.startswith(("!!!", "???"))]
    return page.heading, "\n".join(words[:3])[:MAX_TEXT]


def git_lessons(data: Path) -> Iterator[Item]:
    """Lesson repositories and their pages."""
    for folder in sorted((data / "git").iterdir()):
        items = lines(folder / "records.jsonl")
        whole = next(one for one in items if one["kind"] == "lesson-repository")
        language = str(whole["language"])
        reference = whole["commit"] if folder.name.endswith("v2019") else ""
        base = f"https://github.com/{whole['repo']}"
        for raw in items:
            key = str(raw["id"]).replace("#", "~").replace("/", "~")
            licence = ["MIT"] if "MIT License" in str(whole.get("licence_text", ""))[:40] else ["CC-BY-4.0"]
            if "path" in raw:
                yield _page(raw, folder.name, key, language, base, reference, whole, licence)
                continue
            config = str((raw.get("config") or {}).get("text", ""))
            titled = re.search(r"^\s{0,2}(?:title|site_name):\s*['\"]?([^'\"\n]+)", config, re.M)
            heading, words = _page_texts(str((raw.get("readme") or {}).get("text", "")))
            if not words and raw.get("index"):
                words = _page_texts(str(raw["index"]["text"]))[1]
            yield Item(
                folder.name, key, ACADEMY_OF_FOLDER[folder.name], raw, language,
                {"name": [git_markdown.plain(titled[1]) if titled else heading or raw["repo"].split("/")[1]],
                 "description": [words] if words else []},
                {"url": [f"{base}/tree/{reference}" if reference else base], "codeRepository": [base]},
                {"inLanguage": [language], "dateCreated": many(raw.get("first_commit_date")), "license": licence,
                 "dateModified": many(raw.get("commit_date"))},
            )  # fmt: skip


def _page(
    raw: dict[str, Any], feed: str, key: str, language: str, base: str, reference: str, whole: dict[str, Any],
    licence: list[str],
) -> Item:  # fmt: skip
    front = raw["front_matter"] if isinstance(raw.get("front_matter"), dict) else {}
    heading, words = _page_texts(str(raw.get("body_start") or ""))
    stem = re.sub(r"^[\d_.-]+", "", raw["path"].rpartition("/")[2].partition(".")[0]).replace("-", " ")
    name = front.get("title") or heading or raw.get("first_heading") or stem
    stated = plain(front.get("description") or "")
    minutes = sum(int(front.get(one) or 0) for one in ("teaching", "exercises") if str(front.get(one) or 0).isdigit())
    return Item(
        feed, key, ACADEMY_OF_FOLDER[feed], raw, language,
        {"name": [git_markdown.plain(str(name))], "description": [stated or words] if stated or words else [],
         "keywords": many(front.get("tags") or front.get("categories")), "teaches": many(front.get("objectives"))},
        {"url": [f"{base}/blob/{reference or 'HEAD'}/{raw['path']}"]},
        {"inLanguage": [language], "dateModified": many(raw.get("last_change")), "timeRequired": duration(minutes),
         "license": licence},
        part_of=str(whole["id"]),
    )  # fmt: skip


def git_training(data: Path) -> Iterator[Item]:
    """A list of training on Git, R and Python at statistical offices: facts, no texts."""

    with (data / "git-training/resources.csv").open(encoding="utf-8", newline="") as file:
        for raw in csv.DictReader(file):
            feed = "list-" + slug(raw["academy"])
            yield Item(
                feed, raw["id"], slug(raw["academy"]), raw, raw["title_lang"],
                {"name": many(raw["title"])},
                {"url": [raw["page"] or raw["repository"]], "codeRepository": [raw["repository"]]},
                {"inLanguage": raw["language"].split(","), "license": many(raw["licence"]),
                 "dateCreated": many(raw["created"]), "dateModified": many(raw["modified"])},
            )  # fmt: skip


def zenodo(data: Path) -> Iterator[Item]:
    """Deposits of Zenodo as oai_dc; one that several saved answers hold is taken once, the fullest."""
    best: dict[str, dict[str, Any]] = {}
    for raw in lines(data / "oai-pmh/zenodo/records.jsonl"):
        if raw["dc"] and len(raw["dc"]) >= len(best.get(raw["oai"], {"dc": {}})["dc"]):
            best[raw["oai"]] = raw
    codes = {"eng": "en", "spa": "es", "por": "pt", "uzb": "uz", "rus": "ru", "slk": "sk", "ukr": "uk", "fra": "fr"}
    for oai, raw in sorted(best.items()):
        dc = raw["dc"]
        spoken = [codes.get(one, one) for one in many(dc.get("language"))]
        dates = [one for one in many(dc.get("date")) if re.match(r"\d{4}", one)]
        yield Item(
            "zenodo", oai.rpartition(":")[2], "zenodo", raw, spoken[0] if len(spoken) == 1 else "",
            {"name": [plain(one) for one in many(dc.get("title"))[:1]],
             "description": [plain(one) for one in many(dc.get("description"))[:1]],
             "keywords": many(dc.get("subject"))},
            {"url": many(dc.get("identifier"))[:1], "identifier": many(dc.get("identifier"))[1:],
             "relation": [one for one in many(dc.get("relation")) if one.startswith("http")]},
            {"inLanguage": spoken, "datePublished": dates, "license": many(dc.get("rights")),
             "learningResourceType": many(dc.get("type"))},
            many(dc.get("creator")),
        )  # fmt: skip


def lom(data: Path) -> Iterator[Item]:
    """Full example records of the German LOM profile for higher education, one edition of the profile a feed."""
    for raw in lines(data / "lom/hs-oer/records.jsonl"):
        edition, _, name = raw["file"].partition("/examples/")
        if "full-example" not in name or raw.get("xml_error"):
            continue
        found = {
            key.removeprefix("/metadata/lom/"): [one["v"] for one in value] for key, value in raw["fields"].items()
        }
        spoken = found.get("general/language", [])
        people = re.findall(r"FN:([^\n]+)", "\n".join(found.get("lifecycle/contribute/centity/vcard", [])))
        entries = [
            one for key, value in found.items() if key.startswith("general/") and "entry" in key for one in value
        ]
        yield Item(
            f"lom-{edition}", name.partition(".")[0], f"hs-oer-{edition}", raw, spoken[0] if len(spoken) == 1 else "",
            {"name": found.get("general/title/langstring", []),
             "description": found.get("general/description/langstring", []),
             "keywords": found.get("general/keyword/langstring", [])},
            {"url": [one for one in found.get("technical/location", []) if one.startswith("http")][:1]},
            {"identifier": found.get("general/identifier", []) + entries, "inLanguage": spoken,
             "version": found.get("lifecycle/version/langstring", [])},
            [one.strip() for one in people],
        )  # fmt: skip


def amb(data: Path) -> Iterator[Item]:
    """Valid examples of the German JSON-LD profile AMB that describe a real resource, in two editions of the profile."""
    for edition in ("20231019", "draft"):
        for path in sorted((data / f"amb/dini/raw/{edition}/examples/valid").glob("*.json")):
            raw = load(path)
            if not str(raw.get("id", "")).startswith("http") or "example.org" in raw["id"]:
                continue
            spoken = many(raw.get("inLanguage"))
            licence = raw.get("license")
            yield Item(
                f"amb-{edition}", path.stem, f"amb-{edition}", raw, spoken[0] if len(spoken) == 1 else "",
                {"name": many(raw.get("name")), "description": many(raw.get("description")),
                 "keywords": many(raw.get("keywords"))},
                {"url": [raw["id"]], "isPartOf": [one["id"] for one in raw.get("isPartOf") or [] if "id" in one],
                 "isBasedOn": [one["id"] for one in raw.get("isBasedOn") or [] if "id" in one]},
                {"inLanguage": spoken, "datePublished": many(raw.get("datePublished")),
                 "license": many(licence.get("id") if isinstance(licence, dict) else licence)},
                [one["name"] for one in raw.get("creator") or [] if isinstance(one, dict) and one.get("name")],
            )  # fmt: skip
