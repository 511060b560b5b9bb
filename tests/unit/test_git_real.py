"""Lessons that others wrote, as a person reading them would describe them; the matcher sees their relations."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry.model import RawRecord
from tests.support.git_site import build, local, mapped, records, said

OFFICES = {
    "gov-git-workshop": "best-practice-and-impact/git-workshop", "insee-bp-r": "InseeFrLab/formation-bonnes-pratiques-R",
    "insee-bp-git-r": "InseeFrLab/formation-bonnes-pratiques-git-R", "swc-git-novice": "swcarpentry/git-novice",
    "nhs-rap-cop": "NHSDigital/rap-community-of-practice", "swc-git-novice-es": "swcarpentry/git-novice-es",
    "swc-git-novice-v2019": "swcarpentry/git-novice", "ucl-git-novice-vscode": "UCL-ARC/git-novice-vscode",
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What a person sees: title, licence, language, number of chapters, minutes, page."""

    title: str
    licence: str
    language: str
    chapters: int
    length: str = ""
    page: str = ""


EXPECTED = {
    "gov-git-workshop": Seen("Git workshop template", "MIT", "", 0),
    "insee-bp-git-r": Seen("Formation aux bonnes pratiques Git et R", "MIT", "fr-FR", 7),
    "insee-bp-r": Seen("Formation bonnes pratiques R", "MIT", "", 0),
    "nhs-rap-cop": Seen("RAP Community of Practice", "", "", 76),
    "swc-git-novice": Seen(
        "Version Control with Git", "CC-BY-4.0", "en", 14, "PT3H12M", "https://swcarpentry.github.io/git-novice"
    ),
    "swc-git-novice-es": Seen(
        "El Control de Versiones con Git",
        "CC-BY-4.0",
        "es",
        14,
        "PT2H37M",
        "https://swcarpentry.github.io/git-novice-es",
    ),
    "swc-git-novice-v2019": Seen("Software Carpentry: Version Control with Git", "", "", 14, "PT2H57M"),
    "ucl-git-novice-vscode": Seen("Version Control with Git", "CC-BY-4.0", "en", 14, "PT3H12M"),
}


@pytest.fixture(scope="module")
def read(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[RawRecord]]:
    """All real trees, committed to repositories that were cloned from where they are."""
    found = {}
    for name, path in OFFICES.items():
        raw = shared / "data" / "git" / name / "raw"
        files = {str(f.relative_to(raw)): f.read_bytes() for f in sorted(raw.rglob("*")) if f.is_file()}
        folder = tmp_path_factory.mktemp(name) / path.rpartition("/")[2]
        seed = "git-novice" if "git-novice" in name else name
        repo = build(folder, {"README.md": f"# {seed}\n"}, files)
        with Path(repo.path, ".git", "config").open("a") as config:
            config.write(f'[remote "origin"]\n\turl = https://github.com/{path}.git\n')
        found[name] = records(local(f"file://{folder}"))
    return found


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_as_a_person_reading_it_would_say(name: str, read: dict[str, list[RawRecord]]) -> None:
    seen, whole = EXPECTED[name], mapped(read[name][0])
    outline = json.loads(read[name][0].payload)["chapters"]
    (title,) = said(whole, "name")
    assert title == seen.title
    assert said(whole, "license") == ([f"http://spdx.org/licenses/{seen.licence}"] if seen.licence else [])
    assert said(whole, "inLanguage") == ([seen.language] if seen.language else [])
    assert len(outline) == seen.chapters
    if seen.length:
        assert said(whole, "timeRequired") == [seen.length]
    address = f"https://github.com/{OFFICES[name]}"
    assert said(whole, "url") == [seen.page or address] and said(whole, "codeRepository") == [address]
    assert not {"software", "data", "lesson", "The Carpentries"} & set(said(whole, "keywords"))
    assert len(said(whole, "description")) == 1


def test_known_facts(read: dict[str, list[RawRecord]], shared: Path) -> None:
    """Title and licence agree with what was written down about these repositories by hand."""
    rows = csv.DictReader((shared / "data" / "git-training" / "resources.csv").read_text("utf-8").splitlines())
    facts = {
        row["repository"].removeprefix("https://github.com/"): row for row in rows if "/tree/" not in row["repository"]
    }
    checked = 0
    for name, path in OFFICES.items():
        whole, row = mapped(read[name][0]), facts[path]
        if name == "swc-git-novice-v2019" or not said(whole, "license"):
            continue
        assert said(whole, "license") == [f"http://spdx.org/licenses/{row['licence']}"], name
        checked += 1
        if name != "insee-bp-git-r":  # its site has another title than its README
            assert said(whole, "name") == [row["title"]], name
    assert checked == 6


def test_chapters_of_a_lesson_are_entries_of_their_own(read: dict[str, list[RawRecord]]) -> None:
    chapters = [mapped(record) for record in read["swc-git-novice-es"][1:]]
    assert len(chapters) == 14 and len(read["nhs-rap-cop"]) == 1  # the pages of a site are not
    first = chapters[0]
    assert said(first, "name") == ["Control Automatizado de Versiones"] and said(first, "inLanguage") == ["es"]
    assert said(first, "isPartOf") == ["https://swcarpentry.github.io/git-novice-es"]
    assert said(first, "url") == ["https://swcarpentry.github.io/git-novice-es/01-basics.html"]
    assert said(first, "timeRequired") == ["PT5M"] and len(said(first, "teaches")) == 2
    whole = mapped(read["swc-git-novice-es"][0])
    assert set(said(whole, "hasPart")) == {said(one, "url")[0] for one in chapters}


def test_a_copy_whose_configuration_was_not_changed(read: dict[str, list[RawRecord]]) -> None:
    """It still names the original as its source: that is what it is based on, and its page is not its own."""
    whole = mapped(read["ucl-git-novice-vscode"][0])
    assert said(whole, "isBasedOn") == ["https://github.com/swcarpentry/git-novice"]
    assert "git-source-elsewhere" in {issue.code for issue in whole.issues}
    assert not said(whole, "identifier")
    assert said(mapped(read["swc-git-novice"][0]), "isBasedOn") == []
    chapter = mapped(read["ucl-git-novice-vscode"][1])
    assert said(chapter, "isPartOf") == ["https://github.com/UCL-ARC/git-novice-vscode"]
    assert said(chapter, "url")[0].startswith("https://github.com/UCL-ARC/git-novice-vscode/blob/")


def test_shared_first_commits_are_kept(read: dict[str, list[RawRecord]]) -> None:
    first = {name: said(mapped(found[0]), "firstCommit") for name, found in read.items()}
    assert first["swc-git-novice"] == first["swc-git-novice-es"] == first["ucl-git-novice-vscode"] != []
    assert first["insee-bp-r"] != first["insee-bp-git-r"]


def test_an_archived_repository_says_so(read: dict[str, list[RawRecord]]) -> None:
    whole = mapped(read["insee-bp-r"][0])
    assert said(whole, "creativeWorkStatus")[0].endswith("/archived")
    assert said(whole, "relation")[0].startswith("https://github.com/InseeFrLab/formation-bonnes-pratiques-git-R")


def test_no_mail_address_and_no_markup(read: dict[str, list[RawRecord]]) -> None:
    for found in read.values():
        for record in found:
            for _, _, value, place in mapped(record).triples:
                text = getattr(value, "value", "")
                assert "@example.org" not in text and "](" not in text, (record.key, place, text)


def test_every_place_is_named(read: dict[str, list[RawRecord]]) -> None:
    for found in read.values():
        assert all(issue.place for record in found for issue in mapped(record).issues)
