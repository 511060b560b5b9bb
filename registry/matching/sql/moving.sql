-- Families whose overlaps can be other ones (``moving``): those of the closure, as they are and as they were; in ``around``
-- all overlaps of theirs.
CREATE OR REPLACE TEMP TABLE moving AS
SELECT DISTINCT coalesce(family, c.n) AS f FROM closure c LEFT JOIN member m ON m.n = c.n
UNION SELECT fl FROM ranked SEMI JOIN closure c ON c.n = l
UNION SELECT fr FROM ranked SEMI JOIN closure c ON c.n = r;
CREATE OR REPLACE TEMP TABLE inside AS
SELECT n FROM member WHERE family IN (SELECT f FROM moving) UNION SELECT f FROM moving;
CREATE OR REPLACE TEMP TABLE around AS
SELECT l, r, score FROM outcome
WHERE relation = 'overlap' AND (l IN (SELECT n FROM inside) OR r IN (SELECT n FROM inside));
