-- The candidate lists of all records that a change can reach, after the records in ``dirty`` changed.
-- How many had and have each key that a changed record had or has.
CREATE OR REPLACE TEMP TABLE mine AS SELECT n, k, kind, weight, language FROM key SEMI JOIN dirty USING (n);
CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT k FROM (SELECT k FROM mine UNION ALL SELECT k FROM old_key);
CREATE OR REPLACE TEMP TABLE theirs AS SELECT n, k, kind, weight, language FROM key SEMI JOIN touched USING (k);
CREATE OR REPLACE TEMP TABLE size AS
SELECT k, cap, CASE WHEN k IN (SELECT k FROM aside) THEN cap + 1 ELSE now END AS now,
  CASE WHEN k IN (SELECT k FROM old_aside) THEN cap + 1 ELSE now - coalesce(added, 0) + coalesce(was, 0) END AS before
FROM (SELECT k, count(*) AS now, {cap} AS cap FROM theirs GROUP BY k)
LEFT JOIN (SELECT k, count(*) AS added FROM mine GROUP BY k) USING (k)
LEFT JOIN (SELECT k, count(*) AS was FROM old_key GROUP BY k) USING (k);

-- Keys that passed the cap one way or the other: the lists of all who have them are made anew.
CREATE OR REPLACE TEMP TABLE anew AS
SELECT DISTINCT n FROM theirs JOIN size USING (k)
WHERE (now > cap) <> (before > cap) AND n NOT IN (SELECT n FROM dirty);

CREATE OR REPLACE TEMP TABLE good AS
SELECT n, k, kind, weight, language FROM theirs JOIN size USING (k) WHERE now BETWEEN 2 AND cap;
CREATE OR REPLACE TEMP TABLE good_mine AS SELECT * FROM good SEMI JOIN dirty USING (n);
CREATE OR REPLACE TEMP TABLE meeting AS {met};

-- Others' lists: what they held of the changed records goes, what these weigh now comes. Only that is put in which a
-- list sees: what stands behind its horizon is not known to be the next.
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT m.other AS n, m.n AS other, m.abroad, m.weight, m.kinds
FROM meeting m LEFT JOIN horizon s ON s.n = m.other AND s.abroad = m.abroad
WHERE (s.n IS NULL OR m.weight > s.weight OR (m.weight = s.weight AND m.n <= s.other))
  AND m.other NOT IN (SELECT n FROM dirty);
CREATE OR REPLACE TEMP TABLE outgoing AS
SELECT rowid AS row, * FROM best SEMI JOIN dirty ON best.other = dirty.n WHERE n NOT IN (SELECT n FROM dirty);
-- A list in which each changed record weighs what it did stays as it is.
CREATE OR REPLACE TEMP TABLE concerned AS
SELECT DISTINCT n FROM (
  SELECT n FROM incoming ANTI JOIN outgoing USING (n, other, abroad, weight, kinds)
  UNION ALL SELECT n FROM outgoing ANTI JOIN incoming USING (n, other, abroad, weight, kinds)
) WHERE n NOT IN (SELECT n FROM anew);
CREATE OR REPLACE TEMP TABLE held_list AS
SELECT rowid AS row, * FROM best
SEMI JOIN (SELECT n FROM concerned UNION ALL SELECT n FROM anew UNION ALL SELECT n FROM dirty) USING (n);
CREATE OR REPLACE TEMP TABLE seen AS SELECT * FROM horizon SEMI JOIN concerned USING (n);
-- ``was``: whether the list showed it, unknown for what came.
CREATE OR REPLACE TEMP TABLE merged AS
SELECT *, row_number() OVER (PARTITION BY n, abroad ORDER BY weight DESC, other) AS nth FROM (
  SELECT row, n, other, abroad, weight, kinds, shown AS was
  FROM held_list SEMI JOIN concerned USING (n) ANTI JOIN dirty ON held_list.other = dirty.n
  UNION ALL SELECT NULL, n, other, abroad, weight, kinds, NULL FROM incoming SEMI JOIN concerned USING (n)
);

