"""A recorded site → the expected payloads, graph and issues, the same bytes each time.

After a wanted change: ``python -m tests.unit.test_web_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from registry import messages
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris, owns
from registry.model import Academy, FeedIssue, RawRecord
from registry.terms import to_ntriples
from tests.support.web_site import done, serve, unchanged

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "web_pages"
PLACE = "https://office.example"
ACADEMY = Academy("oes", {"en": "Office of Example Statistics"}, "https://office.example/", acronym="OES")
SUBJECTS = {"gsbpm": {"Configure workflows": "sp-3.4"}, "work-status": {"Active": "active"}}
NAMES = ("records.txt", "expected.nt", "issues.tsv")


def pages():
    site = GOLDEN / "site"
    return {
        f"/{file.relative_to(site).as_posix()}": file.read_text("utf-8") for file in site.rglob("*") if file.is_file()
    }


def moved(event, root):
    """An event as if the site stood at its own address: the server's port must not get into keys."""
    if not isinstance(event, RawRecord):
        return event
    return replace(
        event,
        key=event.key.replace(root, PLACE),
        payload=event.payload.replace(root.encode(), PLACE.encode()),
        source=event.source.replace(root, PLACE),
    )


def run(visits=1):
    """Harvest the recorded site: (events of the last visit, payloads, graph, issues of the first)."""
    with serve(pages()) as site:
        feed = site.feed("/", language="en")
        iris = Iris("https://registry.example")
        context = MapContext(ACADEMY, feed, iris, values.load(iris, feed, SUBJECTS))
        first = events = site.visit(feed)
        for _ in range(visits - 1):
            events = site.visit(feed)
        root = site.root
    triples, issues, payloads = [], [], []
    first = [moved(event, root) for event in first]
    for event in first:
        if isinstance(event, FeedIssue):
            issues.append(("", event.issue))
        if isinstance(event, RawRecord):
            payloads.append(f"{event.key}\n{event.payload.decode()}\n\n")
            issues += [(event.key, issue) for issue in event.issues]
            if not event.broken:
                mapped = load("schemaorg")(event, context)
                record = iris.record(feed.id, event.key)
                assert all(owns(mapped.resource, s) or s == record for s, _, _, _ in mapped.triples)
                triples += [triple[:3] for triple in mapped.triples]
                issues += [(event.key, issue) for issue in mapped.issues]
    known = messages.load()
    for _, issue in issues:
        text = known[issue.code]
        assert not any("{" in messages.fill(text.text[lang] + text.mend[lang], issue).replace(issue.value, "")
                       for lang in messages.LANGUAGES), issue  # fmt: skip
    lines = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) for key, one in issues]
    found = ("".join(payloads), to_ntriples(triples), "".join(f"{line}\n" for line in lines))
    return events, *(text.replace(root, PLACE) for text in found)


def test_expected_payloads_graph_and_issues():
    events, *found = run()
    for name, text in zip(NAMES, found, strict=True):
        assert text == (GOLDEN / name).read_text("utf-8"), name
    assert done(events).complete  # what robots.txt forbids was never ours


def test_twice_the_same_bytes_and_then_nothing_new():
    assert run()[1:] == run()[1:]
    events = run(visits=2)[0]
    assert not [event for event in events if isinstance(event, RawRecord)]
    assert len(unchanged(events)) == 7


if __name__ == "__main__":
    for name, text in zip(NAMES, run()[1:], strict=True):
        (GOLDEN / name).write_text(text, "utf-8")
