-- The working file of matching: one row per record, its keys, the scored pairs and the matches.
-- Times and sequences are the log's; ``rid`` is a number of this file only.
CREATE TABLE IF NOT EXISTS meta (name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS record (
  rid BIGINT, subject VARCHAR, resource VARCHAR, feed VARCHAR, academy VARCHAR, digest VARCHAR, data VARCHAR
);
-- Keys of identity; a record's sameAs counts.
CREATE TABLE IF NOT EXISTS own (rid BIGINT, key VARCHAR);
-- Keys of other resources that a record names.
CREATE TABLE IF NOT EXISTS declared (rid BIGINT, key VARCHAR);
-- Other keys that bring two records together, with their weight.
CREATE TABLE IF NOT EXISTS block (rid BIGINT, key VARCHAR, weight INTEGER);
-- Meaningful words of titles and keywords.
CREATE TABLE IF NOT EXISTS token (rid BIGINT, token VARCHAR);
-- What a comparison of two records' states gave; relation '' when nothing ties them.
CREATE TABLE IF NOT EXISTS scored (
  pair VARCHAR, rule VARCHAR, source VARCHAR, score DOUBLE, strong BOOLEAN, evidence VARCHAR
);
CREATE TABLE IF NOT EXISTS decision (
  a VARCHAR, b VARCHAR, verdict VARCHAR, relation VARCHAR, reviewer VARCHAR, time VARCHAR, note VARCHAR
);
-- Each match with the turn (call) that made it what it is, and pairs that are no more.
CREATE TABLE IF NOT EXISTS match (a VARCHAR, b VARCHAR, body VARCHAR, turn BIGINT);
CREATE TABLE IF NOT EXISTS gone (a VARCHAR, b VARCHAR, turn BIGINT);
