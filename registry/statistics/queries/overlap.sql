-- Each pair of academies from both sides.
SELECT academy, other, predicate AS relation, status, pairs FROM (
    SELECT a AS academy, b AS other, relation AS name, status, pairs FROM overlap WHERE a <> b
    UNION ALL SELECT b, a, relation, status, pairs FROM overlap WHERE a <> b
) JOIN relation USING (name)
WHERE name <> 'different' AND (:academy IS NULL OR academy = :academy) AND (:other IS NULL OR other = :other)
    AND (:relation IS NULL OR predicate = :relation) AND (:status IS NULL OR status = :status)
ORDER BY academy, other, predicate, status
