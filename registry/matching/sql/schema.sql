-- The working file of matching. ``n`` is the number of a resource for good (a hash of its IRI), so that nothing
-- depends on the order in which records came.
CREATE TABLE IF NOT EXISTS meta (name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS model (part VARCHAR, body BLOB);
-- What was read of each record; of several records about one resource the least subject lives.
-- ``site`` is the only site or repository that it stands in, ``spoken`` its languages.
CREATE TABLE IF NOT EXISTS record (
  n BIGINT, subject VARCHAR, resource VARCHAR, feed VARCHAR, academy VARCHAR, repository VARCHAR, site VARCHAR,
  spoken VARCHAR, data VARCHAR
);
-- Its numbers, for measures.
CREATE TABLE IF NOT EXISTS trait (
  n BIGINT, title BIGINT, grams BLOB, sketch BLOB, ids BLOB, authorities BLOB, urls BLOB, authors BLOB, topics BLOB,
  codes BLOB, places BLOB, sections BLOB, langs BLOB, written BIGINT, minutes BIGINT, year BIGINT, day BIGINT,
  core BLOB, topical BLOB, tools BLOB, parts BLOB, levels BLOB, words BLOB, courses BLOB, works BLOB,
  made BIGINT, issued BIGINT, head BIGINT, position BIGINT, said BIGINT, stored BIGINT, wide BIGINT
);
-- Keys of identity in words (a record's sameAs counts), and those of others that a record names.
CREATE TABLE IF NOT EXISTS own (n BIGINT, feed VARCHAR, key VARCHAR, k BIGINT);
CREATE TABLE IF NOT EXISTS declared (n BIGINT, key VARCHAR);
CREATE TABLE IF NOT EXISTS aside (key VARCHAR, k BIGINT);
-- Numbers of meaningful words; keys of candidates with the bit of their generator and their weight.
CREATE TABLE IF NOT EXISTS token (n BIGINT, t BIGINT);
-- ``language`` is the number of the record's only one, 0 for unknown or several, -1 where the key does not tell.
CREATE TABLE IF NOT EXISTS key (n BIGINT, k BIGINT, kind SMALLINT, weight SMALLINT, language SMALLINT);
-- Each record's best candidates in its language and ``abroad``, in others, and the pairs that a source states.
-- ``shown``: it is among the first of the list, and a pair. A list in ``horizon`` does not hold what stands behind
-- (weight, other).
CREATE TABLE IF NOT EXISTS best (
  n BIGINT, other BIGINT, abroad BOOLEAN, weight INTEGER, kinds SMALLINT, shown BOOLEAN
);
CREATE TABLE IF NOT EXISTS horizon (n BIGINT, abroad BOOLEAN, weight INTEGER, other BIGINT);
CREATE TABLE IF NOT EXISTS stated (l BIGINT, r BIGINT, key VARCHAR);
-- ``ours`` and ``theirs``: by what l's list shows r, and r's list l (0: it does not).
CREATE TABLE IF NOT EXISTS pair (l BIGINT, r BIGINT, kinds SMALLINT, ours SMALLINT, theirs SMALLINT);
-- What a comparison gave where something ties the two, without evidence where numbers alone told (``screen``);
-- ``kept``: it is among the matches. ``sites``: of what only its place tells to be a translation, the two sites.
CREATE TABLE IF NOT EXISTS outcome (
  l BIGINT, r BIGINT, rule VARCHAR, relation VARCHAR, source VARCHAR, score DOUBLE, strong BOOLEAN, evidence VARCHAR,
  answers VARCHAR, sites VARCHAR
);
-- The evidence of overlaps that numbers alone told, where it was asked for (a line of JSON).
CREATE TABLE IF NOT EXISTS shown (l BIGINT, r BIGINT, evidence VARCHAR);
-- Which level each comparison of the model reached, as one number (``codes.py``), and the weight, where something
-- ties the two.
CREATE TABLE IF NOT EXISTS reached (l BIGINT, r BIGINT, code BIGINT, weight DOUBLE);
CREATE TABLE IF NOT EXISTS kept (l BIGINT, r BIGINT);
-- Overlaps that are the best between two families, with their rank for each.
CREATE TABLE IF NOT EXISTS ranked (
  l BIGINT, r BIGINT, fl BIGINT, fr BIGINT, score DOUBLE, originals INTEGER, rank_l INTEGER, rank_r INTEGER
);
CREATE TABLE IF NOT EXISTS decision (
  a VARCHAR, b VARCHAR, voice VARCHAR, academy VARCHAR, verdict VARCHAR, relation VARCHAR, source VARCHAR,
  reviewer VARCHAR, time VARCHAR, note VARCHAR, id BIGINT
);
-- Pairs whose notice has ended.
CREATE TABLE IF NOT EXISTS ended (a VARCHAR, b VARCHAR);
-- What people and academies say of a pair, where it overrides the rules.
CREATE TABLE IF NOT EXISTS said (
  l BIGINT, r BIGINT, relation VARCHAR, confidence DOUBLE, status VARCHAR, rule VARCHAR, justification VARCHAR,
  source VARCHAR, reviewer VARCHAR, time VARCHAR, verdict VARCHAR, note VARCHAR, answers VARCHAR
);
-- Each match with the turn (call) that made it what it is, and pairs that are no more.
CREATE TABLE IF NOT EXISTS match (
  a VARCHAR, b VARCHAR, l BIGINT, r BIGINT, relation VARCHAR, confidence DOUBLE, status VARCHAR, rule VARCHAR,
  justification VARCHAR, source VARCHAR, reviewer VARCHAR, reviewed VARCHAR, verdict VARCHAR, note VARCHAR,
  weight DOUBLE, kinds SMALLINT, evidence VARCHAR, answers VARCHAR, private BOOLEAN, probability DOUBLE, levels BIGINT,
  turn BIGINT
);
CREATE TABLE IF NOT EXISTS gone (a VARCHAR, b VARCHAR, turn BIGINT);
-- The family, work and duplicates that a resource belongs to, by the least number in it.
CREATE TABLE IF NOT EXISTS member (n BIGINT, family BIGINT, work BIGINT, cluster BIGINT, originals INTEGER);
-- Records about a resource of which another record lives.
CREATE TABLE IF NOT EXISTS spare (
  n BIGINT, subject VARCHAR, resource VARCHAR, feed VARCHAR, academy VARCHAR, repository VARCHAR, site VARCHAR,
  spoken VARCHAR, data VARCHAR
);
CREATE TABLE IF NOT EXISTS decided (l BIGINT, r BIGINT);
-- Identity, as the ledger's events tell it: what each id holds or held last, what took it in, when it was minted.
-- ``pending`` are events of this file that the ledger does not hold yet.
CREATE TABLE IF NOT EXISTS held (level VARCHAR, id VARCHAR, n BIGINT, resource VARCHAR, alive BOOLEAN);
CREATE TABLE IF NOT EXISTS minted (level VARCHAR, id VARCHAR, age BIGINT, turn BIGINT);
CREATE TABLE IF NOT EXISTS redirect (id VARCHAR, other VARCHAR, turn BIGINT);
CREATE TABLE IF NOT EXISTS work_gone (id VARCHAR, turn BIGINT);
CREATE TABLE IF NOT EXISTS pending (nth BIGINT, level VARCHAR, kind VARCHAR, id VARCHAR, other VARCHAR, members VARCHAR);
-- What academies are told that was set aside (``aside.py``). ``crowd``: keys of titles and texts that too many records
-- have, by feed, with the least record of the feed and what of it is shown. ``lengthy``: how many characters a long description has.
CREATE TABLE IF NOT EXISTS crowd (
  k BIGINT, kind SMALLINT, feed VARCHAR, records BIGINT, total BIGINT, subject VARCHAR, shown VARCHAR
);
CREATE TABLE IF NOT EXISTS untitled (n BIGINT, feed VARCHAR, subject VARCHAR, title VARCHAR);
CREATE TABLE IF NOT EXISTS lengthy (subject VARCHAR, letters BIGINT);
-- Members of a component that was parted (``l`` its least member, ``r`` its parts), and of decisions that contradict
-- each other: (l, r) against (a, b).
CREATE TABLE IF NOT EXISTS parted (n BIGINT, code VARCHAR, level VARCHAR, l BIGINT, r BIGINT, a BIGINT, b BIGINT);
