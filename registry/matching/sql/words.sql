-- Keys of single words, pairs and triples of the rarest words of the records in the table ``fresh``; the frequencies
-- are the model's. A word that the model does not know counts as one that {few} records have.
CREATE OR REPLACE TEMP TABLE rarest AS
SELECT n, t, df, CAST(greatest(1, least(200, round(8 * log2(({records} + 1) / df)))) AS SMALLINT) AS weight FROM (
  SELECT n, t, coalesce(df, {few}) AS df, row_number() OVER (PARTITION BY n ORDER BY coalesce(df, {few}), t) AS nth
  FROM (SELECT n, t FROM token SEMI JOIN fresh USING (n)) LEFT JOIN frequency ON k = t
) WHERE nth <= {rarest};

INSERT INTO key SELECT n, t, {words}, weight FROM rarest;

INSERT INTO key
SELECT x.n, CAST((least(x.t, y.t)::HUGEINT * 1000003 + greatest(x.t, y.t)) % 9223372036854775783 AS BIGINT), {words}, 20
FROM rarest x JOIN rarest y ON x.n = y.n AND x.t < y.t;

INSERT INTO key
SELECT x.n, CAST(((x.t::HUGEINT * 1000003 + y.t) % 9223372036854775783 * 1000033 + z.t) % 9223372036854775783 AS BIGINT),
  {words}, 30
FROM rarest x JOIN rarest y ON x.n = y.n AND x.t < y.t JOIN rarest z ON z.n = x.n AND y.t < z.t;
