-- Each pair of academies from both sides.
SELECT academy, other, predicate(relation) AS relation, status, pairs FROM (
    SELECT a AS academy, b AS other, relation, status, pairs FROM overlap WHERE a <> b
    UNION ALL SELECT b, a, relation, status, pairs FROM overlap WHERE a <> b
)
WHERE relation <> 'different' AND (:academy IS NULL OR academy = :academy) AND (:other IS NULL OR other = :other)
ORDER BY academy, other, 3, status
