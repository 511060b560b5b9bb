-- Families whose ranks can be other ones (``beside``): those between which the best overlap is not what it was. In
-- ``old_ranked`` how they stood; ``between`` then holds the best overlaps that they have now.
CREATE OR REPLACE TEMP TABLE was_between AS
SELECT l, r, fl, fr, score, originals FROM ranked
WHERE fl IN (SELECT f FROM moving) OR fr IN (SELECT f FROM moving);
CREATE OR REPLACE TEMP TABLE beside AS
SELECT DISTINCT unnest([fl, fr]) AS f FROM (
  (SELECT * FROM was_between EXCEPT SELECT * FROM between) UNION ALL (SELECT * FROM between EXCEPT SELECT * FROM was_between)
);
CREATE OR REPLACE TEMP TABLE old_ranked AS
SELECT * FROM ranked WHERE fl IN (SELECT f FROM beside) OR fr IN (SELECT f FROM beside);
CREATE OR REPLACE TEMP TABLE between AS
SELECT * FROM between WHERE fl IN (SELECT f FROM beside) OR fr IN (SELECT f FROM beside)
UNION ALL
SELECT l, r, fl, fr, score, originals FROM old_ranked
WHERE fl NOT IN (SELECT f FROM moving) AND fr NOT IN (SELECT f FROM moving);
