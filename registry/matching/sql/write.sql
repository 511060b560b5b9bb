-- ``fresh_match`` against the matches of the pairs in ``look``: what is new or different is written with this turn, what
-- is no more goes; ``leaves`` are the pairs that the public saw and sees no more.
CREATE OR REPLACE TEMP TABLE old_match AS SELECT {columns} FROM match SEMI JOIN look USING (l, r);
CREATE OR REPLACE TEMP TABLE upsert AS SELECT f.* FROM (SELECT {columns} FROM fresh_match) f
LEFT JOIN old_match o USING (l, r) WHERE o.l IS NULL OR f IS DISTINCT FROM o;
CREATE OR REPLACE TEMP TABLE ending AS
SELECT a, b, l, r, private FROM old_match ANTI JOIN fresh_match USING (l, r);
CREATE OR REPLACE TEMP TABLE leaves AS
SELECT a, b FROM ending WHERE NOT private
UNION SELECT o.a, o.b FROM old_match o JOIN upsert u USING (l, r) WHERE NOT o.private AND u.private;
DELETE FROM match USING upsert u WHERE match.l = u.l AND match.r = u.r;
DELETE FROM match USING ending u WHERE match.l = u.l AND match.r = u.r;
DELETE FROM gone USING upsert u WHERE gone.a = u.a AND gone.b = u.b;
INSERT INTO gone SELECT a, b, {turn} FROM leaves;
INSERT INTO match ({columns}, turn) SELECT {columns}, {turn} FROM upsert;
