"""Checking a list before anybody publishes it: read it as a visit would, keep nothing, say what to mend."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from registry import messages
from registry.detection import Candidate, Detection, best_first, can_read, detect, nature, sniff, told
from registry.ledger import FindingGroup, findings
from registry.messages import Message, fill
from registry.model import Academy, Expect, Feed, Issue, Run
from registry.net import Fetcher, NetError
from registry.pipeline import reporting
from registry.pipeline import sample as sampling
from registry.pipeline.house import House, opened
from registry.pipeline.intake import Intake, visit
from registry.pipeline.one_file import serving
from registry.report.model import Cause, Report
from registry.settings import Settings

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
INCOMPLETE = "harvest-incomplete"


class Unreadable(Exception):
    """What was to be checked cannot be read at all; the message says why and how to mend it.

    ``code`` is that of the issue of the network, "" for other causes.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Checked:
    """The result: how the visit went, and the report on it (``registry/report`` shows it in every form).

    ``sampled`` entries were read of more (0: all of them). ``detection`` and ``chosen``: what was found at the
    address and which of it was read.
    """

    protocol: str
    run: Run
    report: Report
    sampled: int = 0
    detection: Detection | None = None
    chosen: Candidate | None = None

    @property
    def violations(self) -> int:
        """How many findings keep something from being published."""
        return self.report.violations

    @property
    def complete(self) -> bool:
        """Whether the list was read to its end, or the whole sample was."""
        return self.report.complete

    @property
    def told(self) -> dict[str, Any]:
        """For machines, beside the report: all that was found and tried, and how much of it was read."""
        found = self.detection
        return {
            "sampled": self.sampled,
            "detection": told.as_json(found, self.chosen, messages.load()) if found is not None else None,
        }

    def of(self, detection: Detection, chosen: Candidate) -> Checked:
        """The same, saying what was found and why."""
        lines = told.found(detection, chosen, messages.load())
        report = replace(self.report, found=(*lines, *self.report.found))
        return replace(self, report=report, detection=detection, chosen=chosen)


After = Callable[[House, Feed], None]
NO_TOKEN = "0123456789abcdef-no-token"  # harvesters take the token out of all that they keep: no word of a list
TRIES = 3  # lists of a site that are read in turn until one gives something
DETECT_TIMEOUT = 20.0


def check_list(
    settings: Settings, what: str, protocol: str = "", after: After | None = None, *, whole: bool = False
) -> Checked:
    """Read a file, a folder or an address as a visit would, in a ledger that is thrown away. Raises Unreadable.

    Without a ``protocol`` it is found. Of an address that holds a long list a sample is read, unless ``whole``.
    ``after`` may look at the ledger before it goes.
    """
    if re.match(r"https?://", what) and protocol:
        return _check(settings, _feed(what, protocol), what, after, whole=whole)
    if re.match(r"(?:https?|webcals?)://", what):
        return _detected(settings, what, after, whole)
    path = Path(what)
    if path.is_dir():
        feed = Feed("check", "check", protocol or "git", path.resolve().as_uri(), expect=Expect(0, 1.0))
        return _check(settings, feed, what, after, whole=True)
    if not path.is_file():
        raise Unreadable(f"{what}: there is no such file, and it is no address (http:// or https://)")
    return check_bytes(settings, path.read_bytes(), path.name, what, protocol, after)


