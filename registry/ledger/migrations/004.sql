-- Records missing from complete listings that do not prove deletions: for how many visits, since when.
ALTER TABLE record ADD COLUMN missing_visits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record ADD COLUMN missing_since TEXT NOT NULL DEFAULT '';
CREATE INDEX record_missing ON record (feed) WHERE missing_visits > 0;

-- Whether a document's records stand is asked for every document of every visit.
DROP INDEX record_document;
CREATE INDEX record_document ON record (document, status, deleted);

-- Marks by which one list's entries are found to be the same: equal payload, content, DOI, address and title.
CREATE TABLE likeness (
  feed TEXT NOT NULL,
  mark INTEGER NOT NULL,
  record INTEGER NOT NULL REFERENCES record (id),
  PRIMARY KEY (feed, mark, record)
) WITHOUT ROWID;
CREATE INDEX likeness_record ON likeness (record);
