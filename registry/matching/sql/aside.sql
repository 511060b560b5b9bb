-- What is told of titles and texts (``aside.py``), brought up to date after the records in ``dirty`` changed.
-- A text that is shown already, of a record that did not change, is not read again: ``aside.py`` reads those missing.
CREATE OR REPLACE TEMP TABLE old_crowd AS
SELECT k, subject, shown FROM crowd WHERE {passed} AND subject NOT IN (
  SELECT subject FROM record WHERE {changed}
);
DELETE FROM crowd WHERE {passed};
CREATE OR REPLACE TEMP TABLE many AS
SELECT n, k, kind FROM key SEMI JOIN ({large}) s USING (k)
WHERE (kind = {title} AND weight = {whole_title}) OR kind = {text};
INSERT INTO crowd
WITH feeds AS (
  SELECT k, many.kind, feed, count(*) AS records, min(subject) AS subject
  FROM many JOIN record USING (n) GROUP BY k, many.kind, feed
), totals AS (SELECT k, sum(records)::BIGINT AS total FROM feeds GROUP BY k)
SELECT k, kind, feed, records, total, subject, shown
FROM feeds JOIN totals USING (k) LEFT JOIN old_crowd USING (k, subject) WHERE total > {cap};

CREATE OR REPLACE TEMP TABLE captions (k BIGINT, subject VARCHAR, shown VARCHAR);
