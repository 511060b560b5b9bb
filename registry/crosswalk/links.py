"""Links of a Markdown list → the profile: little is claimed, and every record says so.

A list says what others offer: title, address, a line of description, the headings above. No author, date or
licence follows from that, also not the list's own licence. Source: docs/profile.md, "Learning resource".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from registry.crosswalk import clean
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.record_node import describe
from registry.crosswalk.values import types_for
from registry.model import RawRecord
from registry.terms import Iri, Literal

PROFILE = "https://spec.commonmark.org/"


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one link. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    try:
        data = json.loads(record.payload)
    except (ValueError, RecursionError):
        data = None
    address = clean.url(str(data.get("url", ""))) if isinstance(data, dict) else None
    if not isinstance(data, dict) or address is None:
        build.issue("links-address", "list item", str(data.get("url", "")) if isinstance(data, dict) else "")
        return build.mapped()
    words, language = Words(build, context, "links-email"), context.feed.language or "und"
    words.entry()
    build.add("url", Iri(address), "list item, link")
    doi = clean.doi(address)
    if doi is not None:
        build.add("identifier", Iri(doi), "list item, link")
    title = words.line(str(data.get("title", "")), "list item, title")
    if title and not context.values.is_ignored("title", title):
        build.text("name", title, language, "list item, title")
    build.text("description", words.plain(str(data.get("description", "")), "list item, text"), language,
               "list item, text")  # fmt: skip
    path = data.get("path")
    for part in path if isinstance(path, list) else ():
        words.sort(clean.line(str(part)), language, "heading")
    _columns(build, context, data, words)
    for notation in [str(one).rpartition("/")[2] for one in build.objects("learningResourceType")] or [""]:
        for kind in types_for(notation):
            build.type(kind, "heading" if notation else "")
    build.issue("links-low-confidence", "list item", title)
    describe(build, record, context, PROFILE)
    return build.mapped()


def _columns(build: Builder, context: MapContext, data: Mapping[str, object], words: Words) -> None:
    """The columns of a table that say one thing each: languages, and the level, surer than a heading above."""
    values = context.values
    for field in ("languages", "level"):
        place, found = f"list item, {field}", data.get(field)
        texts = [words.line(str(one), place) for one in found] if isinstance(found, list) else []
        for item in [
            item for text in texts for item in clean.split_list(re.sub(r"\s*[/+&]\s*", "|", text), comma=True)
        ]:
            if values.is_ignored(field, item):
                continue
            if field == "languages":
                tag = values.language(item)
                if tag:
                    build.add("inLanguage", Literal(tag), place)
                else:
                    build.issue("value-language", place, item, field="languages")
            elif (concept := values.concept("level", item)) is not None:
                build.add("educationalLevel", concept, place)
            else:
                build.issue("value-unknown", place, item, field="level", scheme="level")
                build.string("educationalLevel", item, place)
