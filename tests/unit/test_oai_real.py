"""Real answers of repositories, replayed: records or a clear issue, never a traceback."""

from __future__ import annotations

from collections import Counter

import pytest

from harvesters.base import FeedFailed, Visit
from harvesters.oai_pmh import harvest
from registry import messages
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris, owns
from registry.model import Academy, Feed, FeedIssue, RawRecord
from registry.net import Fetcher
from registry.settings import Settings
from registry.terms import from_ntriples, to_ntriples
from tests.support.oai_server import OPEN, Repository, repository

# Folder: (files at least, records at least, of them mapped at least)
EXPECTED = {"zenodo": (30, 255, 250), "sickle": (15, 8, 4), "pyoai": (8, 60, 50), "eudat": (40, 40, 35)}


def pages(folder):
    for file in sorted(folder.rglob("*.xml")):
        body = file.read_bytes()
        if b"OAI-PMH" not in body and b"<record" in body:
            body = body[body.index(b"<record") :]
            body = OPEN.encode() + b"<ListRecords>" + body + b"</ListRecords></OAI-PMH>"
        yield file, body


@pytest.mark.parametrize("name", EXPECTED)
def test_replay(shared, name):
    known, counts = messages.load(), Counter()
    last = (OPEN + "<ListRecords></ListRecords></OAI-PMH>").encode()
    for _file, body in pages(shared / "data" / "oai-pmh" / name):
        counts["files"] += 1

        def replay(arguments, number, body=body):
            if arguments["verb"] != "ListRecords":
                return None
            return 200, {}, last if "resumptionToken" in arguments else body

        with repository(Repository([], fault=replay)) as base:
            feed = Feed("f", "a", "oai_pmh", base, allow_hosts=("127.0.0.1",))
            iris = Iris("https://registry.example")
            context = MapContext(
                Academy("a", {"en": "A"}, "https://a.example"), feed, iris, values.load(iris, feed, None)
            )
            with Fetcher(Settings(http_retries=0), feed) as http:
                try:
                    events = list(harvest(Visit(feed, http)))
                except FeedFailed as failed:
                    assert failed.issue.code in known
                    counts[failed.issue.code] += 1
                    continue
        issues = [event.issue for event in events if isinstance(event, FeedIssue)]
        records = [event for event in events if isinstance(event, RawRecord)]
        assert records or issues
        counts["records"] += len(records)
        for record in records:
            issues += record.issues
            if record.broken or record.deleted:
                counts["broken" if record.broken else "deleted"] += 1
                continue
            mapped = load(record.format)(record, context)
            counts[record.format] += 1
            issues += mapped.issues
            assert mapped.triples or mapped.issues
            counts["mapped"] += bool(mapped.triples)
            entry = iris.record("f", record.key)
            assert all(owns(mapped.resource, s) or s == entry for s, _, _, _ in mapped.triples)
            text = to_ntriples(triple[:3] for triple in mapped.triples)
            assert to_ntriples(from_ntriples(text)) == text
        for issue in issues:
            counts[issue.code] += 1
            assert "{" not in messages.fill(known[issue.code].text["es"] + known[issue.code].mend["es"], issue) or (
                "{" in issue.value
            )
    print(name, dict(counts))
    files, found, mapped_least = EXPECTED[name]
    assert (counts["files"] >= files, counts["records"] >= found, counts["mapped"] >= mapped_least) == (True,) * 3
