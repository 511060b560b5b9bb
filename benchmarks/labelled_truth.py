"""The labelled pairs of ``../shared/data/truth`` and ``git-training`` with their records, and the gold set.

Truth: Git lessons and a real catalogue, labelled by one reader. Rows found by text similarity and labels that are no
relation are left out, as its README tells. The lessons come twice: as metadata, and with the text and the minutes that
a harvest of the repository would bring.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.gold.records import Part
from benchmarks.gold.records import labels as gold_labels
from benchmarks.gold.records import records as gold_records
from benchmarks.labelled import Label, Labelled, resource_of
from benchmarks.matching_records import IRIS, change, links, names, strings
from benchmarks.metrics import NOTHING
from registry.crosswalk import git_markdown
from registry.model import Change
from registry.terms import XSD, Iri, Literal, Term, text

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RELATIONS = {"copy", "version", "translation", "derivative", "part", "run", "overlap", "different"}
STATED = {"translation": "translationOfWork", "derivative": "isBasedOn"}
BY_TEXT = "shingle overlap"
"""What the evidence of a row says that was found by text similarity."""


def many(value: Any) -> list[str]:
    return [str(item) for item in value if item] if isinstance(value, list) else [str(value)] if value else []


def catalogue_records(data: Path = SHARED) -> Iterator[tuple[str, Change]]:
    """The catalogue's entries, each with its id in the labels."""
    lines = (data / "catalogue/nfdi4bioimage/records.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        item = json.loads(line)
        key = f"{number}:{item.get('uuid')}"
        language = str(item.get("language") or "")[:2]
        values: dict[str, list[Term]] = {
            "name": names(item.get("name") or "", language or "en"),
            "url": links(many(item.get("url"))[:1]),
            "identifier": links(many(item.get("url"))[1:]),
            "description": [text(str(item["description"]), language or "en")] if item.get("description") else [],
            "inLanguage": strings(language),
            "keywords": [text(tag, "en") for tag in many(item.get("tags"))],
            "datePublished": strings(str(item.get("publication_date") or "")),
        }
        yield key, change("nfdi4bioimage", key, values, many(item.get("authors")), number + 1)


def _titled(item: dict[str, Any]) -> str:
    title = str(item.get("first_heading") or "")
    for source in (item.get("front_matter"), item.get("config")):
        if isinstance(source, dict) and source.get("title"):
            title = str(source["title"])
    if "path" in item:
        return title
    readme = (item.get("readme") or {}).get("text", "")
    heading = next((row.strip("# ") for row in readme.splitlines() if row.startswith("#")), "")
    config = (item.get("config") or {}).get("text", "")
    lines = (row.split(":", 1)[1].strip(" '\"") for row in config.splitlines() if row.startswith("title:"))
    return next(lines, "") or heading or title


def _texts(item: dict[str, Any], language: str) -> dict[str, list[Term]]:
    """Description and minutes, read from the page as the crosswalk of Git reads them."""
    front = item.get("front_matter") if isinstance(item.get("front_matter"), dict) else {}
    body = item.get("body_start") or (item.get("readme") or {}).get("text", "")
    told = [one.text for one in git_markdown.read(body).paragraphs if len(one.text) > 40][:3]
    minutes = sum(int(front[key]) for key in ("teaching", "exercises") if str(front.get(key, "")).isdigit())
    return {
        "description": [text("\n".join(told)[:3000], language)] if told else [],
        "timeRequired": [Literal(f"PT{minutes}M", XSD + "duration")] if minutes else [],
    }


def lesson_records(texts: bool, data: Path = SHARED) -> Iterator[tuple[str, Change]]:
    """The lessons and their chapters, each with its id in the labels."""
    for folder in sorted((data / "git").iterdir()):
        repository: dict[str, Any] = {}
        for line in (folder / "records.jsonl").read_text("utf-8").splitlines():
            item = json.loads(line)
            if item["kind"] == "lesson-repository":
                repository = item
            ref = "/tree/" + repository["commit"] if folder.name.endswith("v2019") else ""
            address = f"https://github.com/{repository['repo']}{ref}"
            if "path" in item:
                address += ("/" if ref else "/blob/main/") + item["path"]
            language = repository["language"]
            values: dict[str, list[Term]] = {
                "name": names(_titled(item), language),
                "url": links([address]),
                "inLanguage": strings(language),
                "dateCreated": strings(item.get("first_commit_date", "")),
                "dateModified": strings(item.get("last_change") or item.get("commit_date") or ""),
                **(_texts(item, language) if texts else {}),
            }
            if "part_of" in item:
                values["isPartOf"] = [Iri(IRIS.resource(folder.name, item["part_of"]))]
            yield item["id"], change(folder.name, item["id"], values)


def truth_rows(files: tuple[str, ...], data: Path = SHARED) -> list[dict[str, str]]:
    """The rows that are scored."""
    rows = []
    for name in files:
        with (data / "truth" / name).open(encoding="utf-8", newline="") as file:
            rows += [r for r in csv.DictReader(file) if r["relation"] in RELATIONS and BY_TEXT not in r["evidence"]]
    return rows


def load(folder: Path, name: str) -> list[dict[str, str]]:
    """A table of ``git-training``."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def feed(academy: str) -> str:
    """The feed of an academy in ``git-training``."""
    return re.sub(r"[^a-z0-9]+", "-", academy.lower()).strip("-")


def training_records(folder: Path, stated: bool) -> list[Change]:
    """The resources as a crosswalk would map them; with ``stated``, what evidence says a README states."""
    rows = {row["id"]: row for row in load(folder, "resources.csv")}
    says: dict[str, tuple[str, str]] = {}
    for row in load(folder, "relations.csv") if stated else []:
        if "README" in row["evidence"] and row["relation"] in STATED:
            says[row["right"]] = STATED[row["relation"]], rows[row["left"]]["repository"]
    built = []
    for number, (key, row) in enumerate(rows.items(), 1):
        values = {
            "name": names(row["title"], row["title_lang"]),
            "url": links([row["page"] or row["repository"]]),
            "codeRepository": links([row["repository"]]),
            "license": links([f"http://spdx.org/licenses/{row['licence']}"] if row["licence"] else []),
            "inLanguage": strings(*row["language"].split(",")),
            "dateCreated": strings(row["created"]),
            "dateModified": strings(row["modified"]),
            "provider": [IRIS.academy(feed(row["academy"]))],
        }
        if key in says:
            values[says[key][0]] = links([says[key][1]])
        built.append(change(feed(row["academy"]), key, values, sequence=number))
    return built


def _labels(rows: list[dict[str, str]], resources: dict[str, str], prefix: str = "") -> tuple[Label, ...]:
    found = []
    for row in rows:
        left, right = row["left"].removeprefix(prefix), row["right"].removeprefix(prefix)
        named = f"{left} – {right}"
        found.append(Label(resources[left], resources[right], row["relation"], named, row["evidence"]))
    return tuple(found)


def lessons(texts: bool = False, data: Path = SHARED) -> Labelled:
    """Git lessons, their editions, translations and forks."""
    built = list(lesson_records(texts, data))
    resources = {key: resource_of(item) for key, item in built}
    rows = truth_rows(("git-lessons-repos.csv", "git-lessons-episodes.csv"), data)
    name = "Truth: Git lessons" + (", with texts" if texts else "")
    return Labelled(name, tuple(item for _, item in built), _labels(rows, resources))


def catalogue(data: Path = SHARED) -> Labelled:
    """A real catalogue's own duplicates and editions."""
    built = list(catalogue_records(data))
    resources = {key: resource_of(item) for key, item in built}
    by_uuid = {f"uuid:{key.split(':', 1)[1]}": iri for key, iri in resources.items()}
    rows = truth_rows(("nfdi4bioimage-internal.csv",), data)
    labels = _labels(rows, {**resources, **by_uuid}, "nfdi4bioimage:")
    return Labelled("Truth: catalogue", tuple(item for _, item in built), labels)


def git_training(stated: bool = False, data: Path = SHARED) -> Labelled:
    """Courses on Git, R and Python of statistical offices; with ``stated``, what a README says stands in the feed."""
    folder = data / "git-training"
    resources = {
        row["id"]: str(IRIS.resource(feed(row["academy"]), row["id"])) for row in load(folder, "resources.csv")
    }
    labels = tuple(replace(one, source=one.left) for one in _labels(load(folder, "relations.csv"), resources))
    name = "Git training" + (", with what READMEs state" if stated else "")
    return Labelled(name, tuple(training_records(folder, stated)), labels)


def gold(part: Part, show: bool = False) -> Labelled:
    """A part of the gold set; pairs of "test" are counted and not shown, unless ``show``."""
    built = gold_records()
    labels = tuple(
        Label(
            one.left_resource,
            one.right_resource,
            one.relation,
            _short(one.left, one.right),
            one.reason,
            one.source_resource,
        )
        for one in gold_labels(part)
    )
    academies = {item.feed: academy for _, item, academy in built}
    return Labelled(
        f"Gold: {part}", tuple(item for _, item, _ in built), labels, academies, hidden=part == "test" and not show,
        apart=frozenset({NOTHING, "different"}),
    )  # fmt: skip


def _short(left: str, right: str) -> str:
    return " – ".join(iri.partition("/id/record/")[2] for iri in (left, right))
