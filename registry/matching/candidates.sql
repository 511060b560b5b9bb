-- Which pairs are worth a comparison. Parameters stand in braces. Everything is ordered, so that the same
-- records give the same pairs, whatever the order in which they came.

-- One row per resource, numbered in code-point order of its IRI.
CREATE OR REPLACE TEMP TABLE live AS
SELECT row_number() OVER (ORDER BY resource) AS n, rid, resource, feed, academy, digest
FROM (SELECT *, row_number() OVER (PARTITION BY resource ORDER BY subject) AS nth FROM record) WHERE nth = 1;

-- Keys that many records of one feed share (a landing page, a catalogue's own number) prove nothing.
CREATE OR REPLACE TEMP TABLE aside AS
SELECT DISTINCT key FROM (
  SELECT key FROM own JOIN live USING (rid) GROUP BY key, feed HAVING count(DISTINCT rid) > {shared_in_feed}
);

CREATE OR REPLACE TEMP TABLE frequency AS
SELECT token, count(*) AS df FROM token JOIN live USING (rid) GROUP BY token;

-- The rarest words of each record.
CREATE OR REPLACE TEMP TABLE rarest AS
SELECT n, token, df FROM (
  SELECT n, token, df, row_number() OVER (PARTITION BY n ORDER BY df, token) AS nth
  FROM token JOIN live USING (rid) JOIN frequency USING (token) WHERE df > 1
) WHERE nth <= {rarest};

CREATE OR REPLACE TEMP TABLE bucket AS
SELECT n, key, 1000 AS weight FROM own JOIN live USING (rid) ANTI JOIN aside USING (key)
UNION ALL SELECT n, key, weight FROM block JOIN live USING (rid)
UNION ALL SELECT n, 'word:' || token, greatest(1, CAST(8 * log2((SELECT count(*) FROM live) / df) AS INTEGER)) FROM rarest
UNION ALL SELECT x.n, 'words:' || x.token || ' ' || y.token, 20
FROM rarest x JOIN rarest y ON x.n = y.n AND x.token < y.token;

-- Buckets of one give no pair, too large ones are set aside (OpenAIRE caps at 200 too).
CREATE OR REPLACE TEMP TABLE size AS
SELECT key, count(*) AS members, row_number() OVER (ORDER BY key) AS bucket FROM bucket GROUP BY key HAVING count(*) > 1;
CREATE OR REPLACE TEMP TABLE kept AS
SELECT n, bucket, weight FROM (SELECT n, key, weight FROM bucket) JOIN size USING (key) WHERE members <= {bucket};
DROP TABLE bucket;

CREATE OR REPLACE TEMP TABLE candidate (l BIGINT, r BIGINT);
