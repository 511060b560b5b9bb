"""Adding an academy from an address: find its list, read a sample, write ``academies/<id>.toml`` with reasons.

Nothing is overwritten and no contact is guessed. An academy that has a file gets a further ``[[feeds]]`` block. What
is written was read back by ``academies.load`` before it takes its place.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harvesters import base as harvesters
from registry import academies
from registry.academies import BadAcademy
from registry.detection import Candidate, Detection
from registry.model import Academy
from registry.pipeline import check
from registry.pipeline.check import Checked, Unreadable
from registry.settings import Settings

PRIVATE = "net-private-address"
# Parts of host names that name no one.
_COMMON = frozenset({
    "www", "www2", "web", "moodle", "lms", "learn", "learning", "elearning", "academy", "training", "courses", "data",
    "opendata", "repository", "oai", "api", "portal", "campus", "mooc", "edx", "open", "catalog", "catalogue", "m",
})  # fmt: skip
_SECOND = frozenset(
    {"ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "govt", "net", "or", "org", "gub", "gv", "int"}
)
_KNOWN_LICENCE = re.compile(
    r"https?://(?:creativecommons\.org/(?:licenses|publicdomain)/|opensource\.org/licen|www\.etalab\.gouv\.fr/licence|"
    r"www\.nationalarchives\.gov\.uk/doc/open-government-licence)\S*|CC[ -]?(?:BY|0)[A-Za-z0-9. -]*",
    re.IGNORECASE,
)
_NO_ID = re.compile(r"[^a-z0-9]+")


class CannotAdd(Exception):
    """Nothing was written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says beside the address; "" leaves it to be found."""

    id: str = ""
    name: str = ""
    language: str = ""
    feed: str = ""
    protocol: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written: the file, the whole new text of it, what of it is new; and what it rests on."""

    path: Path
    text: str
    added: str
    academy: str
    feed: str
    checked: Checked
    before: str | None = None

    @property
    def command(self) -> str:
        """What to call next."""
        return f"meta-academy harvest {self.feed}"


def plan(settings: Settings, address: str, wish: Wish) -> Plan:
    """Find the list, read a sample of it, and draw up the entry. Raises CannotAdd."""
    address = address.strip()
    if not re.match(r"(?:https?|webcals?)://[^\s]+$", address):
        raise CannotAdd(f"{address}: is no address that begins with http:// or https://")
    if "@" in urlsplit(address).netloc:
        raise CannotAdd("the address holds a user name or password; the academy's file is public, leave it out")
    known = _known(settings)
    checked = _sampled(settings, address, wish)
    chosen, detection = checked.chosen, checked.detection
    assert chosen is not None and detection is not None  # check_list says so of every address
    if chosen.lone:
        raise CannotAdd(f"{address}: is a single description and no list; give the address of the list it is from")
    _not_twice(known, chosen.address)
    name = wish.id or _id_of(address)
    path = settings.academies / f"{name}.toml"
    entry = known.get(name)
    feed = wish.feed or _feed_id(known, name, chosen.protocol)
    block = _feed_block(feed, chosen, checked, detection, wish)
    if entry is not None:
        before = path.read_text("utf-8-sig")
        text = before.rstrip("\n") + "\n\n" + block
        made = Plan(path, text, block, name, feed, checked, before)
    else:
        text = _academy_head(name, address, detection, wish) + "\n" + block
        made = Plan(path, text, text, name, feed, checked)
    _valid(settings, made)
    return made


def write(made: Plan) -> None:
    """Put the file in its place, whole or not at all. Raises CannotAdd where it changed or appeared meanwhile."""
    made.path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=made.path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(made.text)
        Path(name).chmod(0o644)
        if made.before is None:
            os.link(name, made.path)  # fails where the file is there
        elif made.path.read_text("utf-8-sig") != made.before:
            raise CannotAdd(f"{made.path}: was changed meanwhile; call this again")
        else:
            Path(name).replace(made.path)
    except FileExistsError as error:
        raise CannotAdd(f"{made.path}: is there already, and nothing is overwritten") from error
    except OSError as error:
        raise CannotAdd(f"{made.path}: {error.strerror}") from error
    finally:
        Path(name).unlink(missing_ok=True)