-- A list that sees no more than it must show is made anew.
INSERT INTO anew
SELECT DISTINCT n FROM seen LEFT JOIN (SELECT n, abroad, count(*) AS inside FROM merged GROUP BY n, abroad)
USING (n, abroad) WHERE coalesce(inside, 0) < {top};
DELETE FROM merged WHERE n IN (SELECT n FROM anew);

CREATE OR REPLACE TEMP TABLE fresh_best AS
SELECT * FROM (
  SELECT n, other, abroad, weight, kinds, row_number() OVER (PARTITION BY n, abroad ORDER BY weight DESC, other) AS nth
  FROM meeting
) WHERE nth <= {deep} + 1;

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

-- Where a list was cut, it sees as far as its last; else as far as before.
CREATE OR REPLACE TEMP TABLE cut AS
SELECT n, abroad FROM merged WHERE nth = {deep} + 1 UNION ALL SELECT n, abroad FROM fresh_best WHERE nth = {deep} + 1;
CREATE OR REPLACE TEMP TABLE fresh_horizon AS
SELECT n, abroad, weight, other FROM (
  SELECT n, abroad, weight, other FROM merged WHERE nth = {deep}
  UNION ALL SELECT n, abroad, weight, other FROM fresh_best WHERE nth = {deep}
) SEMI JOIN cut USING (n, abroad)
UNION ALL
SELECT n, abroad, weight, other FROM seen ANTI JOIN cut USING (n, abroad) WHERE n NOT IN (SELECT n FROM anew);

-- What the lists hold that were made anew, and those of changed records; ``remade`` are all that were looked at, and
-- ``fresh_list`` is what they show.
CREATE OR REPLACE TEMP TABLE replaced AS SELECT n FROM anew UNION SELECT n FROM dirty;
CREATE OR REPLACE TEMP TABLE remade AS SELECT n FROM concerned UNION SELECT n FROM replaced;
CREATE OR REPLACE TEMP TABLE stale AS SELECT * FROM held_list SEMI JOIN replaced USING (n);
CREATE OR REPLACE TEMP TABLE made AS
SELECT n, other, abroad, weight, kinds, nth <= {top} AS shown FROM fresh_best WHERE nth <= {deep};
CREATE OR REPLACE TEMP TABLE fresh_list AS
SELECT n, other, kinds FROM made WHERE shown UNION ALL SELECT n, other, kinds FROM merged WHERE nth <= {top};

-- Only the rows that are not what they were are written; ``changed_pair`` are the pairs of what a list shows now and
-- did not or otherwise, of what it shows no more, and all of changed records.
CREATE OR REPLACE TEMP TABLE went AS
SELECT row, n, other, shown FROM stale ANTI JOIN made USING (n, other, abroad, weight, kinds, shown)
UNION ALL SELECT row, n, other, was FROM merged WHERE was IS NOT NULL AND (nth > {deep} OR was <> (nth <= {top}))
UNION ALL SELECT row, n, other, shown FROM outgoing SEMI JOIN concerned USING (n) ANTI JOIN replaced USING (n);
CREATE OR REPLACE TEMP TABLE came AS
SELECT * FROM made ANTI JOIN stale USING (n, other, abroad, weight, kinds, shown)
UNION ALL SELECT n, other, abroad, weight, kinds, nth <= {top} FROM merged
WHERE nth <= {deep} AND (was IS NULL OR was <> (nth <= {top}));
DELETE FROM best WHERE rowid IN (SELECT row FROM went);
INSERT INTO best SELECT * FROM came;
DELETE FROM horizon WHERE n IN (SELECT n FROM remade);
INSERT INTO horizon SELECT * FROM fresh_horizon;
CREATE OR REPLACE TEMP TABLE changed_pair AS
SELECT DISTINCT least(n, other) AS l, greatest(n, other) AS r FROM (
  SELECT n, other FROM went WHERE shown UNION ALL SELECT n, other FROM came WHERE shown
  UNION ALL SELECT n, other FROM outgoing WHERE shown
  UNION ALL SELECT n, other FROM stale SEMI JOIN dirty USING (n) WHERE shown
  UNION ALL SELECT n, other FROM made SEMI JOIN dirty USING (n) WHERE shown
);
