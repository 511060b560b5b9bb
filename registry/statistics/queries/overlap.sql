-- Each pair of academies from both sides.
SELECT * FROM (
    SELECT a AS academy, b AS other, predicate(relation) AS relation, status, pairs FROM overlap
    WHERE a <> b AND relation <> 'different'
    UNION ALL SELECT b, a, predicate(relation), status, pairs FROM overlap WHERE a <> b AND relation <> 'different'
)
WHERE (:academy IS NULL OR academy = :academy) AND (:other IS NULL OR other = :other)
    AND (:relation IS NULL OR relation = :relation) AND (:status IS NULL OR status = :status)
ORDER BY academy, other, relation, status
