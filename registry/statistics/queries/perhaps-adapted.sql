SELECT one.academy AS academy, title.value AS title, two.academy AS other, similar.value AS similar, rule, confidence
FROM match
CROSS JOIN resource one ON one.iri = CASE WHEN left_academy < right_academy THEN left_iri ELSE right_iri END
CROSS JOIN resource two ON two.iri = CASE WHEN left_academy < right_academy THEN right_iri ELSE left_iri END
CROSS JOIN json_each(one.name) title
CROSS JOIN json_each(two.name) similar
WHERE relation = 'derivative' AND status = 'candidate' AND within = 0
    AND (:academy IS NULL OR min(left_academy, right_academy) = :academy)
    AND (:other IS NULL OR max(left_academy, right_academy) = :other) AND (:rule IS NULL OR rule = :rule)
ORDER BY one.academy, two.academy, title.value, similar.value, rule, confidence
