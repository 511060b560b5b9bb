-- Which pairs are meant is found in the index alone; then one row for each line of their evidence.
SELECT title.value AS title, left_academy AS academy, right_academy AS other, confidence,
    json_extract(line.value, '$.feature') AS feature, CAST(json_extract(line.value, '$.score') AS REAL) AS similarity
FROM match
CROSS JOIN resource ON iri = left_iri
CROSS JOIN json_each(resource.name) title
CROSS JOIN json_each(match.evidence) line
WHERE relation IN (SELECT name FROM relation WHERE predicate IN ('sameAs', 'nearCopyOf')) AND status = 'candidate'
    AND (:academy IS NULL OR left_academy = :academy) AND (:other IS NULL OR right_academy = :other)
ORDER BY title.value, left_academy, right_academy, confidence DESC, feature, similarity
