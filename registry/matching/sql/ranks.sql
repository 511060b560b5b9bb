-- The rank of each row of ``between`` for the families of which {ours} holds; for others it keeps its rank. ``swapped``:
-- kept now and not before, or the other way round.
CREATE OR REPLACE TEMP TABLE standing AS
SELECT l, r, f, row_number() OVER (PARTITION BY f ORDER BY score DESC, originals DESC, l, r) AS place FROM (
  SELECT l, r, fl AS f, score, originals FROM between UNION ALL SELECT l, r, fr, score, originals FROM between
) WHERE {ours};

CREATE OR REPLACE TEMP TABLE now_ranked AS
SELECT b.l, b.r, b.fl, b.fr, b.score, CAST(b.originals AS INTEGER) AS originals,
  CAST(coalesce(x.place, w.rank_l) AS INTEGER) AS rank_l, CAST(coalesce(y.place, w.rank_r) AS INTEGER) AS rank_r
FROM between b
LEFT JOIN standing x ON x.l = b.l AND x.r = b.r AND x.f = b.fl
LEFT JOIN standing y ON y.l = b.l AND y.r = b.r AND y.f = b.fr
LEFT JOIN old_ranked w ON w.l = b.l AND w.r = b.r;
CREATE OR REPLACE TEMP TABLE leaving_rank AS
SELECT l, r FROM old_ranked ANTI JOIN now_ranked USING (l, r, fl, fr, score, originals, rank_l, rank_r);
DELETE FROM ranked USING leaving_rank d WHERE ranked.l = d.l AND ranked.r = d.r;
INSERT INTO ranked
SELECT * FROM now_ranked ANTI JOIN old_ranked USING (l, r, fl, fr, score, originals, rank_l, rank_r);

CREATE OR REPLACE TEMP TABLE now_kept AS SELECT l, r FROM now_ranked WHERE {kept};
CREATE OR REPLACE TEMP TABLE was_kept AS SELECT l, r FROM old_ranked WHERE {kept};
CREATE OR REPLACE TEMP TABLE swapped AS
(SELECT * FROM now_kept EXCEPT SELECT * FROM was_kept) UNION ALL (SELECT * FROM was_kept EXCEPT SELECT * FROM now_kept);
DROP TABLE between;
DROP TABLE standing;
