-- Overlaps whose rank can move, in ``around``: those of the families of the closure, and of the families beside them.
CREATE OR REPLACE TEMP TABLE moving AS
SELECT DISTINCT coalesce(family, c.n) AS f FROM closure c LEFT JOIN member m ON m.n = c.n
UNION SELECT fl FROM ranked SEMI JOIN closure c ON c.n = l
UNION SELECT fr FROM ranked SEMI JOIN closure c ON c.n = r;
CREATE OR REPLACE TEMP TABLE inside AS
SELECT n FROM member WHERE family IN (SELECT f FROM moving) UNION SELECT f FROM moving;

CREATE OR REPLACE TEMP TABLE beside AS
SELECT f FROM moving
UNION SELECT fr FROM ranked WHERE fl IN (SELECT f FROM moving)
UNION SELECT fl FROM ranked WHERE fr IN (SELECT f FROM moving)
UNION SELECT coalesce(family, t.n) FROM (
  SELECT r AS n FROM outcome SEMI JOIN inside i ON i.n = l WHERE relation = 'overlap'
  UNION SELECT l FROM outcome SEMI JOIN inside i ON i.n = r WHERE relation = 'overlap'
) t LEFT JOIN member m ON m.n = t.n;
CREATE OR REPLACE TEMP TABLE near AS
SELECT n FROM member WHERE family IN (SELECT f FROM beside) UNION SELECT f FROM beside;

CREATE OR REPLACE TEMP TABLE old_ranked AS
SELECT * FROM ranked WHERE fl IN (SELECT f FROM beside) OR fr IN (SELECT f FROM beside);
DELETE FROM ranked WHERE fl IN (SELECT f FROM beside) OR fr IN (SELECT f FROM beside);
CREATE OR REPLACE TEMP TABLE around AS
SELECT * FROM outcome WHERE relation = 'overlap' AND (l IN (SELECT n FROM near) OR r IN (SELECT n FROM near));
