SELECT title.value AS title, min(left_academy, right_academy) AS academy, max(left_academy, right_academy) AS other
FROM match
CROSS JOIN resource ON iri = CASE WHEN left_academy < right_academy THEN left_iri ELSE right_iri END
CROSS JOIN json_each(resource.name) title
WHERE relation IN (SELECT name FROM relation WHERE predicate IN ('sameAs', 'nearCopyOf')) AND status = 'accepted'
    AND within = 0
    AND (:academy IS NULL OR min(left_academy, right_academy) = :academy)
    AND (:other IS NULL OR max(left_academy, right_academy) = :other)
ORDER BY title.value, 2, 3
