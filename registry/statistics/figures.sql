-- The figures of one release; written once, then only read. SQL of SQLite 3.26.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row per academy, also of those that have published nothing yet. name is JSON {language: text}.
-- linked: resources for which something alike is known at another academy; twin: the same course there
-- (copy, other edition, translation); only_here: resources for which nothing alike was found elsewhere.
-- show_score: it agrees that its score is public.
CREATE TABLE academy (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, homepage TEXT NOT NULL, country TEXT, acronym TEXT, ror TEXT,
    contact TEXT, resources INTEGER NOT NULL, linked INTEGER NOT NULL, twin INTEGER NOT NULL,
    only_here INTEGER NOT NULL, to_mend INTEGER NOT NULL, last_visit TEXT NOT NULL, show_score INTEGER NOT NULL
);
-- A list of an academy. held: entries that are not public, by_rule: those of them that the academy's own rules keep
-- back; missing: public entries that the last visits did not find. address and moved (where it answered from, when
-- that is another place) are "" unless they are public.
CREATE TABLE feed (
    id TEXT PRIMARY KEY, academy TEXT NOT NULL, resources INTEGER NOT NULL, last_visit TEXT NOT NULL,
    outcome TEXT NOT NULL, message TEXT NOT NULL, held INTEGER NOT NULL, by_rule INTEGER NOT NULL,
    missing INTEGER NOT NULL, protocol TEXT NOT NULL, address TEXT NOT NULL, moved TEXT NOT NULL,
    permission TEXT NOT NULL, metadata_licence TEXT
);
CREATE INDEX feed_academy ON feed (academy);
-- Academies that exist and have no lists here; name is in English, homepage, country and note may be "".
CREATE TABLE known (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, homepage TEXT NOT NULL, country TEXT NOT NULL, note TEXT NOT NULL
);

CREATE TABLE resource (
    iri TEXT PRIMARY KEY, id TEXT NOT NULL, academy TEXT NOT NULL, feed TEXT NOT NULL, name TEXT NOT NULL, url TEXT
);
CREATE INDEX resource_id ON resource (id);
CREATE INDEX resource_url ON resource (url);

-- Which values each resource carries: kind is language, licence, level, type or about.
CREATE TABLE carries (iri TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (iri, kind, value))
WITHOUT ROWID;

-- A pair of resources. within is 1 when both stand in one academy; evidence, generators and answers are JSON lists;
-- weight is in bits, probability NULL where it is not calibrated; weighed names the row that says what made the weight.
CREATE TABLE match (
    id TEXT PRIMARY KEY, left_iri TEXT NOT NULL, right_iri TEXT NOT NULL, left_academy TEXT NOT NULL,
    right_academy TEXT NOT NULL, within INTEGER NOT NULL, relation TEXT NOT NULL, confidence REAL NOT NULL,
    status TEXT NOT NULL, rule TEXT NOT NULL, justification TEXT NOT NULL, source TEXT NOT NULL,
    reviewer TEXT NOT NULL, reviewed TEXT NOT NULL, evidence TEXT NOT NULL, weight REAL NOT NULL, probability REAL,
    model TEXT NOT NULL, generators TEXT NOT NULL, answers TEXT NOT NULL, weighed INTEGER NOT NULL
);
-- What comparisons weigh, as JSON [[comparison, level, bits]], the strongest first, under a number that follows from it.
-- Thousands of pairs share one row; one that no pair names any more may stay.
CREATE TABLE weighed (number INTEGER PRIMARY KEY, reasons TEXT NOT NULL);
CREATE INDEX match_order ON match (confidence DESC, id, status, within);
-- How many there are of a kind is counted from the index alone.
CREATE INDEX match_count ON match (confidence, status, relation, within, left_academy, right_academy);
CREATE INDEX match_discussed ON match (status) WHERE status = 'discussed';
CREATE INDEX match_left ON match (left_iri);
CREATE INDEX match_right ON match (right_iri);
-- Pages of a relation, or between two academies, and how many there are, are found in the index alone.
CREATE INDEX match_relation ON match (relation, confidence DESC, id, status, within, left_academy, right_academy);
CREATE INDEX match_academies ON match (left_academy, right_academy, confidence DESC, id, status, within, relation);

-- What a rule, or a level of a comparison ("title.same-rare"), says in words, as JSON {language: text}.
CREATE TABLE rule (code TEXT PRIMARY KEY, text TEXT NOT NULL);