def _known(settings: Settings) -> Mapping[str, Academy]:
    """The academies that have files; none where there is no folder yet."""
    if not settings.academies.is_dir():
        return {}
    try:
        return academies.load(settings.academies, protocols=harvesters.names())
    except BadAcademy as error:
        raise CannotAdd(f"mend this first:\n{error}") from error


def _sampled(settings: Settings, address: str, wish: Wish) -> Checked:
    try:
        return check.check_found(settings, address, wish.protocol, private=wish.private)
    except Unreadable as error:
        if error.code == PRIVATE:
            raise CannotAdd(
                f"{address}: is on a private network; if the server is yours and this registry may ask it, say"
                " --allow-private"
            ) from error
        raise CannotAdd(str(error)) from error


def _not_twice(known: Mapping[str, Academy], address: str) -> None:
    for academy in known.values():
        for feed in academy.feeds:
            if feed.address.rstrip("/") == address.rstrip("/"):
                raise CannotAdd(f"{address} is there already: {academy.id}.toml lists it as {feed.id}")


def _id_of(address: str) -> str:
    """A short name from the host: "https://moodle.istat.it/x" is istat. Raises CannotAdd."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    try:
        ipaddress.ip_address(host)
        host = ""
    except ValueError:
        pass
    labels = [label for label in host.split(".") if label]
    steps = [step for step in parts.path.split("/") if step]
    if host in ("github.com", "gitlab.com", "codeberg.org", "www.github.com", "raw.githubusercontent.com") and steps:
        word = steps[0]
    elif len(labels) < 2:
        raise CannotAdd("no short name follows from this address; give one: --id NAME")
    else:
        end = -2 if len(labels) > 2 and labels[-2] in _SECOND else -1
        rest = [label for label in labels[:end] if label not in _COMMON] or labels[:end]
        word = rest[-1]
    made = _NO_ID.sub("-", word.lower()).strip("-")
    if not made:
        raise CannotAdd("no short name follows from this address; give one: --id NAME")
    return made


_WORDS = {
    "table": "courses", "web_pages": "site", "oai_pmh": "oai", "calendar": "calendar", "feed": "news",
    "links": "links", "git": "lessons", "rdf": "catalogue", "zenodo": "repository",
}  # fmt: skip


def _feed_id(known: Mapping[str, Academy], academy: str, protocol: str) -> str:
    """A name that no other list has."""
    taken = {feed.id for one in known.values() for feed in one.feeds}
    stem = f"{academy}-{_WORDS.get(protocol, _NO_ID.sub('-', protocol))}"
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if name not in taken)


def _quoted(text: str) -> str:
    """A TOML string on one line."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comment(text: str) -> str:
    """A text as part of a comment."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]


def _language(detection: Detection, wish: Wish) -> str:
    return wish.language or check.language_of(detection)


def _academy_head(name: str, address: str, detection: Detection, wish: Wish) -> str:
    parts = urlsplit(re.sub(r"^webcal(s?):", r"http\1:", address))
    language = _language(detection, wish)
    title = wish.name or detection.site.get("name", "")
    stated = "as you said" if wish.name else "as the site calls itself; mend it where it is no organisation's name"
    if not title:
        title, stated = parts.hostname or name, "the site does not say it: write the organisation's name"
    homepage = f"{parts.scheme}://{parts.netloc}/"
    return "\n".join([
        f"# Written by: meta-academy add {_comment(address)}",
        "# The file's name is the academy's id and part of public addresses. Every key: docs/academies.md.",
        "",
        f"# {stated[0].upper()}{stated[1:]}; by language: {{ en = \"…\", fr = \"…\" }}",
        f"name = {{ {language or 'en'} = {_quoted(title)} }}",
        "# The site of the address.",
        f"homepage = {_quoted(homepage)}",
        "# Nobody's address is guessed: a shared mailbox or a contact page, shown to the public.",
        '# contact = "training@example.org"',
        "# Two capital letters of ISO 3166-1; left out for international organisations.",
        '# country = "FR"',
        "",
    ])  # fmt: skip


def _feed_block(feed: str, chosen: Candidate, checked: Checked, detection: Detection, wish: Wish) -> str:
    read = checked.run.counts.get("records", 0)
    seen = f"{read} entries were read" + (", of a longer list" if checked.sampled else "")
    language, licence = _language(detection, wish), detection.site.get("licence", "")
    lines = [
        "[[feeds]]",
        "# Unique among all lists; part of public addresses, chosen for good.",
        f"id = {_quoted(feed)}",
    ]
    reasons = [texts["en"] for texts in checked.report.found[:1]]
    lines += [f"# {_comment(reason)}" for reason in reasons]
    lines += [f"protocol = {_quoted(chosen.protocol)}", f"address = {_quoted(chosen.address)}"]
    if chosen.protocol == "oai_pmh":
        lines += ["# Of several formats the richest is taken, unless this says another.", '# format = "oai_dc"']
    if language:
        origin = "As you said" if wish.language else "As the site declares"
        lines += [f"# {origin}: of texts that do not state their own.", f"language = {_quoted(language)}"]
    else:
        lines += ["# The language of texts that do not state theirs; the site declares none.", '# language = "en"']
    if licence and _KNOWN_LICENCE.fullmatch(licence):
        lines += [
            "# As the list states it: of resources that do not state their own.",
            f"licence = {_quoted(licence)}",
        ]
    lines += ["# How its descriptions may be passed on: agreed, published, asked or none. Until then texts are shown",
              "# with their source and left out of exports.", 'permission = "none"']  # fmt: skip
    if wish.private:
        lines += ["# Its address is private; you allowed this registry to ask it.",
                  f"allow_hosts = [{_quoted(urlsplit(chosen.address).netloc.lower())}]"]  # fmt: skip
    least = max(1, read // 2)
    drop = 0.5 if read < 10 else 0.2
    lines += [
        "",
        "# Outside of this a visit changes nothing and says so.",
        "[feeds.expect]",
        f"# {seen}; fewer than half of that is a fault.",
        f"min_records = {least}",
        f"# The share of entries that one visit may take away{' (a short list)' if drop > 0.2 else ''}.",
        f"max_drop = {drop}",
    ]
    if chosen.options:
        lines += ["", "# What only this protocol knows.", "[feeds.options]"]
        lines += [f"{key} = {_value(value)}" for key, value in sorted(chosen.options.items())]
    others = detection.others(chosen)[:5]
    if others:
        lines += ["", "# Also found there, and not read:"]
        lines += [f"#   {one.protocol}: {_comment(one.address)}" for one in others]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return str(value) if isinstance(value, int | float) else _quoted(str(value))


def _valid(settings: Settings, made: Plan) -> None:
    """The file is read back among the others, as a visit would. Raises CannotAdd."""
    with tempfile.TemporaryDirectory() as folder:
        apart = Path(folder)
        for path in settings.academies.glob("*.toml") if settings.academies.is_dir() else ():
            shutil.copy(path, apart / path.name)
        (apart / made.path.name).write_text(made.text, "utf-8")
        try:
            loaded = academies.load(apart, protocols=harvesters.names())
        except BadAcademy as error:
            raise CannotAdd(str(error).replace(str(apart), str(settings.academies))) from error
    feeds = [feed for feed in loaded[made.academy].feeds if feed.id == made.feed]
    if len(feeds) != 1:
        raise CannotAdd(f"{made.path}: the entry could not be read back")
