-- What was measured of a list at the end of a visit; metric is the notation of a concept of the scheme quality-metric.
CREATE TABLE measurement (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,
  run TEXT NOT NULL,
  metric TEXT NOT NULL,
  value REAL NOT NULL,
  time TEXT NOT NULL
);
CREATE UNIQUE INDEX measurement_run ON measurement (feed, run, metric);

-- What an entry's address answered, and when; status 0: no answer, reason says why. Never part of a record's graph.
CREATE TABLE observation (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,
  key TEXT NOT NULL,
  address TEXT NOT NULL,
  time TEXT NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX observation_record ON observation (feed, key, address, time);
