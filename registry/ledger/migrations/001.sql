-- The first schema. Only SQL that SQLite 3.26 knows (RHEL 8). Times are UTC, ISO 8601, whole seconds.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE feed (
  id TEXT PRIMARY KEY,
  academy TEXT NOT NULL,
  bookmark TEXT NOT NULL DEFAULT '{}',
  completed TEXT NOT NULL DEFAULT ''
);

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  iri TEXT NOT NULL UNIQUE,
  feed TEXT NOT NULL,
  academy TEXT NOT NULL,
  started TEXT NOT NULL,
  ended TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT 'running',
  message TEXT NOT NULL DEFAULT '',
  counts TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX run_feed ON run (feed, id);

CREATE TABLE document (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,
  address TEXT NOT NULL,
  digest TEXT NOT NULL,
  etag TEXT,
  last_modified TEXT,
  records INTEGER NOT NULL DEFAULT -1,
  run INTEGER NOT NULL
);
CREATE UNIQUE INDEX document_digest ON document (feed, digest, address);
CREATE INDEX document_address ON document (feed, address);

CREATE TABLE payload (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  format TEXT NOT NULL,
  body BLOB NOT NULL,
  broken INTEGER NOT NULL DEFAULT 0,
  issues TEXT NOT NULL DEFAULT '[]',
  first_seen TEXT NOT NULL
);

-- One row for each key that a feed ever had. status: new, active, held, gone.
CREATE TABLE record (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  latest INTEGER REFERENCES payload (id),
  good INTEGER REFERENCES payload (id),
  status TEXT NOT NULL DEFAULT 'new',
  deleted INTEGER NOT NULL DEFAULT 0,
  document INTEGER REFERENCES document (id),
  source TEXT NOT NULL DEFAULT '',
  locator TEXT NOT NULL DEFAULT '',
  datestamp TEXT,
  first_seen TEXT NOT NULL,
  seen_run INTEGER NOT NULL,
  prepared TEXT
);
CREATE UNIQUE INDEX record_key ON record (feed, key);
CREATE INDEX record_document ON record (document);
CREATE INDEX record_prepared ON record (feed, prepared);

-- Accepted graphs that wait for the gate; a row leaves in the transaction that appends its change.
CREATE TABLE draft (
  record INTEGER PRIMARY KEY REFERENCES record (id),
  feed TEXT NOT NULL,
  digest TEXT NOT NULL,
  stated BLOB NOT NULL,
  inferred BLOB NOT NULL,
  cause TEXT NOT NULL
);
CREATE INDEX draft_feed ON draft (feed);

CREATE TABLE finding (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,
  record TEXT NOT NULL,
  stage TEXT NOT NULL,
  severity TEXT NOT NULL,
  code TEXT NOT NULL,
  place TEXT NOT NULL,
  value TEXT NOT NULL,
  params TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX finding_record ON finding (feed, record);
CREATE INDEX finding_code ON finding (feed, severity, code);

CREATE TABLE graph (
  id INTEGER PRIMARY KEY,
  stated BLOB NOT NULL,
  inferred BLOB NOT NULL
);

-- The ordered change log; never updated, but for an erasure that rewrites the graph it names.
CREATE TABLE change (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  time TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  cause TEXT NOT NULL,
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  run TEXT NOT NULL,
  first TEXT NOT NULL,
  graph INTEGER REFERENCES graph (id),
  digest TEXT NOT NULL
);
CREATE INDEX change_subject ON change (subject, sequence);

-- What stands now: the last change of each subject that the log knows.
CREATE TABLE standing (
  subject TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  first TEXT NOT NULL,
  digest TEXT NOT NULL
);
CREATE INDEX standing_feed ON standing (feed, kind);

CREATE TABLE decision (
  id INTEGER PRIMARY KEY,
  left_resource TEXT NOT NULL,
  right_resource TEXT NOT NULL,
  verdict TEXT NOT NULL,
  relation TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  time TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT ''
);
