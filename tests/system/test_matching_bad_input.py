"""What cannot be compared, on the whole way: bounded work, no giant course, and the academy is told what and how to mend.

``MATCHING_MANY`` is how often one title stands in a list (default 2,000); 10,000 is run by hand.
"""

from __future__ import annotations

import csv
import io
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from registry import release
from registry.ledger import decisions, findings
from registry.matching.candidates import ABROAD, TOP
from registry.messages import LANGUAGES, fill
from registry.model import Academy, Decision, Feed, Finding, Match, Work
from registry.pipeline import matched, publisher, reporting
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import House, opened
from registry.report.forms import rendered
from registry.settings import Settings
from tests.support.oai_server import Item, Reply, Repository, serving

MANY = int(os.environ.get("MATCHING_MANY", "2000"))
LARGE = 300
BASE = "https://registry.example"
TOPICS = (
    "sampling of households", "the price index basket", "revision of national accounts", "small area estimation",
    "seasonal adjustment", "data ethics", "metadata with SDMX", "imputation of income", "census geography",
    "the labour force questionnaire", "trade asymmetries", "agricultural frames", "confidentiality by noise",
    "nowcasting of growth", "web scraping of prices", "time use diaries", "poverty lines",
)  # fmt: skip
PROSE = (
    "This course is offered by the training centre to all staff members of the office who wish to learn, in a room with"
    " computers on the second floor of the main building. It ends with a certificate that is signed by the head of the"
    " centre and is valid for three years; coffee and lunch are included, and travel is paid by the unit that sends"
    " you. Please register with the secretary at least two weeks before the course begins, since places are limited."
)
Row = Mapping[str, str]


def hash_of(text: str) -> int:
    return zlib.crc32(text.encode())


def resource(feed: str, key: str) -> str:
    return f"{BASE}/id/resource/{feed}/{key}"


def rows() -> dict[str, list[Row]]:
    """The lists by their feed."""

    def course(key: int, title: str, **more: str) -> Row:
        address = f"https://example.org/{hash_of(f'{title} {key}')}"
        return {"id": str(key), "title": title, "languages": "en", "url": address, **more}

    def own(n: int) -> str:
        return f"Course on topic{n} and method{n}"

    return {
        "titles": [course(n, "Statistical sampling") for n in range(MANY)],
        "address": [course(n, own(n), url="https://x.org/catalogue") for n in range(LARGE)],
        "texts": [course(n, own(1000 + n), description=PROSE) for n in range(LARGE)],
        "empty": [course(n, " " if n % 2 else own(2000 + n)) for n in range(20)],
        "mute": [course(n, own(3000 + n), languages="") for n in range(20)],
        "webinars": [
            course(
                n,
                "Webinar",
                url=f"https://webinars.example.org/w/{n}",
                start=f"2026-{n % 12 + 1:02d}-{n + 1:02d}",
                end=f"2026-{n % 12 + 1:02d}-{n + 1:02d}",
                description=f"A guest speaks about {topic} and answers what those ask who work on {topic}.",
            )
            for n, topic in enumerate(TOPICS)
        ],
        "circle": [course(n, own(4000 + n), is_based_on=resource("circle", str((n + 1) % 4))) for n in range(4)],
        "said": [course(n, own(5000 + n)) for n in range(3)],
        "common": [course(n, "Introduction to sampling") for n in range(150)],
    }


def table(listed: list[Row]) -> bytes:
    out = io.StringIO()
    fields = sorted({field for row in listed for field in row})
    writer = csv.DictWriter(out, fields)
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue().encode()


@dataclass
class World:
    """What became of the lists."""

    house: House
    matches: list[Match]
    works: list[Work]

    def told(self, feed: str, code: str) -> Finding:
        """The one finding of a code that a list was told."""
        (found,) = findings.listed(self.house.connection, [feed], code=code, limit=9999)[0]
        return found

    def of(self, feed: str) -> list[Match]:
        """The pairs that have a side in a list."""
        start = f"{BASE}/id/resource/{feed}/"
        return [one for one in self.matches if one.left.startswith(start) or one.right.startswith(start)]

    def texts(self, finding: Finding) -> list[str]:
        """What is said of it, and how to mend it, in all languages."""
        message = self.house.messages[finding.issue.code]
        return [fill(texts[lang], finding.issue) for texts in (message.text, message.mend) for lang in LANGUAGES]


