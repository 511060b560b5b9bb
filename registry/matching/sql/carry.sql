-- The candidate lists of all records that a change can reach, after the records in ``dirty`` changed.
-- How many had and have each key that a changed record had or has.
CREATE OR REPLACE TEMP TABLE mine AS SELECT n, k, kind, weight, language FROM key SEMI JOIN dirty USING (n);
CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT k FROM (SELECT k FROM mine UNION ALL SELECT k FROM old_key);
CREATE OR REPLACE TEMP TABLE theirs AS SELECT n, k, kind, weight, language FROM key SEMI JOIN touched USING (k);
CREATE OR REPLACE TEMP TABLE size AS
SELECT k,
  CASE WHEN k IN (SELECT k FROM aside) THEN {cap} + 1 ELSE now END AS now,
  CASE WHEN k IN (SELECT k FROM old_aside) THEN {cap} + 1
    ELSE now - coalesce(added, 0) + coalesce(was, 0) END AS before
FROM (SELECT k, count(*) AS now FROM theirs GROUP BY k)
LEFT JOIN (SELECT k, count(*) AS added FROM mine GROUP BY k) USING (k)
LEFT JOIN (SELECT k, count(*) AS was FROM old_key GROUP BY k) USING (k);

-- Keys that passed the cap one way or the other: the lists of all who have them are made anew.
CREATE OR REPLACE TEMP TABLE anew AS
SELECT DISTINCT n FROM theirs JOIN size USING (k)
WHERE (now > {cap}) <> (before > {cap}) AND n NOT IN (SELECT n FROM dirty);

CREATE OR REPLACE TEMP TABLE good AS
SELECT n, k, kind, weight, language FROM theirs JOIN size USING (k) WHERE now BETWEEN 2 AND {cap};
CREATE OR REPLACE TEMP TABLE good_mine AS SELECT * FROM good SEMI JOIN dirty USING (n);
CREATE OR REPLACE TEMP TABLE meeting AS {met};

-- Others' lists: what they held of the changed records goes, what these weigh now comes.
CREATE OR REPLACE TEMP TABLE concerned AS
SELECT DISTINCT n FROM (
  SELECT other AS n FROM meeting UNION ALL SELECT n FROM best SEMI JOIN dirty ON best.other = dirty.n
) WHERE n NOT IN (SELECT n FROM dirty) AND n NOT IN (SELECT n FROM anew);
CREATE OR REPLACE TEMP TABLE had AS SELECT * FROM best SEMI JOIN concerned USING (n);
CREATE OR REPLACE TEMP TABLE merged AS
SELECT n, other, abroad, weight, kinds FROM (
  SELECT *, row_number() OVER (PARTITION BY n, abroad ORDER BY weight DESC, other) AS nth FROM (
    SELECT * FROM had ANTI JOIN dirty ON had.other = dirty.n
    UNION ALL
    SELECT m.other AS n, m.n AS other, abroad, weight, kinds FROM meeting m SEMI JOIN concerned c ON c.n = m.other
  )
) WHERE nth <= {top};

-- A full list hides what stood behind its last: unless as many as before still stand before it, look again.
CREATE OR REPLACE TEMP TABLE full_list AS
SELECT n, abroad, min(weight) AS low FROM had GROUP BY n, abroad HAVING count(*) >= {top};
CREATE OR REPLACE TEMP TABLE last AS
SELECT n, abroad, low, max(other) AS other FROM had JOIN full_list USING (n, abroad) WHERE weight = low
GROUP BY n, abroad, low;
INSERT INTO anew
SELECT DISTINCT n FROM last LEFT JOIN (
  SELECT m.n, m.abroad, count(*) AS safe FROM merged m JOIN last ON m.n = last.n AND m.abroad = last.abroad
  WHERE m.weight > low OR (m.weight = low AND m.other <= last.other) GROUP BY m.n, m.abroad
) USING (n, abroad) WHERE coalesce(safe, 0) < {top};

CREATE OR REPLACE TEMP TABLE fresh_best AS
SELECT n, other, abroad, weight, kinds FROM merged WHERE n NOT IN (SELECT n FROM anew)
UNION ALL
SELECT n, other, abroad, weight, kinds FROM (
  SELECT *, row_number() OVER (PARTITION BY n, abroad ORDER BY weight DESC, other) AS nth FROM meeting
) WHERE nth <= {top};

-- The keys of the records whose lists are made anew.
CREATE OR REPLACE TEMP TABLE mine AS SELECT n, k, kind, weight, language FROM key SEMI JOIN anew USING (n);
CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT k FROM mine;
CREATE OR REPLACE TEMP TABLE theirs AS SELECT n, k, kind, weight, language FROM key SEMI JOIN touched USING (k);
CREATE OR REPLACE TEMP TABLE good AS
SELECT * FROM theirs SEMI JOIN (
  SELECT k FROM theirs ANTI JOIN aside USING (k) GROUP BY k HAVING count(*) BETWEEN 2 AND {cap}
) s USING (k);
CREATE OR REPLACE TEMP TABLE good_mine AS SELECT * FROM good SEMI JOIN anew USING (n);
INSERT INTO fresh_best {meet};

-- Only lists that are not what they were are written.
CREATE OR REPLACE TEMP TABLE stale AS
SELECT * FROM best
SEMI JOIN (SELECT n FROM concerned UNION SELECT n FROM anew UNION SELECT n FROM dirty) s USING (n);
CREATE OR REPLACE TEMP TABLE moved AS
SELECT DISTINCT n FROM (
  (SELECT * FROM stale EXCEPT ALL SELECT * FROM fresh_best)
  UNION ALL (SELECT * FROM fresh_best EXCEPT ALL SELECT * FROM stale)
);
DELETE FROM best WHERE n IN (SELECT n FROM moved);
INSERT INTO best SELECT * FROM fresh_best SEMI JOIN moved USING (n);
