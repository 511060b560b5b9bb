"""Generated oai_dc lists for timing: plausible, deterministic, never used for a claim about quality."""

from __future__ import annotations

import random
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


def write(folder: Path, count: int, changed: frozenset[int] = frozenset()) -> None:
    """The answers of a repository of ``count`` records as files: identify, formats, page-N."""
    folder.mkdir(parents=True, exist_ok=True)
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
    (folder / "identify").write_text(f"{_HEAD}{identify}</OAI-PMH>", "utf-8")
    (folder / "formats").write_text(f"{_HEAD}{formats}</OAI-PMH>", "utf-8")
    pages = (count + PAGE - 1) // PAGE
    for page in range(pages):
        numbers = range(page * PAGE, min((page + 1) * PAGE, count))
        records = "".join(record(number, int(number in changed)) for number in numbers)
        token = str(page + 1) if page + 1 < pages else ""
        tail = f'<resumptionToken completeListSize="{count}" cursor="{page * PAGE}">{token}</resumptionToken>'
        (folder / f"page-{page}").write_text(f"{_HEAD}<ListRecords>{records}{tail}</ListRecords></OAI-PMH>", "utf-8")