def quiet(*_: object) -> None:
    """Nothing is shown."""


def seen(house: House, *, anew: bool = False) -> World:
    publisher.publish_now(house, quiet, anew=anew)
    with matched.open_matcher(house) as matcher:
        return World(house, list(matcher.all(private=True)), list(matcher.works()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    lists = {f"/{name}.csv": table(listed) for name, listed in rows().items()}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)

        long = f"<dc:title>Frames</dc:title><dc:description>{'sampling frame ' * 70_000}</dc:description>"
        repository = Repository([Item("oai:t:1", "2026-01-01T00:00:00Z", long)], policy="no")

        def reply(path: str, _: object) -> Reply:
            if path.startswith("/oai?"):
                arguments = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
                return 200, {"Content-Type": "text/xml"}, repository.answer(arguments, root + "/oai")
            return (200, {}, lists[path]) if path in lists else (404, {}, b"no")

        with serving(reply) as root:
            host = root.removeprefix("http://")
            oai = Feed("long", "long", "oai_pmh", root + "/oai", language="en", allow_hosts=(host,))
            found = {"long": Academy("long", {"en": "Long"}, "https://long.example/", feeds=(oai,))}
            for path in lists:
                name = path[1:].removesuffix(".csv")
                feed = Feed(name, name, "table", root + path, allow_hosts=(host,))
                found[name] = Academy(name, {"en": name.title()}, f"https://{name}.example/", feeds=(feed,))
            settings = Settings(
                data=tmp_path_factory.mktemp("aside"), base=BASE, http_delay=0.0, http_retries=0, notice_days=0, workers=1
            )  # fmt: skip
            with opened(settings, found) as house:
                runs = harvest_feeds(house, house.feeds, quiet)
                assert {run.outcome for run in runs} == {"done"}, runs
                for second, (one, other, verdict) in enumerate(
                    [("0", "1", "confirm"), ("1", "2", "confirm"), ("0", "2", "reject")]
                ):
                    relation = "different" if verdict == "reject" else "copy"
                    pair, time = (resource("said", one), resource("said", other)), f"2026-01-01T00:00:0{second}Z"
                    decisions.decide(house.connection, Decision(*pair, verdict, relation, "ana", time))  # type: ignore[arg-type]
                yield seen(house)


def test_no_record_has_many_pairs_and_no_course_is_a_giant(world: World) -> None:
    pairs = Counter(iri for one in world.matches for iri in (one.left, one.right))
    assert max(pairs.values()) <= 30
    assert max(len(one.members) for one in world.works) <= 4
    with matched.open_matcher(world.house) as matcher:
        shown = "SELECT count(*) AS c FROM best WHERE shown GROUP BY n"
        ((most,),) = matcher.query(f"SELECT max(c) FROM ({shown})")
        ((compared, records),) = matcher.query("SELECT (SELECT count(*) FROM pair), (SELECT count(*) FROM record)")
    assert TOP <= most <= TOP + ABROAD and 0 < compared <= most * records


def test_how_lasting_ids_are_is_published(world: World) -> None:
    current = release.current(world.house.settings.data)
    assert current is not None
    counts = current.manifest["counts"]
    assert counts["ids"] == counts["ids_ever"] == counts["ids_new"] == len(world.works) > 0
    assert (counts["ids_before"], counts["ids_changed"], counts["read_twice"]) == (0, 0, 0)


def test_one_title_many_times(world: World) -> None:
    told = world.told("titles", "matching-same-title")
    assert (told.issue.value, dict(told.issue.params)) == (
        "Statistical sampling", {"count": str(MANY), "total": str(MANY)},
    )  # fmt: skip
    assert not [one for one in world.of("titles") if one.relation in ("copy", "near-copy", "version", "run")]


def test_one_address_in_a_whole_list(world: World) -> None:
    told = world.told("address", "matching-shared-address")
    assert (told.issue.value, dict(told.issue.params)) == ("https://x.org/catalogue", {"count": str(LARGE)})
    assert told.record in {str(n) for n in range(LARGE)} and told.issue.place
    assert not [one for one in world.of("address") if one.relation != "overlap"]


def test_one_description_in_a_whole_list(world: World) -> None:
    told = world.told("texts", "matching-same-text")
    assert told.issue.value.startswith("This course is offered by the training centre")
    assert dict(told.issue.params) == {"count": str(LARGE), "total": str(LARGE)}
    assert not [one for one in world.of("texts") if one.relation != "overlap"]


def test_a_description_of_a_megabyte(world: World) -> None:
    told = world.told("long", "matching-long-text")
    assert int(told.issue.value) > 40_000 and dict(told.issue.params) == {"limit": "20000"}


def test_rows_without_a_title_and_without_a_language(world: World) -> None:
    assert world.told("empty", "table-no-title-cell").severity == "warning"
    assert len(findings.listed(world.house.connection, ["mute"], code="LR-language", limit=99)[0]) == 20
    assert not [one for one in world.of("mute") if one.relation == "translation"]


def test_seventeen_webinars_are_seventeen_events(world: World) -> None:
    told = world.told("webinars", "matching-empty-title")
    assert (told.issue.value, dict(told.issue.params)) == ("Webinar", {"count": "17"})
    assert not [one for one in world.of("webinars") if one.relation in ("copy", "near-copy", "version", "run")]
    members = {iri for one in world.works for iri in one.members}
    assert not members & {resource("webinars", str(n)) for n in range(17)}


def test_a_circle_of_based_on(world: World) -> None:
    told = world.told("circle", "matching-circle")
    assert dict(told.issue.params) == {"count": "4"} and "topic4001" in told.issue.value
    assert Counter(one.rule for one in world.of("circle")) == {"DER.DECLARED": 4}


def test_decisions_that_contradict_each_other(world: World) -> None:
    told = world.told("said", "matching-contradiction")
    assert "topic5000" in dict(told.issue.params)["against"] and "topic5002" in dict(told.issue.params)["against"]
    apart = {resource("said", "0"), resource("said", "2")}
    assert not [one for one in world.works if apart <= set(one.members)]


def test_every_report_says_what_where_and_how_to_mend(world: World) -> None:
    """In the words of each language, with an entry for example, in every form that an academy reads."""
    codes = set()
    for academy in world.house.academies.values():
        report = reporting.of_academy(world.house, academy, "en")
        for cause in report.causes:
            if cause.code.startswith("matching-"):
                codes.add(cause.code)
                (example, *_) = cause.examples
                assert example.entry and example.title and example.where, cause
                for text in world.texts(Finding("", "", cause.severity, example.issue)):
                    assert text and "{" not in text
        for language in LANGUAGES:
            for form in ("text", "html", "markdown"):
                rendered(report, form, language)
    assert codes == {
        "matching-same-title", "matching-shared-address", "matching-same-text", "matching-long-text",
        "matching-empty-title", "matching-circle", "matching-contradiction", "matching-kept-apart",
    }  # fmt: skip


def test_a_rebuild_tells_the_same(world: World) -> None:
    feeds = list(world.house.academies)
    before = findings.listed(world.house.connection, feeds, limit=99_999)[0]
    publisher.drop(world.house, publisher.PROJECTIONS)
    again = seen(world.house, anew=True)
    assert (again.matches, again.works) == (world.matches, world.works)
    assert findings.listed(world.house.connection, feeds, limit=99_999)[0] == before


def test_what_is_mended_is_told_no_longer(world: World) -> None:
    """The last decision is taken back: the contradiction is gone with the next release."""
    (number,) = [one.id for one in decisions.standing(world.house.connection) if one.verdict == "reject"]
    decisions.undo(world.house.connection, number, "ana", "2026-01-02T00:00:00Z", "mistaken")
    after = seen(world.house)
    current = release.current(world.house.settings.data)
    assert current is not None and current.manifest["counts"]["ids"] == len(after.works)
    codes = {one.issue.code for one in findings.listed(world.house.connection, ["said"], limit=99)[0]}
    assert not {"matching-contradiction", "matching-kept-apart"} & codes