def check_bytes(
    settings: Settings, body: bytes, name: str, what: str, protocol: str = "", after: After | None = None
) -> Checked:
    """As ``check_list``, of bytes that are at hand; ``name`` as a file would have it."""
    texts = messages.load()
    candidates = best_first(one for one in sniff(body, "", f"/{name}") if one.protocol != "sparql")
    named = tuple(replace(one, address=what, why=replace(one.why, place=what)) for one in candidates)
    detection = Detection(what, named)
    best = detection.best if not protocol else None
    if not protocol and best is None:
        raise Unreadable(_nothing(detection, texts, nature(body, "")))
    kind = protocol or (best.protocol if best else "")
    with serving(name, body, kind) as address:
        feed = Feed("check", "check", kind, address, expect=Expect(0, 1.0), allow_hosts=_hosts(address))
        feed = replace(feed, options=dict(best.options)) if best else feed
        # A saved answer of a web service is asked for as if with a token.
        own = replace(settings, tokens={"check": NO_TOKEN}) if body.lstrip()[:1] in (b"{", b"[") else settings
        try:
            checked = _check(own, feed, what, after, whole=True)
        except Unreadable as error:
            raise Unreadable(str(error).replace(address, what)) from error
    return checked if best is None else checked.of(detection, best)


def find(settings: Settings, address: str, *, private: bool = True) -> Detection:
    """What an address offers. ``private``: who gives it may see it, also on a private network. Raises Unreadable."""
    hosts = _hosts(address) if private else ()
    hurried = replace(settings, http_retries=0, http_timeout=min(settings.http_timeout, DETECT_TIMEOUT))
    try:
        with Fetcher(hurried, Feed("check", "check", "", address, allow_hosts=hosts)) as http:
            return detect(http, address)
    except NetError as error:
        raise Unreadable(f"{address}: {_said(error.issue)}", error.issue.code) from error


def check_found(settings: Settings, address: str, protocol: str = "", *, private: bool = True) -> Checked:
    """A sample of the best list of an address, or of the best of a ``protocol``; says what was found.

    ``private``: the address may be one of a private network. Raises Unreadable.
    """
    return _detected(settings, address, None, False, protocol, private)


def _detected(
    settings: Settings, what: str, after: After | None, whole: bool, protocol: str = "", private: bool = True
) -> Checked:
    """The best list of an address; where it gives nothing, the next best."""
    detection = find(settings, what, private=private)
    if protocol:
        told_so = Candidate(protocol, "", what, Issue("detect-by-given", what), 1.0)
        found = [one for one in detection.candidates if one.protocol == protocol]
        detection = replace(detection, candidates=tuple(found) or (told_so,))
    texts = messages.load()
    readable = [one for one in detection.candidates if can_read(one.protocol)]
    if not readable:
        raise Unreadable(_nothing(detection, texts, what))
    failure: Unreadable | None = None
    for one in readable[:TRIES]:
        try:
            checked = _one(settings, one, what, after, whole, private, language_of(detection))
        except Unreadable as error:
            failure = failure or error
        else:
            return checked.of(detection, one)
    lines = [str(failure)]
    if detection.unread:
        lines.append(_said(Issue("detect-not-installed", what, ", ".join(detection.unread))))
    asked = told.tried(detection, texts, "en")
    raise Unreadable("\n  ".join([*lines, *asked] if len(asked) > 1 else lines))


def _one(
    settings: Settings, one: Candidate, what: str, after: After | None, whole: bool, private: bool, language: str
) -> Checked:
    if not one.lone:
        feed = replace(_feed(one.address, one.protocol), options=dict(one.options), language=language or None)
        feed = feed if private else replace(feed, allow_hosts=())
        return _check(settings, feed, what, after, whole=whole)
    try:
        with Fetcher(settings, _feed(what, "")) as http:
            body = http.get(what).body
    except NetError as error:
        raise Unreadable(f"{what}: {_said(error.issue)}") from error
    return check_bytes(settings, body, urlsplit(what).path.rpartition("/")[2] or "file", what, one.protocol, after)


def language_of(detection: Detection) -> str:
    """The language that a site declares, "" where it declares none that can be one."""
    said = detection.site.get("language", "").replace("_", "-")
    return said if _LANGUAGE.fullmatch(said) else ""


def _nothing(detection: Detection, texts: Mapping[str, Message], nature_: str) -> str:
    """Why nothing can be read: what was found and has no part here, else what was tried."""
    unread = ", ".join(detection.unread)
    issue = Issue("detect-not-installed" if unread else "detect-nothing", detection.address, unread or nature_)
    asked = told.tried(detection, texts, "en")
    return "\n  ".join([f"{detection.address}: {_said(issue)}", *asked])


