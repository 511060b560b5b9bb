-- What is told of titles and texts (``aside.py``), brought up to date after the records in ``dirty`` changed.
DELETE FROM crowd WHERE {passed};
INSERT INTO crowd
WITH large AS (
  SELECT k, count(*) AS total FROM key {large}
  WHERE (kind = {title} AND weight = {whole_title}) OR kind = {text} GROUP BY k HAVING count(*) > {cap}
)
SELECT k, key.kind, record.feed, count(*), any_value(total), min(subject)
FROM key JOIN large USING (k) JOIN record USING (n) GROUP BY k, key.kind, record.feed;

DELETE FROM untitled WHERE {changed};
INSERT INTO untitled
SELECT n, feed, subject, coalesce(json_extract_string(data, '$[1][0]'), '') FROM record SEMI JOIN (
  SELECT n FROM trait WHERE octet_length(core) = 0
) t USING (n) WHERE {changed};
