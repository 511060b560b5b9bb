"""Recorded lists of LOM, DataCite and MODS → the expected graph and issues, the same bytes each time.

After a wanted change: ``python -m tests.unit.test_oai_rich_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.base import Visit
from harvesters.oai_pmh import harvest
from registry import messages
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris, owns
from registry.model import Academy, Document, Done, Feed, FeedIssue, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings
from registry.terms import to_ntriples
from tests.support.oai_server import OPEN, serving

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
PLACE = "http://repository.example"
FORMATS = {
    "lom": ("oai_lom", "http://ltsc.ieee.org/xsd/LOM"),
    "datacite": ("oai_datacite", "http://schema.datacite.org/oai/oai-1.1/"),
    "mods": ("mods", "http://www.loc.gov/mods/v3"),
}
SUBJECTS = {"gsbpm": {"Edit and impute": "sp-5.4", "sp-5.4": "sp-5.4"}}
IDENTIFY = (
    "<Identify><deletedRecord>persistent</deletedRecord><granularity>YYYY-MM-DD</granularity></Identify></OAI-PMH>"
)


def run(form: str, seen: frozenset[str] = frozenset()):
    """Harvest a recorded list: (events, graph, issues), the server's address replaced."""
    prefix, namespace = FORMATS[form]
    entries = "".join(
        f"<metadataFormat><metadataPrefix>{name}</metadataPrefix><metadataNamespace>{space}</metadataNamespace></metadataFormat>"
        for name, space in (("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc/"), (prefix, namespace))
    )
    answers = {
        "Identify": OPEN + IDENTIFY,
        "ListMetadataFormats": f"{OPEN}<ListMetadataFormats>{entries}</ListMetadataFormats></OAI-PMH>",
        "ListRecords": (GOLDEN / form / "page.xml").read_text("utf-8"),
        "ListIdentifiers": OPEN + "<ListIdentifiers><header/></ListIdentifiers></OAI-PMH>",
    }

    def reply(path, headers):
        verb = path.partition("verb=")[2].partition("&")[0]
        assert verb != "ListRecords" or f"metadataPrefix={prefix}" in path
        return 200, {"Content-Type": "text/xml"}, answers[verb].encode()

    with serving(reply) as base:
        feed = Feed("office", "eso", "oai_pmh", base + "/oai", language="es", allow_hosts=("127.0.0.1",))
        iris = Iris("https://registry.example")
        academy = Academy("eso", {"en": "Example Statistics Office"}, "https://e.example")
        context = MapContext(academy, feed, iris, values.load(iris, feed, SUBJECTS))
        with Fetcher(Settings(http_retries=0), feed) as http:
            events = list(harvest(Visit(feed, http, seen=lambda digest: digest in seen)))
        triples, issues = [], []
        for event in events:
            if isinstance(event, FeedIssue):
                issues.append(("", event.issue))
            if isinstance(event, RawRecord):
                issues += [(event.key, issue) for issue in event.issues]
                if not event.broken and not event.deleted:
                    mapped = load(event.format)(event, context)
                    assert event.format == form
                    assert all(
                        owns(mapped.resource, s) or s == iris.record("office", event.key)
                        for s, _, _, _ in mapped.triples
                    )
                    triples += [triple[:3] for triple in mapped.triples]
                    issues += [(event.key, issue) for issue in mapped.issues]
        lines = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) for key, one in issues]
        told = "".join(f"{row}\n" for row in lines).replace(base, PLACE)
        for _, issue in issues:
            said = messages.load()[issue.code]
            assert "{" not in messages.fill(said.text["fr"] + said.mend["fr"], issue), issue
        return events, to_ntriples(triples).replace(base, PLACE), told


@pytest.mark.parametrize("form", FORMATS)
def test_expected_graph_and_issues(form):
    events, graph, issues = run(form)
    assert graph == (GOLDEN / form / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / form / "issues.tsv").read_text("utf-8")
    assert "@example.org" not in graph + issues and "@example.org" not in str(events[-1])
    assert [event.deleted for event in events if isinstance(event, RawRecord)] == [False, False, True]


@pytest.mark.parametrize("form", FORMATS)
def test_twice_gives_the_same_and_then_nothing(form):
    first, second = run(form), run(form)
    assert first[1:] == second[1:]
    records = [[one.payload for one in events if isinstance(one, RawRecord)] for events in (first[0], second[0])]
    assert records[0] == records[1] and len(records[0]) == 3
    seen = frozenset(one.digest for one in first[0] if isinstance(one, Document))
    again = run(form, seen)[0]
    assert [type(event) for event in again] == [Unchanged, Done] and again[-1].complete


if __name__ == "__main__":
    for name in FORMATS:
        (GOLDEN / name / "expected.nt").write_text(run(name)[1], "utf-8")
        (GOLDEN / name / "issues.tsv").write_text(run(name)[2], "utf-8")