-- All forms of one course (level work) and what is listed several times (level cluster; parent is its work or "").
-- head is the original as far as known; languages counts primary language tags; relations are the counted pairs inside
-- by relation, beside the resources or works outside by relation, both as JSON {relation: number}, for works only.
CREATE TABLE work (
    id TEXT PRIMARY KEY, level TEXT NOT NULL, parent TEXT NOT NULL, head TEXT NOT NULL, members INTEGER NOT NULL,
    academies INTEGER NOT NULL, languages INTEGER NOT NULL, relations TEXT NOT NULL, beside TEXT NOT NULL
);
CREATE INDEX work_order ON work (level, academies DESC, members DESC, id);
CREATE TABLE member (iri TEXT NOT NULL, level TEXT NOT NULL, work TEXT NOT NULL, PRIMARY KEY (iri, level)) WITHOUT ROWID;
CREATE INDEX member_work ON member (work);
-- Ids that stood for a work: successor took it in ("": fewer than two members are left; members are the last, as JSON).
CREATE TABLE former (id TEXT PRIMARY KEY, successor TEXT NOT NULL, level TEXT NOT NULL, members TEXT NOT NULL);

-- Pairs of which a resource is not in the release: by their id, never shown.
CREATE TABLE left_out (id TEXT PRIMARY KEY) WITHOUT ROWID;

-- Carried forward: the resources that changed, came or went since the figures before, or of which a pair did.
CREATE TABLE recounted (iri TEXT PRIMARY KEY) WITHOUT ROWID;

-- The counts below are carried forward by what changed (registry/statistics/counters.py).
-- Pairs by two academies (a <= b), relation and status; pairs that are rejected or under discussion are not counted.
CREATE TABLE overlap (
    a TEXT NOT NULL, b TEXT NOT NULL, relation TEXT NOT NULL, status TEXT NOT NULL, pairs INTEGER NOT NULL,
    PRIMARY KEY (a, b, relation, status)
);
-- The relations of pairs by the last part of their predicates, which is what the graph calls them.
CREATE TABLE relation (name TEXT PRIMARY KEY, predicate TEXT NOT NULL);
-- All pairs, by rule, state and how sure they are (in hundredths).
CREATE TABLE ruled (
    relation TEXT NOT NULL, rule TEXT NOT NULL, status TEXT NOT NULL, sure INTEGER NOT NULL, pairs INTEGER NOT NULL,
    PRIMARY KEY (relation, rule, status, sure)
) WITHOUT ROWID;
-- How many resources of "of" have something alike at "at" (numerators; academy.resources is the denominator).
CREATE TABLE shared (
    of_academy TEXT NOT NULL, at_academy TEXT NOT NULL, resources INTEGER NOT NULL,
    PRIMARY KEY (of_academy, at_academy)
);
-- How often a value stands in an academy.
CREATE TABLE tally (
    academy TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, resources INTEGER NOT NULL,
    PRIMARY KEY (academy, kind, value)
);
-- What else is counted by academy: resources (by feed), linked and twin as in academy (feed is "").
CREATE TABLE counter (
    name TEXT NOT NULL, academy TEXT NOT NULL, feed TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (name, academy, feed)
);
-- The axes of coverage: the schemes of subjects (title is JSON {language: text}) and their concepts in the order of
-- the scheme, parents before their children. parent is the first broader concept, "" at the top; depth from 0.
CREATE TABLE axis (id TEXT PRIMARY KEY, position INTEGER NOT NULL, title TEXT NOT NULL);
CREATE TABLE step (
    concept TEXT PRIMARY KEY, axis TEXT NOT NULL, position INTEGER NOT NULL, notation TEXT NOT NULL,
    parent TEXT NOT NULL, depth INTEGER NOT NULL, text TEXT NOT NULL
);
-- Which steps each resource is about, with all that is broader; stated is 0 where it was only found in its texts.
CREATE TABLE covers (
    iri TEXT NOT NULL, concept TEXT NOT NULL, axis TEXT NOT NULL, stated INTEGER NOT NULL, PRIMARY KEY (iri, concept)
) WITHOUT ROWID;
CREATE INDEX covers_concept ON covers (axis, concept, iri);
-- Labels of the concepts that resources carry, as JSON {language: text}, so that pages and facets can name them.
CREATE TABLE label (concept TEXT PRIMARY KEY, text TEXT NOT NULL);

