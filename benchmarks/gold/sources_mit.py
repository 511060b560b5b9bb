"""Items of the saved answers of MIT's course platforms and video channel, each platform a feed of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.gold.sources import Item, lines, load, many, plain

_FOLDER = "openedx/mit-learn/raw/test_json"


def _key(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9._~:-]+", "~", word).strip("~")[-95:]


def _days(value: Any) -> str:
    return str(value or "")[:10]


def open_library(data: Path) -> Iterator[Item]:
    """The Open Learning Library, from its table."""
    for raw in lines(data / "openedx/mit-learn/records.jsonl"):
        if raw["_src"] != "oll_metadata.csv":
            continue
        yield Item(
            "mit-oll", _key(raw["readable_id"]), "mit-open-learning-library", raw, "en" if raw["Language"] == "English" else "",
            {"name": many(raw["title"]), "description": many(plain(raw["description"])),
             "keywords": [raw[one] for one in ("MITxO Primary Parent", "MITxO Primary Child") if raw.get(one)]},
            {"url": many(raw["url"])},
            {"courseCode": many(raw.get("OLL Course")), "identifier": many(raw["readable_id"]),
             "timeRequired": [f"P{raw['Duration']}W"] if str(raw.get("Duration") or "").isdigit() else [],
             "educationalLevel": many(raw.get("Level"))},
            [raw[f"Instructor {n}"] for n in range(1, 7) if raw.get(f"Instructor {n}")],
        )  # fmt: skip


def _edx(feed: str, academy: str, raw: dict[str, Any]) -> Iterator[Item]:
    """A course of an edX catalogue and each of its runs."""
    language = (many(raw["course_runs"][0].get("content_language")) or [""])[0] if raw.get("course_runs") else ""
    yield Item(
        feed, _key(raw["key"]), academy, raw, language[:2],
        {"name": many(raw.get("title")), "description": many(plain(raw.get("full_description")))},
        {"url": many(raw.get("marketing_url"))},
        {"courseCode": many(raw["key"]), "identifier": many(raw.get("uuid"))},
        runs=[(_days(run.get("start")), _days(run.get("end"))) for run in raw.get("course_runs", [])],
    )  # fmt: skip
    for run in raw.get("course_runs", []):
        yield Item(
            feed + "-runs", _key(run["key"]), academy, run, language[:2],
            {"name": many(run.get("title")),
             "description": many(plain(run.get("full_description") or run.get("short_description")))},
            {"url": many(run.get("marketing_url"))},
            {"courseCode": many(run.get("course")), "identifier": many(run["key"])},
            [f"{one.get('given_name', '')} {one.get('family_name', '')}".strip() for one in run.get("staff") or []],
            runs=[(_days(run.get("start")), _days(run.get("end")))],
        )  # fmt: skip


def edx(data: Path) -> Iterator[Item]:
    """MITx on edX, the same course as another catalogue gives it, and the Open Learning Library's own answer."""
    for name, feed, academy in (
        ("test_mitx_course", "mitx", "mitx"),
        ("test_non_mitx_course", "edx", "edx"),
        ("test_oll_courses", "mit-oll-api", "mit-open-learning-library"),
    ):
        for raw in load(data / _FOLDER / f"{name}.json")["results"]:
            yield from _edx(feed, academy, raw)
    for raw in load(data / _FOLDER / "test_mitx_programs.json"):
        yield Item(
            "edx-programs", _key(raw["uuid"]), "edx", raw, "",
            {"name": many(raw["title"]), "description": many(plain(raw.get("subtitle")))},
            {"url": many(raw.get("marketing_url"))},
            {"identifier": many(raw["uuid"])},
        )  # fmt: skip
        for course in raw["courses"]:
            yield from _edx("edx-program-courses", "edx", {**course, "course_runs": course.get("course_runs") or []})


def _online(feed: str, academy: str, raw: dict[str, Any], base: str) -> Iterator[Item]:
    """A course of MITx Online or xPRO and each of its runs."""
    page = raw.get("page") or {}
    address = raw.get("url") or (base + page["page_url"] if page.get("page_url") else "")
    text = plain(page.get("description") or raw.get("description"))
    people = [one["name"] for one in page.get("instructors") or []]
    yield Item(
        feed, _key(raw["readable_id"]), academy, raw, "",
        {"name": many(raw["title"]), "description": many(text),
         "keywords": [one["name"] for one in raw.get("topics") or [] if isinstance(one, dict)]},
        {"url": many(address)}, {"courseCode": many(raw["readable_id"])}, people,
        runs=[(_days(run.get("start_date")), _days(run.get("end_date"))) for run in raw.get("courseruns") or []],
    )  # fmt: skip
    for run in raw.get("courseruns") or []:
        yield Item(
            feed + "-runs", _key(run["courseware_id"]), academy, run, "",
            {"name": many(run["title"])}, {"url": many(run.get("courseware_url"))},
            {"courseCode": many(raw["readable_id"]), "identifier": many(run["courseware_id"])},
            [one["name"] for one in run.get("instructors") or []],
            runs=[(_days(run.get("start_date")), _days(run.get("end_date")))],
        )  # fmt: skip


