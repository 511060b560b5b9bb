SELECT predicate AS relation, rule, status, sure * 100 AS confidence, pairs AS matches
FROM ruled JOIN relation ON relation.name = ruled.relation
WHERE (:relation IS NULL OR predicate = :relation) AND (:rule IS NULL OR rule = :rule)
    AND (:status IS NULL OR status = :status)
ORDER BY predicate, rule, status, sure
