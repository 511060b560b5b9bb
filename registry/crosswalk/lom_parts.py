"""Life cycle, rights, relations and classifications of LOM → the profile.

Sources: IEEE 1484.12.1, elements 2, 6, 7 and 9; NF Z76-040 (LOM-FR) for its additions; docs/profile.md,
crosswalk of LOM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from registry import iris
from registry.crosswalk import clean
from registry.crosswalk.lom_read import date, entities, identifier, texts, vocabulary, word
from registry.crosswalk.oai_identifiers import target
from registry.crosswalk.oai_tree import Node
from registry.crosswalk.oai_values import Mapper
from registry.terms import XSD, Iri, Literal

MAX_TAXA = 40
Terms = Mapping[tuple[str, str], str]
_ESCO = "data.europa.eu/esco/"


def _meaning(element: str, said: Sequence[str], terms: Terms) -> str:
    """What a vocabulary value means here, "" for a value that the table has not."""
    return next((found for one in said if (found := terms.get((element, clean.fold(one))))), "")


def vocabulary_language(node: Node) -> str:
    """The language of the words of a vocabulary value: French in LOM-FR's, else English."""
    source = next((one for one in node.children if one.name.lower() == "source"), None)
    return "fr" if source is not None and "lomfr" in source.words().lower().replace("-", "") else "en"


def lifecycle(parts: Sequence[Node], mapper: Mapper, terms: Terms) -> None:
    """2 Life cycle: version, state, who did what and when."""
    dates: dict[str, list[tuple[Literal, str]]] = {}
    for part in parts:
        for text, _, place in texts(part, mapper, "version")[:1]:
            mapper.string("version", text[:200], place)
        for one in part.all("status"):
            said = vocabulary(one, mapper)
            meant = _meaning("status", said, terms)
            mapper.concept("work-status", "creativeWorkStatus", [meant, *said] if meant else said, one.place, "status")
        for one in part.all("contribute", "contributor"):
            said = [text for role in one.all("role") for text in vocabulary(role, mapper)]
            role = _meaning("role", said, terms)
            if said and not role:
                mapper.issue("lom-role", one.place, said[0])
            predicate = role or "contributor"
            for card, place in entities(one):
                mapper.agent(card.name, predicate, place, card.kind, card.identifiers,
                             [(name, "", place) for name in card.organisations])  # fmt: skip
            for event in one.all("date"):
                text, about, place = date(event, mapper)
                stamp = mapper.date(text, place) if text else None
                if stamp is not None:
                    kind = terms.get(("date", clean.fold(about))) or terms.get(("date-of", predicate), "dateModified")
                    dates.setdefault(kind, []).append((stamp, place))
    for predicate, found in dates.items():
        mapper.dates(predicate, found, last=predicate == "dateModified")


def rights(parts: Sequence[Node], mapper: Mapper) -> None:
    """6 Rights: cost, and the licence from the descriptions or from whatever address stands there."""
    for part in parts:
        for one in part.all("cost"):
            said = vocabulary(one, mapper)
            costs = next((answer for text in said if (answer := clean.boolean(text)) is not None), None)
            if any(clean.fold(text) in ("free", "gratuit", "gratuite", "gratuito", "kostenlos") for text in said):
                costs = False  # no answer to the question, but a clear one
            if costs is not None:
                mapper.build.add("isAccessibleForFree", Literal("false" if costs else "true", XSD + "boolean"),
                                 one.place)  # fmt: skip
            elif said:
                mapper.issue("xml-value", one.place, said[0], field="cost")
        restricted = [(text, one.place) for one in part.all("copyrightandotherrestrictions")
                      for text in vocabulary(one, mapper)]  # fmt: skip
        said_more = [(text, place) for text, _, place in texts(part, mapper, "description")]
        # "yes" and "no" say only whether there are restrictions; some profiles put the licence itself there.
        said_more += [pair for pair in restricted if clean.boolean(pair[0]) is None]
        said_more += [(text, place) for text, _, place in texts(part, mapper, "license", "licence")]
        for text, place in said_more:
            mapper.rights([text], place)


