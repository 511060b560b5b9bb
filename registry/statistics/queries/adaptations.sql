SELECT made.academy AS academy, title.value AS title, source.value AS source, origin.academy AS of
FROM match
CROSS JOIN resource made ON made.iri = CASE WHEN match.source = left_iri THEN right_iri ELSE left_iri END
CROSS JOIN resource origin ON origin.iri = CASE WHEN match.source = left_iri THEN left_iri ELSE right_iri END
CROSS JOIN json_each(made.name) title
CROSS JOIN json_each(origin.name) source
WHERE relation = 'derivative' AND status = 'accepted'
    AND (:academy IS NULL OR made.academy = :academy) AND (:of IS NULL OR origin.academy = :of)
ORDER BY made.academy, title.value, source.value, origin.academy
