-- A person's correction of one property of a harvested record; append-only but for its end. Values are terms
-- as lines of N-Triples: instead is the one value that is replaced ('': all, or all of the new one's language),
-- old what the source said then, new '' takes away.
CREATE TABLE correction (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  property TEXT NOT NULL,
  instead TEXT NOT NULL DEFAULT '',
  old TEXT NOT NULL DEFAULT '',
  new TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  time TEXT NOT NULL,
  ended TEXT NOT NULL DEFAULT '',
  ended_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX correction_record ON correction (feed, key, ended);

-- The digest of a record's corrections: with the recipe, the key under which it counts as prepared.
ALTER TABLE record ADD COLUMN corrected TEXT NOT NULL DEFAULT '';

-- What passing the gate does: record (the graph is published), tombstone (a rule takes the record back), hold.
ALTER TABLE draft ADD COLUMN kind TEXT NOT NULL DEFAULT 'record';

-- Where records of aggregators were read before (address of the repository, identifier there), and whether they
-- stay back because a feed of our own reads them there.
CREATE TABLE origin (
  record INTEGER NOT NULL REFERENCES record (id),
  address TEXT NOT NULL,
  key TEXT NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (record, address, key)
);
