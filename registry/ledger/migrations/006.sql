-- Decisions of reviewers and answers of publishers: append-only but for their being taken back. The digests are
-- of what both records said when the decision was given ('': not known). Verdicts: confirm, reject, retype, unsure.
ALTER TABLE decision ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN voice TEXT NOT NULL DEFAULT 'reviewer';
ALTER TABLE decision ADD COLUMN academy TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN left_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN right_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN batch TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN undone TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN undone_by TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN undone_reason TEXT NOT NULL DEFAULT '';
UPDATE decision SET verdict='confirm' WHERE verdict='accept';
UPDATE decision SET relation='different' WHERE verdict='reject';
CREATE INDEX decision_pair ON decision (left_resource, right_resource);
CREATE INDEX decision_batch ON decision (batch) WHERE batch <> '';

-- What each record says, whatever its address: by it a decision finds its records again when a feed rewrites its
-- ids. The row of a record that is gone stays.
CREATE TABLE content (
  resource TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  feed TEXT NOT NULL,
  digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX content_digest ON content (digest);
INSERT OR REPLACE INTO content (resource, subject, feed, digest)
  SELECT content_resource(c.subject, g.stated), c.subject, c.feed, content_digest(c.subject, g.stated)
  FROM (SELECT max(sequence) AS sequence FROM change WHERE kind='record' GROUP BY subject) newest
  JOIN change c ON c.sequence = newest.sequence JOIN graph g ON g.id = c.graph
  WHERE content_resource(c.subject, g.stated) IS NOT NULL;
UPDATE decision SET
  left_digest=coalesce((SELECT lower(hex(digest)) FROM content WHERE resource=left_resource), ''),
  right_digest=coalesce((SELECT lower(hex(digest)) FROM content WHERE resource=right_resource), '');

-- Where decisions on a resource that is gone are carried to: found once, by equal content, and kept.
CREATE TABLE anchor (
  resource TEXT NOT NULL,
  carried_to TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (resource, sequence)
) WITHOUT ROWID;

-- Inferred matches that only the academies concerned see: since when, and the change that ended it (0: still).
CREATE TABLE notice (
  left_resource TEXT NOT NULL,
  right_resource TEXT NOT NULL,
  since TEXT NOT NULL,
  ended_sequence INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (left_resource, right_resource)
) WITHOUT ROWID;
CREATE INDEX notice_since ON notice (since) WHERE ended_sequence = 0;
CREATE INDEX notice_ended ON notice (ended_sequence) WHERE ended_sequence > 0;

-- The identity of works: what happened, in order (members: one IRI a line), and the state of every id there ever was.
CREATE TABLE identity_event (
  sequence INTEGER NOT NULL,
  position INTEGER NOT NULL,
  level TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  other TEXT NOT NULL,
  members TEXT NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (sequence, position)
) WITHOUT ROWID;
CREATE TABLE identity (
  id TEXT PRIMARY KEY,
  level TEXT NOT NULL,
  state TEXT NOT NULL,
  other TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

-- Models and calibrations of the matching, and which of them was used from when on.
CREATE TABLE model (
  number INTEGER PRIMARY KEY,
  time TEXT NOT NULL,
  author TEXT NOT NULL,
  report TEXT NOT NULL
);
CREATE TABLE model_part (
  model INTEGER NOT NULL REFERENCES model (number),
  name TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (model, name)
);
CREATE TABLE model_use (
  sequence INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model (number),
  time TEXT NOT NULL,
  author TEXT NOT NULL
);
