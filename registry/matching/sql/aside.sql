-- What is told of titles and texts (``aside.py``), brought up to date after the records in ``dirty`` changed.
-- A text that is shown already, of a record that did not change, is not read again: ``aside.py`` reads those missing.
CREATE OR REPLACE TEMP TABLE old_crowd AS
SELECT k, subject, shown FROM crowd WHERE {passed} AND subject NOT IN (
  SELECT subject FROM record WHERE {changed}
);
DELETE FROM crowd WHERE {passed};
INSERT INTO crowd
WITH large AS (
  SELECT k, count(*) AS total FROM key {large}
  WHERE (kind = {title} AND weight = {whole_title}) OR kind = {text} GROUP BY k HAVING count(*) > {cap}
)
, feeds AS (
  SELECT k, key.kind, feed, count(*) AS records, any_value(total) AS total, min(subject) AS subject
  FROM key JOIN large USING (k) JOIN record USING (n) GROUP BY k, key.kind, feed
)
SELECT feeds.*, shown FROM feeds LEFT JOIN old_crowd USING (k, subject);

DELETE FROM untitled WHERE {changed};
INSERT INTO untitled
SELECT n, feed, subject, coalesce(json_extract_string(data, '$[1][0]'), '') FROM record SEMI JOIN (
  SELECT n FROM trait WHERE octet_length(core) = 0
) t USING (n) WHERE {changed};

CREATE OR REPLACE TEMP TABLE captions (k BIGINT, subject VARCHAR, shown VARCHAR);