def _said(issue: Issue) -> str:
    message = messages.load().get(issue.code)
    return messages.said(message, issue, "en") if message else str(issue)


def _hosts(address: str) -> tuple[str, ...]:
    """Who types an address may see it: the host is allowed even on a private network."""
    parts = urlsplit(address)
    return tuple(host for host in (parts.netloc.rpartition("@")[2], parts.hostname) if host)


def _feed(address: str, protocol: str) -> Feed:
    address = re.sub(r"^webcal(s?):", r"http\1:", address)
    return Feed("check", "check", protocol, address, expect=Expect(0, 1.0), allow_hosts=_hosts(address))


def _check(settings: Settings, feed: Feed, what: str, after: After | None = None, *, whole: bool) -> Checked:
    academy = Academy("check", {"en": what}, feed.address, feeds=(feed,))
    sample = None if whole or feed.protocol in sampling.WHOLE else sampling.Sample()
    if sample is not None:
        feed = replace(feed, options={**sampling.OPTIONS.get(feed.protocol, {}), **feed.options})
    with tempfile.TemporaryDirectory() as folder:
        # A file is served by ourselves; others are asked no faster than two pages a second.
        delay = min(settings.http_delay, 0.5) if re.match("(?:https?|webcals?):", what) else 0.0
        apart = replace(settings, data=Path(folder), base="https://check.invalid", http_delay=delay, workers=1,
                        schemes=str(settings.schemes_folder))  # fmt: skip
        # What is read from our own schemes is kept where a registry keeps it; nothing of the list is.
        if (kept := settings.data / "cache").is_dir():
            (apart.data / "cache").symlink_to(kept.resolve(), target_is_directory=True)
        with opened(apart, {"check": academy}) as house:
            intake = Intake(house.connection, apart, house.iris, house.root, house.messages, sample=sample)
            run = visit(intake, academy, feed)
            if after is not None and run.counts.get("records"):
                after(house, feed)
            if not run.counts.get("records"):
                reason = _reason(tuple(findings.groups(house.connection, ["check"])), house)
                raise Unreadable(f"{what}: {reason or run.message or 'no entry was found in it.'}")
            report = reporting.report(house, what, [feed], last={feed.id: run}, rename=(feed.address, what))
            if sample is None:
                return Checked(feed.protocol, run, report)
            causes = tuple(cause for cause in report.causes if not _ours(sample, cause, house))
            if not sample.cut:
                return Checked(feed.protocol, run, report)
            count = run.counts["records"]
            issue, message = Issue("detect-sample", "", str(count)), house.messages["detect-sample"]
            line = {lang: f"{fill(message.text[lang], issue)} {message.mend[lang]}" for lang in messages.LANGUAGES}
            causes = tuple(cause for cause in causes if cause.code != INCOMPLETE)
            return Checked(
                feed.protocol, run, replace(report, causes=causes, complete=True, found=(*report.found, line)), count
            )


def _ours(sample: sampling.Sample, cause: Cause, house: House) -> bool:
    """Whether a finding tells only where the sample ended."""
    end = house.messages["detect-sample-end"].text["en"]
    ended = cause.code in sampling.ENDS or cause.code == "detect-sample-end"
    ended = ended or any(end in example.issue.value for example in cause.examples)
    sample.cut = sample.cut or ended
    return ended


def _reason(groups: tuple[FindingGroup, ...], house: House) -> str:
    """Why nothing could be read: the gravest findings."""
    gravest = next((s for s in ("violation", "warning") if any(group.severity == s for group in groups)), "info")
    said = []
    for group in groups:
        # That the end was not reached says nothing where another finding says why.
        if group.severity == gravest and (group.code != INCOMPLETE or len(groups) == 1):
            message, issue = house.messages[group.code], group.examples[0].issue
            said.append(messages.said(message, issue, "en"))
    return " ".join(said)
