"""A recorded repository → the expected graph and issues, the same bytes each time.

After a wanted change: ``python -m tests.unit.test_oai_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

from harvesters.base import Visit
from harvesters.oai_pmh import harvest
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris
from registry.model import Academy, Document, Done, Feed, FeedIssue, RawRecord
from registry.net import Fetcher
from registry.settings import Settings
from registry.terms import to_ntriples
from tests.support.oai_server import serving

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "oai_pmh"
PLACE = "http://repository.example"


def run(cut: int | None = None):
    """Harvest the recorded pages: (events, graph, issues), the server's address replaced."""

    def reply(path, headers):
        verb = path.partition("verb=")[2].partition("&")[0]
        if verb == "ListRecords":
            name = "page2" if "resumptionToken=two+%26+more" in path else "page1"
            body = (GOLDEN / "feed" / f"{name}.xml").read_bytes()
            return 200, {"Content-Type": "text/xml"}, body[:cut] if name == "page2" and cut else body
        return 200, {"Content-Type": "text/xml"}, (GOLDEN / "feed" / f"{verb}.xml").read_bytes()

    with serving(reply) as base:
        feed = Feed("office", "eso", "oai_pmh", base + "/oai", language="es", allow_hosts=("127.0.0.1",))
        iris = Iris("https://registry.example")
        context = MapContext(
            Academy("eso", {"en": "E"}, "https://e.example"), feed, iris, values.load(iris, feed, None)
        )
        with Fetcher(Settings(http_retries=0), feed) as http:
            events = list(harvest(Visit(feed, http)))
    triples, issues = [], []
    for event in events:
        if isinstance(event, FeedIssue):
            issues.append(("", event.issue))
        if isinstance(event, RawRecord):
            issues += [(event.key, issue) for issue in event.issues]
            if not event.broken and not event.deleted:
                mapped = load("oai_dc")(event, context)
                triples += [triple[:3] for triple in mapped.triples]
                issues += [(event.key, issue) for issue in mapped.issues]
    lines = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) for key, one in issues]
    found = to_ntriples(triples).replace(base, PLACE), "".join(f"{row}\n" for row in lines).replace(base, PLACE)
    return events, *found


def test_expected_graph_and_issues():
    _, graph, issues = run()
    assert graph == (GOLDEN / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / "issues.tsv").read_text("utf-8")


def test_twice_gives_the_same_bytes():
    first, second = run(), run()
    assert first[1:] == second[1:]

    def payloads(events):
        return [(one.key, one.payload, one.deleted, one.broken) for one in events if isinstance(one, RawRecord)]

    assert payloads(first[0]) == payloads(second[0]) and len(payloads(first[0])) == 5
    digests = [[one.digest for one in events if isinstance(one, Document)] for events in (first[0], second[0])]
    assert digests[0] == digests[1] and len(digests[0]) == 2


def test_every_cut_of_the_last_page_proves_nothing():
    size = len((GOLDEN / "feed" / "page2.xml").read_bytes())
    for cut in range(1, size - len("</ListRecords>\n</OAI-PMH>\n"), 97):
        done = run(cut)[0][-1]
        assert isinstance(done, Done) and not done.complete and done.bookmark == {}, cut


if __name__ == "__main__":
    (GOLDEN / "expected.nt").write_text(run()[1], "utf-8")
    (GOLDEN / "issues.tsv").write_text(run()[2], "utf-8")
