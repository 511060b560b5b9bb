-- How the works of one level moved: their number before and after, merged, split, made, gone.
WITH sized AS (
  SELECT {level}_before AS before, {level}_after AS after, count(*) OVER (PARTITION BY {level}_before) AS had,
    count(*) OVER (PARTITION BY {level}_after) AS has
  FROM stood
), joined AS (
  SELECT after, count(DISTINCT before) FILTER (had > 1) AS works FROM sized WHERE has > 1 GROUP BY after
), parted AS (
  SELECT before, count(DISTINCT after) AS parts, max(has) AS largest FROM sized WHERE had > 1 GROUP BY before
)
SELECT
  (SELECT count(*) FROM parted), (SELECT count(*) FROM joined),
  (SELECT count(*) FROM joined WHERE works > 1), (SELECT count(*) FROM parted WHERE parts > 1 AND largest > 1),
  (SELECT count(*) FROM joined WHERE works = 0), (SELECT count(*) FROM parted WHERE largest = 1);
