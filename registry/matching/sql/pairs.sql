-- The pairs in ``changed_pair`` (and those decided anew, or of changed records that somebody decided), as they are to
-- stand. A side whose list was looked at shows what stands in ``fresh_list``, another what it showed.
INSERT INTO changed_pair SELECT l, r FROM redecided
UNION SELECT l, r FROM decided WHERE l IN (SELECT n FROM dirty) OR r IN (SELECT n FROM dirty);
CREATE OR REPLACE TEMP TABLE was AS SELECT rowid AS row, l, r, kinds, ours, theirs FROM pair SEMI JOIN changed_pair USING (l, r);
CREATE OR REPLACE TEMP TABLE wanted AS
SELECT l, r, CAST(ours | theirs | said AS SMALLINT) AS kinds, ours, theirs FROM (
  SELECT l, r,
    CAST(coalesce(CASE WHEN x.n IS NULL THEN w.ours ELSE e.kinds END, 0) AS SMALLINT) AS ours,
    CAST(coalesce(CASE WHEN y.n IS NULL THEN w.theirs ELSE f.kinds END, 0) AS SMALLINT) AS theirs,
    CASE WHEN s.l IS NULL THEN 0 ELSE {stated} END | CASE WHEN d.l IS NULL THEN 0 ELSE {decided} END AS said
  FROM (SELECT DISTINCT l, r FROM changed_pair) c LEFT JOIN was w USING (l, r)
  LEFT JOIN remade x ON x.n = c.l LEFT JOIN remade y ON y.n = c.r
  LEFT JOIN fresh_list e ON e.n = c.l AND e.other = c.r
  LEFT JOIN fresh_list f ON f.n = c.r AND f.other = c.l
  LEFT JOIN (SELECT DISTINCT l, r FROM stated) s USING (l, r) LEFT JOIN decided d USING (l, r)
) WHERE ours | theirs | said <> 0;

CREATE OR REPLACE TEMP TABLE dropped AS SELECT l, r FROM was ANTI JOIN wanted USING (l, r);
CREATE OR REPLACE TEMP TABLE leaving_pair AS SELECT row FROM was ANTI JOIN wanted USING (l, r, kinds, ours, theirs);
DELETE FROM pair WHERE rowid IN (SELECT row FROM leaving_pair);
INSERT INTO pair (l, r, kinds, ours, theirs)
SELECT l, r, kinds, ours, theirs FROM wanted ANTI JOIN was USING (l, r, kinds, ours, theirs);

-- Whoever has or names a key that was set aside, or no longer is, is compared again.
CREATE OR REPLACE TEMP TABLE again AS
SELECT n FROM own SEMI JOIN flipped USING (key) UNION SELECT n FROM declared SEMI JOIN flipped USING (key);
CREATE OR REPLACE TEMP TABLE todo AS
SELECT l, r, kinds FROM wanted ANTI JOIN was USING (l, r, kinds)
UNION SELECT l, r, kinds FROM wanted WHERE l IN (SELECT n FROM dirty) OR r IN (SELECT n FROM dirty)
UNION SELECT l, r, kinds FROM pair SEMI JOIN again a ON a.n = l SEMI JOIN again b ON b.n = r;
