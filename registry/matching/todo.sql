-- The pairs to compare, each named by all that its comparison depends on: both records' states (features,
-- academy, keys set aside) and the rare words that they share. A pair of the same name was compared before.
CREATE OR REPLACE TEMP TABLE pair AS SELECT DISTINCT l, r FROM candidate;
DROP TABLE candidate;

CREATE OR REPLACE TEMP TABLE state AS
SELECT n, digest || ' ' || record.academy || ' ' || coalesce(keys, '') AS state
FROM live JOIN record USING (rid, digest)
LEFT JOIN (SELECT rid, string_agg(key, ' ' ORDER BY key) AS keys FROM own JOIN aside USING (key) GROUP BY rid)
USING (rid);

CREATE OR REPLACE TEMP TABLE shared AS
SELECT l, r, string_agg(u.token, ' ' ORDER BY u.token) AS rare
FROM pair JOIN rarest u ON u.n = l AND u.df <= {bucket} JOIN rarest v ON v.n = r AND v.token = u.token
GROUP BY l, r;

CREATE OR REPLACE TEMP TABLE todo AS
SELECT l, r, coalesce(rare, '') AS rare, sha256(concat_ws('|', x.state, y.state, coalesce(rare, ''))) AS pair
FROM pair LEFT JOIN shared USING (l, r) JOIN state x ON x.n = l JOIN state y ON y.n = r;
DROP TABLE pair;
DROP TABLE shared;