-- What the tables for dashboards are counted from (registry/statistics/facts.py). terms: what the licence allows: open,
-- closed, unrecognised (named, and not in our list) or unstated; month: when it was first published here ("2026-03"); part is 1
-- where its source says that it is a part of something.
CREATE TABLE fact (
    iri TEXT PRIMARY KEY, terms TEXT NOT NULL, month TEXT NOT NULL, part INTEGER NOT NULL
) WITHOUT ROWID;
-- Entries that are gone: when they were first published, when they were withdrawn, and their key as its source has it.
CREATE TABLE withdrawn (
    id TEXT PRIMARY KEY, academy TEXT NOT NULL, added TEXT NOT NULL, month TEXT NOT NULL, key TEXT NOT NULL
) WITHOUT ROWID;
-- Entries that came as they are by a later visit than the first of their list (registry/statistics/facts.py): when (UTC),
-- and their key as their source has it. first: the run of that first visit.
CREATE TABLE renewed (id TEXT PRIMARY KEY, time TEXT NOT NULL, key TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE begun (feed TEXT PRIMARY KEY, first TEXT NOT NULL) WITHOUT ROWID;
-- Resources by concept, language and academy. language is the first part of a tag, "" for those that state none, "*" for
-- all (one with two languages counts in both, and once here); open is 1 under a licence that is known to be open.
CREATE TABLE cell (
    concept TEXT NOT NULL, language TEXT NOT NULL, academy TEXT NOT NULL, open INTEGER NOT NULL,
    number INTEGER NOT NULL, PRIMARY KEY (concept, language, academy, open)
) WITHOUT ROWID;
-- Resources that have a concept of an axis, by language (as in cell) and academy; axis "" counts all resources.
CREATE TABLE described (
    axis TEXT NOT NULL, language TEXT NOT NULL, academy TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (axis, language, academy)
) WITHOUT ROWID;
-- How often a concept (or any of an axis) is stated, and how many counted pairs between academies are about it on both
-- sides (registry/statistics/taught.py).
CREATE TABLE taught (
    name TEXT NOT NULL, of TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (name, of)
) WITHOUT ROWID;
-- Resources for which something alike is known at another academy, by language (as in cell).
CREATE TABLE alike (
    academy TEXT NOT NULL, language TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (academy, language)
) WITHOUT ROWID;
CREATE TABLE licensed (
    academy TEXT NOT NULL, terms TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (academy, terms)
) WITHOUT ROWID;
-- Entries by the month in which they were added or withdrawn.
CREATE TABLE growth (
    academy TEXT NOT NULL, month TEXT NOT NULL, what TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (academy, month, what)
) WITHOUT ROWID;
-- Resources by type and level; "" where it has none that our lists know.
CREATE TABLE kind (
    type TEXT NOT NULL, level TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (type, level)
) WITHOUT ROWID;
-- Resources that are a part of another, by what their source says or by an accepted match.
CREATE TABLE part (academy TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;

-- What other academies translated, adapted or made editions of: a work, or a resource that is in none; in how many other
-- academies, and how many pairs of each relation. title is the first of its titles in the order of the code points.
CREATE TABLE reused (
    id TEXT PRIMARY KEY, iri TEXT NOT NULL, title TEXT NOT NULL, academies INTEGER NOT NULL, translations INTEGER NOT NULL,
    editions INTEGER NOT NULL, adaptations INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX reused_order ON reused (academies DESC, title, iri);

-- In which languages whole courses are taught that several academies have (in_all): by how many in each, and in how many
-- forms. title is the first of the forms in the language, first that of all forms of the work.
CREATE TABLE form (
    work TEXT NOT NULL, language TEXT NOT NULL, in_all INTEGER NOT NULL, first TEXT NOT NULL, title TEXT NOT NULL,
    academies INTEGER NOT NULL, forms INTEGER NOT NULL, PRIMARY KEY (work, language)
) WITHOUT ROWID;
CREATE INDEX form_order ON form (in_all DESC, first, language, work);

-- What was measured of the lists of academies that agreed to show it: of each measure the last of a month; value is in
-- ten-thousandths.
CREATE TABLE quality (
    academy TEXT NOT NULL, feed TEXT NOT NULL, metric TEXT NOT NULL, time TEXT NOT NULL, value INTEGER NOT NULL
);

-- The answers of stored queries that list (registry/statistics/lists.py): the cells of a row in the order of its columns, ""
-- for nothing; n tells rows of one resource apart that are alike; hidden is 1 where a pair keeps a row out.
CREATE TABLE listed (
    name TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL, d TEXT NOT NULL, iri TEXT NOT NULL,
    n INTEGER NOT NULL, hidden INTEGER NOT NULL, PRIMARY KEY (name, a, b, c, d, iri, n)
) WITHOUT ROWID;
CREATE INDEX listed_iri ON listed (iri);
