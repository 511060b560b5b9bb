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

-- Records of aggregators that one of our own feeds may harvest first-hand; held: then they stay back.
CREATE TABLE first_hand (
  record INTEGER PRIMARY KEY REFERENCES record (id),
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  held INTEGER NOT NULL
);
CREATE INDEX first_hand_origin ON first_hand (feed, key);