def relations(parts: Sequence[Node], mapper: Mapper, terms: Terms) -> None:
    """7 Relation."""
    for part in parts:
        said = [text for kind in part.all("kind") for text in vocabulary(kind, mapper)]
        predicate = _meaning("relation", said, terms)
        if said and not predicate:
            mapper.issue("lom-relation", part.place, said[0])
        predicate = predicate or "dcterms:relation"
        for resource in part.all("resource"):
            words, kind = [], ""
            for one in resource.all("identifier", "catalogentry"):
                catalog, entry = identifier(one, mapper)
                if entry:
                    words.append(entry)
                    kind = kind or clean.fold(catalog)
            about = texts(resource, mapper, "description")
            if predicate == "-":
                continue
            text = about[0][0] if about else next(iter(words), "")
            if not words and about and target(about[0][0]) is not None:
                words = [about[0][0]]
            mapper.relation(_full(predicate), words, resource.place, text, kind)


def _full(name: str) -> str:
    prefix, colon, local = name.partition(":")
    return iris.PREFIXES[prefix] + local if colon else name


def classifications(parts: Sequence[Node], mapper: Mapper, terms: Terms) -> None:
    """9 Classification: by its purpose a subject, an outcome, a prerequisite, a level, else keywords."""
    for part in parts:
        said = [text for one in part.all("purpose") for text in vocabulary(one, mapper)]
        purpose = _meaning("purpose", said, terms) or ("about" if not said else "keywords")
        if purpose == "-":
            part.skip()
            continue
        for path in part.all("taxonpath"):
            source = word(path, mapper, "source")
            _path(path, source, purpose, mapper)
        for text, language, place in texts(part, mapper, "description"):
            if purpose in ("teaches", "competencyRequired"):
                mapper.text(purpose, text, language, place)
            elif purpose == "level":
                mapper.concept("level", "educationalLevel", [text], place)
            else:
                mapper.subject([text], language, place, text if len(text) <= 100 else "")
        for text, language, place in texts(part, mapper, "keyword"):
            mapper.subject([text], language, place, text)


def _taxa(node: Node, found: list[Node]) -> list[Node]:
    """The taxa of a path from the broadest on; IMS nests them."""
    for one in node.all("taxon"):
        if len(found) < MAX_TAXA:
            found.append(one)
            _taxa(one, found)
    return found


def _path(path: Node, source: str, purpose: str, mapper: Mapper) -> None:
    taxa = [(one, " ".join(one.word("id").split()), texts(one, mapper, "entry")) for one in _taxa(path, [])]
    # The narrowest says most; what is broader is looked at only for a subject that is known here.
    for at, (one, name, entries) in enumerate(reversed(taxa)):
        labels = [text for text, _, _ in entries]
        words = [*labels, *([name, f"{source} {name}"] if name else [])]
        place = entries[0][2] if entries else one.place
        if purpose == "level":
            known = [word for word in words if mapper.context.values.concept("level", word) is not None]
            if known or (at == 0 and words):
                mapper.concept("level", "educationalLevel", known or words[:1], place)
        elif purpose in ("teaches", "competencyRequired"):
            if at == 0:
                _competency(name, entries, purpose, place, mapper)
        elif purpose == "about":
            known_subject = next((word for word in words if mapper.context.values.subject(word)), None)
            isced = re.fullmatch(r"0\d{1,3}|10\d{0,2}", name) if "isced" in source.lower() else None
            if known_subject is not None or isced is None:
                mapper.subject(words, "", place)
            else:
                mapper.build.add("about", Iri("http://data.europa.eu/snb/isced-f/" + name), place)
            if at == 0 and known_subject is None:
                for text, language, where in entries:
                    mapper.keyword(text, language, where)
        elif at == 0:
            for text, language, where in entries:
                mapper.keyword(text, language, where)


def _competency(
    name: str, entries: Sequence[tuple[str, str, str]], predicate: str, place: str, mapper: Mapper
) -> None:
    """An outcome or prerequisite: its words, and its address where ESCO names it or nothing else does."""
    for text, language, where in entries:
        mapper.text(predicate, text, language, where)
    address = clean.url(name)
    if address and (not entries or _ESCO in address):
        mapper.build.add(predicate, Iri(address), place)
