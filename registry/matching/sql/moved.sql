-- Two working files side by side, ``one`` and ``two``: the pairs of which they say different things, numbered within
-- each kind of change and relation.
CREATE TEMP TABLE both_say AS
SELECT coalesce(o.a, t.a) AS a, coalesce(o.b, t.b) AS b,
  CASE WHEN t.a IS NULL THEN 'lost' WHEN o.a IS NULL THEN 'gained' WHEN o.relation <> t.relation THEN 'retyped'
    WHEN o.source <> t.source THEN 'turned' WHEN o.status <> t.status THEN 'standing' ELSE '' END AS kind,
  coalesce(o.relation, '') AS relation, coalesce(o.status, '') AS status, coalesce(o.rule, '') AS rule,
  coalesce(o.source, '') AS source, coalesce(o.confidence, 0) AS confidence,
  coalesce(t.relation, '') AS relation_2, coalesce(t.status, '') AS status_2, coalesce(t.rule, '') AS rule_2,
  coalesce(t.source, '') AS source_2, coalesce(t.confidence, 0) AS confidence_2
FROM (SELECT * FROM one.match WHERE status <> 'rejected' AND relation <> 'different') o
FULL JOIN (SELECT * FROM two.match WHERE status <> 'rejected' AND relation <> 'different') t ON o.a = t.a AND o.b = t.b;

CREATE TEMP TABLE totals AS
SELECT count(*) FILTER (relation <> '') AS before, count(*) FILTER (relation_2 <> '') AS after,
  count(*) FILTER (kind = '' AND confidence <> confidence_2) AS confidence
FROM both_say;

CREATE TEMP TABLE moved AS
SELECT *, row_number() OVER (PARTITION BY kind, relation, relation_2 ORDER BY a, b) AS nth FROM both_say WHERE kind <> '';

-- Where each member of a work stood and stands; one that stands alone is its own.
CREATE TEMP TABLE stood AS
SELECT n, resource, coalesce(x.work, n) AS work_before, coalesce(y.work, n) AS work_after,
  coalesce(x.cluster, n) AS cluster_before, coalesce(y.cluster, n) AS cluster_after
FROM one.record LEFT JOIN one.member x USING (n) LEFT JOIN two.member y USING (n)
WHERE x.n IS NOT NULL OR y.n IS NOT NULL;
