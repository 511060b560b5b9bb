-- The matches of the pairs in a table, as they are to stand. What hardly ever proves right is not told.
-- Of the large tables only what belongs to these pairs is laid in memory: the evidence of all pairs is gigabytes.
WITH k AS MATERIALIZED (SELECT l, r FROM {pairs})
SELECT * FROM (
SELECT
  least(x.resource, y.resource) AS a, greatest(x.resource, y.resource) AS b, k.l, k.r,
  coalesce(v.relation, o.relation) AS relation,
  CASE WHEN v.rule IS NULL THEN coalesce(chance_of(c.start + c.slope * z.weight), rule.confidence)
    ELSE v.confidence END AS confidence,
  coalesce(v.status, rule.status) AS status, coalesce(v.rule, o.rule) AS rule,
  coalesce(v.justification, rule.justification) AS justification,
  coalesce(v.source, CASE WHEN t.code IS NULL THEN o.source END, '') AS source, coalesce(v.reviewer, '') AS reviewer, coalesce(v.time, '') AS reviewed,
  coalesce(v.verdict, '') AS verdict, coalesce(v.note, '') AS note,
  round(coalesce(z.weight, 0), 3) AS weight, p.kinds, coalesce(o.evidence, w.evidence, '[]') AS evidence,
  coalesce(v.answers, nullif(o.answers, ''), '[]') AS answers,
  {notice} AND coalesce(v.status, rule.status) = 'candidate' AND e.a IS NULL AS private,
  -- What people decided shows the people, not a chance.
  CASE WHEN v.rule IS NULL THEN chance_of(c.start + c.slope * z.weight) END AS probability, z.code AS levels
FROM k JOIN record x ON x.n = k.l JOIN record y ON y.n = k.r
LEFT JOIN (SELECT * FROM pair SEMI JOIN k USING (l, r)) p ON p.l = k.l AND p.r = k.r
LEFT JOIN (SELECT * FROM outcome SEMI JOIN k USING (l, r)) o ON o.l = k.l AND o.r = k.r
LEFT JOIN (SELECT * FROM shown SEMI JOIN k USING (l, r)) w ON w.l = k.l AND w.r = k.r
LEFT JOIN rule ON rule.code = o.rule LEFT JOIN chance c ON c.code = o.rule LEFT JOIN turned t ON t.code = o.rule
LEFT JOIN (SELECT * FROM reached SEMI JOIN k USING (l, r)) z ON z.l = k.l AND z.r = k.r
LEFT JOIN said v ON v.l = k.l AND v.r = k.r
LEFT JOIN ended e ON e.a = least(x.resource, y.resource) AND e.b = greatest(x.resource, y.resource)
) WHERE probability IS NULL OR probability >= {least}
