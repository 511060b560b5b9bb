-- The best overlap between two families, of those in {source}.
CREATE OR REPLACE TEMP TABLE between AS
SELECT l, r, fl, fr, score, originals FROM (
  SELECT *, row_number() OVER (
    PARTITION BY least(fl, fr), greatest(fl, fr) ORDER BY score DESC, originals DESC, l, r
  ) AS nth FROM (
    SELECT o.l, o.r, coalesce(x.family, o.l) AS fl, coalesce(y.family, o.r) AS fr, score,
      CAST(coalesce(x.originals, 0) + coalesce(y.originals, 0) AS INTEGER) AS originals
    FROM {source} o ANTI JOIN said USING (l, r) LEFT JOIN member x ON x.n = o.l LEFT JOIN member y ON y.n = o.r
  ) WHERE fl <> fr
) WHERE nth = 1;
