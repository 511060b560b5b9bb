-- Who reviews pairs: the languages they read (parted by commas) and their office, whose entries they never decide on.
CREATE TABLE reviewer (
  name TEXT PRIMARY KEY,
  languages TEXT NOT NULL,
  academy TEXT NOT NULL DEFAULT '',
  time TEXT NOT NULL
);

-- Batches as they were given out. A family of parts is one position with several parts. relation and source are what
-- the machine proposed then; stratum and stream say how the pair was chosen; second: read before by somebody else.
CREATE TABLE review_batch (
  number INTEGER PRIMARY KEY,
  reviewer TEXT NOT NULL,
  time TEXT NOT NULL,
  minutes INTEGER NOT NULL
);
CREATE TABLE review_pair (
  batch INTEGER NOT NULL REFERENCES review_batch (number),
  position INTEGER NOT NULL,
  part INTEGER NOT NULL,
  left_resource TEXT NOT NULL,
  right_resource TEXT NOT NULL,
  relation TEXT NOT NULL,
  source TEXT NOT NULL,
  stream TEXT NOT NULL,
  stratum TEXT NOT NULL,
  second INTEGER NOT NULL,
  PRIMARY KEY (batch, position, part)
) WITHOUT ROWID;
CREATE INDEX review_pair_pair ON review_pair (left_resource, right_resource);

-- The random sample: pairs drawn by their hash, of how many in the stratum then. What is decided on them, by whatever
-- way, is an honest sample of the stratum; what is decided on others is not.
CREATE TABLE review_drawn (
  left_resource TEXT NOT NULL,
  right_resource TEXT NOT NULL,
  stratum TEXT NOT NULL,
  population INTEGER NOT NULL,
  time TEXT NOT NULL,
  PRIMARY KEY (left_resource, right_resource)
) WITHOUT ROWID;
