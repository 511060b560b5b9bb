SELECT * FROM (
    SELECT predicate(relation) AS relation, rule, status, confidence, matches FROM (
        SELECT relation, rule, status, CAST(confidence * 100 + 0.5 AS INTEGER) * 100 AS confidence, count(*) AS matches
        FROM match GROUP BY relation, rule, status, CAST(confidence * 100 + 0.5 AS INTEGER)
    )
)
WHERE (:relation IS NULL OR relation = :relation) AND (:rule IS NULL OR rule = :rule)
    AND (:status IS NULL OR status = :status)
ORDER BY relation, rule, status, confidence
