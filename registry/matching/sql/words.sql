-- Keys of words of the records in the table ``fresh``: of the {known} rarest that the frequencies know, alone and in
-- pairs, of the {triples} rarest of these also in triples; of {new} that they do not know, alone. The frequencies are the model's; a word that they do not know
-- counts as one that {few} records have. A word of more than {cap} would be set aside, so it makes no key alone.
CREATE OR REPLACE TEMP TABLE rarest AS
SELECT n, t, df, new, nth, CAST(greatest(1, least(200, round(8 * log2(({records} + 1) / df)))) AS SMALLINT) AS weight
FROM (
  SELECT n, t, coalesce(df, {few}) AS df, df IS NULL AS new,
    row_number() OVER (PARTITION BY n, df IS NULL ORDER BY df, t) AS nth
  FROM (SELECT n, t FROM token SEMI JOIN fresh USING (n)) LEFT JOIN frequency ON k = t
) WHERE nth <= CASE WHEN new THEN {new} ELSE {known} END;

INSERT INTO key SELECT n, t, {words}, weight, -1 FROM rarest WHERE df <= {cap};

CREATE OR REPLACE TEMP TABLE known AS SELECT n, t, nth FROM rarest WHERE NOT new;

INSERT INTO key
SELECT x.n, CAST((x.t::HUGEINT * 1000003 + y.t) % 9223372036854775783 AS BIGINT), {words}, 20, -1
FROM known x JOIN known y ON x.n = y.n AND x.t < y.t;

INSERT INTO key
SELECT x.n, CAST(((x.t::HUGEINT * 1000003 + y.t) % 9223372036854775783 * 1000033 + z.t) % 9223372036854775783 AS BIGINT),
  {words}, 30, -1
FROM known x JOIN known y ON x.n = y.n AND x.t < y.t JOIN known z ON z.n = x.n AND y.t < z.t
WHERE greatest(x.nth, y.nth, z.nth) <= {triples};
