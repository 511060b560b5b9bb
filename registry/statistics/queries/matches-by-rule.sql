SELECT predicate AS relation, rule, status, confidence * 100 AS confidence, matches FROM (
    SELECT relation AS name, rule, status, CAST(confidence * 100 + 0.5 AS INTEGER) AS confidence, count(*) AS matches
    FROM match GROUP BY relation, rule, status, CAST(confidence * 100 + 0.5 AS INTEGER)
) JOIN relation USING (name)
WHERE (:relation IS NULL OR predicate = :relation) AND (:rule IS NULL OR rule = :rule)
    AND (:status IS NULL OR status = :status)
ORDER BY predicate, rule, status, confidence