def online(data: Path) -> Iterator[Item]:
    """MITx Online and MIT xPRO: courses, runs and programmes (a programme of xPRO repeats its courses)."""
    for raw in load(data / _FOLDER / "mitxonline_courses.json")["results"]:
        yield from _online("mitxonline", "mitx-online", raw, "https://mitxonline.mit.edu")
    for raw in load(data / _FOLDER / "mitxonline_programs.json")["results"]:
        yield from _online("mitxonline-programs", "mitx-online", raw, "https://mitxonline.mit.edu")
    for raw in load(data / _FOLDER / "xpro_courses.json"):
        yield from _online("xpro", "mit-xpro", raw, "")
    for raw in load(data / _FOLDER / "xpro_programs.json"):
        yield from _online("xpro-programs", "mit-xpro", raw, "")
        for course in raw["courses"]:
            yield from _online("xpro-program-courses", "mit-xpro", course, "")


def sloan(data: Path) -> Iterator[Item]:
    """MIT Sloan executive education: courses, and their dated offerings under a short name."""
    for raw in load(data / _FOLDER / "test_sloan_courses.json"):
        yield Item(
            "mit-sloan", raw["Course_Id"], "mit-sloan", raw, "",
            {"name": many(raw["Title"]), "description": many(plain(raw.get("Description"))),
             "keywords": [one.strip() for one in str(raw.get("Topics") or "").split(",") if one.strip()]},
            {"url": many(raw.get("URL"))}, {"courseCode": many(raw["Course_Id"])},
        )  # fmt: skip
    for raw in load(data / _FOLDER / "test_sloan_runs.json"):
        yield Item(
            "mit-sloan-runs", _key(f"{raw['CO_Title']}-{raw['Course_Id'][-6:]}"), "mit-sloan", raw, "",
            {"name": many(raw["CO_Title"])}, {}, {"courseCode": many(raw["Course_Id"])},
            many((raw.get("Faculty_Name") or "").split(",")),
            runs=[(_days(raw.get("Start_Date")), _days(raw.get("End_Date")))],
        )  # fmt: skip


def professional(data: Path) -> Iterator[Item]:
    """Bootcamps, ProLearn and MIT Professional Education: courses, programmes and events."""
    for raw in load(data / _FOLDER / "bootcamps.json"):
        yield Item(
            "mit-bootcamps", _key(raw["course_id"]), "mit-bootcamps", raw, "",
            {"name": many(raw["title"]), "description": many(plain(raw["full_description"]))},
            {"url": many(raw["url"])}, {}, runs=[(_days(raw["start_date"]), _days(raw["end_date"]))],
        )  # fmt: skip
    for raw in lines(data / "openedx/mit-learn/records.jsonl"):
        if raw["_src"].startswith("prolearn"):
            yield Item(
                "mit-prolearn", _key(raw["nid"] + raw["url"]), "mit-prolearn", raw, "",
                {"name": many(raw["title"]), "description": many(plain(raw.get("body")))},
                {"url": [raw["department_url"] + raw["url"]]}, {"identifier": many(raw["nid"])},
            )  # fmt: skip
    for number in (0, 1, 2):
        for raw in load(data / _FOLDER / f"mitpe/professional_ed_resources_{number}.json"):
            starts, ends = raw["start_date"].split("|"), raw["end_date"].split("|")
            yield Item(
                "mit-pe", _key(raw["uuid"]), "mit-professional-education", raw, "",
                {"name": many(plain(raw["title"])), "description": many(plain(raw["description"])),
                 "keywords": plain(raw["topics"]).split("|")},
                {"url": ["https://professional.mit.edu" + raw["url"]]}, {"identifier": many(raw["node_id"])},
                many(raw["lead_instructors"].split("|") + raw["instructors"].split("|")),
                runs=list(zip(starts, ends, strict=False)),
            )  # fmt: skip
    for raw in load(data / _FOLDER / "mitpe_events.json"):
        yield Item(
            "mit-pe-events", _key(raw["id"]), "mit-professional-education", raw, "",
            {"name": many(plain(raw["title"])), "description": many(plain(raw["summary"]))},
            {"url": ["https://professional.mit.edu" + raw["url"]]}, {},
            runs=[(_days(raw["start_date"]), _days(raw["end_date"]))],
        )  # fmt: skip


def videos(data: Path) -> Iterator[Item]:
    """Videos and playlists of MIT's channels."""
    folder = data / _FOLDER / "youtube"
    for path in sorted(folder.glob("playlists.list.*.json")):
        for raw in load(path)["items"]:
            yield _video(raw, "playlist?list=")
    for path in sorted(folder.glob("videos.list.*.json")):
        for raw in load(path)["items"]:
            yield _video(raw, "watch?v=")


def _video(raw: dict[str, Any], way: str) -> Item:
    told = raw["snippet"]
    return Item(
        "mit-youtube", _key(raw["id"].replace("_", "~")) if raw["id"][0] in "-_" else _key(raw["id"]), "mit-youtube", raw,
        str(told.get("defaultLanguage") or "")[:2],
        {"name": many(told["title"]), "description": many(plain(told.get("description"))), "keywords": many(told.get("tags"))},
        {"url": [f"https://www.youtube.com/{way}{raw['id']}"]},
        {"datePublished": [told["publishedAt"][:10]],
         "duration": many((raw.get("contentDetails") or {}).get("duration"))},
        re.findall(r"Instructor: ([^\n]+)", told.get("description") or "")[:1],
    )  # fmt: skip
