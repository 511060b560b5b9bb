"""Generated oai_dc lists for timing: plausible, deterministic, never used for a claim about quality."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

PAGE = 100
TOPICS = (
    "sampling seasonal adjustment index numbers national accounts disclosure control small area estimation R Python Git"
    " SQL data editing imputation classification coding time use labour force household budget census agriculture trade"
    " prices tourism energy environment geospatial dashboards metadata SDMX questionnaires interviewing paradata weighting"
    " calibration variance bootstrap machine learning text mining web scraping reproducible pipelines version control"
).split()
LANGUAGES = ("en", "en", "en", "fr", "es", "pt")
TYPES = ("Course", "lesson", "manual", "Video", "slides", "Text")
RIGHTS = ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", "MIT", "all rights reserved", "")
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    "<responseDate>2026-01-01T00:00:00Z</responseDate><request>http://127.0.0.1/</request>"
)


def record(number: int, edition: int = 0) -> str:
    """One record of about 1.3 kB."""
    chance = random.Random(number * 7919 + edition)
    words = chance.sample(TOPICS, 6)
    title = f"{' '.join(words[:4]).capitalize()} {number}"
    described = " ".join(chance.choice(TOPICS) for _ in range(60)).capitalize() + "."
    language, right = chance.choice(LANGUAGES), chance.choice(RIGHTS)
    rights = f"<dc:rights>{escape(right)}</dc:rights>" if right else ""
    day = f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    return (
        f"<record><header><identifier>oai:bench.example.org:{number}</identifier><datestamp>{day}T00:00:00Z</datestamp>"
        '<setSpec>courses</setSpec></header><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title xml:lang="{language}">{title}</dc:title>'
        f"<dc:creator>Author, {chance.randrange(5000)}</dc:creator><dc:creator>Writer, {chance.randrange(5000)}</dc:creator>"
        f"<dc:subject>{words[4]}</dc:subject><dc:subject>{words[5]}</dc:subject>"
        f'<dc:description xml:lang="{language}">{described}</dc:description><dc:publisher>Office of Statistics</dc:publisher>'
        f"<dc:date>{day}</dc:date><dc:type>{chance.choice(TYPES)}</dc:type><dc:format>text/html</dc:format>"
        f"<dc:identifier>https://bench.example.org/training/{number}</dc:identifier><dc:language>{language}</dc:language>"
        f"{rights}</oai_dc:dc></metadata></record>"
    )


def small(number: int, of: str = "bench") -> str:
    """One record of about 0.6 kB."""
    chance = random.Random(number)
    words = chance.sample(TOPICS, 3)
    return (
        f"<record><header><identifier>oai:{of}.example.org:{number}</identifier><datestamp>2026-01-01T00:00:00Z"
        '</datestamp></header><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{" ".join(words).capitalize()} {number}</dc:title>'
        f"<dc:type>Course</dc:type><dc:identifier>https://{of}.example.org/training/{number}</dc:identifier>"
        "<dc:language>en</dc:language><dc:rights>CC-BY-4.0</dc:rights></oai_dc:dc></metadata></record>"
    )


def about(verb: str) -> bytes:
    """The answer to Identify or ListMetadataFormats."""
    identify = (
        "<Identify><repositoryName>Bench</repositoryName><baseURL>http://127.0.0.1/</baseURL><protocolVersion>2.0"
        "</protocolVersion><adminEmail>bench@example.org</adminEmail><earliestDatestamp>2010-01-01T00:00:00Z"
        "</earliestDatestamp><deletedRecord>no</deletedRecord><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
    )
    formats = (
        "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix><schema>"
        "http://www.openarchives.org/OAI/2.0/oai_dc.xsd</schema><metadataNamespace>"
        "http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat></ListMetadataFormats>"
    )
    return f"{_HEAD}{identify if verb == 'Identify' else formats}</OAI-PMH>".encode()


def page(number: int, size: int, count: int, records: Callable[[int], str]) -> bytes:
    """One page, from 0, of a list of ``count`` records, ``size`` to a page; ``records`` makes each."""
    numbers = range(number * size, min((number + 1) * size, count))
    token = str(number + 1) if (number + 1) * size < count else ""
    tail = f'<resumptionToken completeListSize="{count}" cursor="{number * size}">{token}</resumptionToken>'
    body = "".join(records(one) for one in numbers)
    return f"{_HEAD}<ListRecords>{body}{tail}</ListRecords></OAI-PMH>".encode()


def write(folder: Path, count: int, changed: frozenset[int] = frozenset()) -> None:
    """The answers of a repository of ``count`` records as files: identify, formats, page-N."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identify").write_bytes(about("Identify"))
    (folder / "formats").write_bytes(about("ListMetadataFormats"))
    for number in range((count + PAGE - 1) // PAGE):
        body = page(number, PAGE, count, lambda one: record(one, int(one in changed)))
        (folder / f"page-{number}").write_bytes(body)
