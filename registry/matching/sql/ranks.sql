-- The best overlap between two families, and its rank for each; {ours} says of which families all overlaps are in
-- {source}: the other side keeps its rank. ``swapped``: kept now and not before, or the other way round.
CREATE OR REPLACE TEMP TABLE between AS
SELECT l, r, fl, fr, score, originals FROM (
  SELECT *, row_number() OVER (
    PARTITION BY least(fl, fr), greatest(fl, fr) ORDER BY score DESC, originals DESC, l, r
  ) AS nth FROM (
    SELECT o.l, o.r, coalesce(x.family, o.l) AS fl, coalesce(y.family, o.r) AS fr, score,
      coalesce(x.originals, 0) + coalesce(y.originals, 0) AS originals
    FROM {source} o ANTI JOIN said USING (l, r)
    LEFT JOIN member x ON x.n = o.l LEFT JOIN member y ON y.n = o.r WHERE relation = 'overlap'
  ) WHERE fl <> fr
) WHERE nth = 1;

CREATE OR REPLACE TEMP TABLE standing AS
SELECT l, r, f, row_number() OVER (PARTITION BY f ORDER BY score DESC, originals DESC, l, r) AS place FROM (
  SELECT l, r, fl AS f, score, originals FROM between UNION ALL SELECT l, r, fr, score, originals FROM between
) WHERE {ours};

INSERT INTO ranked
SELECT b.l, b.r, b.fl, b.fr, coalesce(x.place, w.rank_l), coalesce(y.place, w.rank_r)
FROM between b
LEFT JOIN standing x ON x.l = b.l AND x.r = b.r AND x.f = b.fl
LEFT JOIN standing y ON y.l = b.l AND y.r = b.r AND y.f = b.fr
LEFT JOIN old_ranked w ON w.l = b.l AND w.r = b.r;

CREATE OR REPLACE TEMP TABLE now_kept AS SELECT l, r FROM ranked SEMI JOIN between USING (l, r) WHERE {kept};
CREATE OR REPLACE TEMP TABLE was_kept AS SELECT l, r FROM old_ranked WHERE {kept};
CREATE OR REPLACE TEMP TABLE swapped AS
(SELECT * FROM now_kept EXCEPT SELECT * FROM was_kept) UNION ALL (SELECT * FROM was_kept EXCEPT SELECT * FROM now_kept);
