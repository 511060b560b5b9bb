-- A pair leads from the translation to its source, from the left one where that is not known.
SELECT DISTINCT title.value AS translation, spoken.value AS language, source.value AS original, written.value AS "from",
    status
FROM match
CROSS JOIN resource course ON course.iri = CASE WHEN match.source = left_iri THEN right_iri ELSE left_iri END
CROSS JOIN resource origin ON origin.iri = CASE WHEN match.source = left_iri THEN left_iri ELSE right_iri END
CROSS JOIN carries spoken ON spoken.iri = course.iri AND spoken.kind = 'language'
CROSS JOIN carries written ON written.iri = origin.iri AND written.kind = 'language'
CROSS JOIN json_each(course.name) title
CROSS JOIN json_each(origin.name) source
WHERE relation = 'translation' AND status <> 'rejected' AND (:status IS NULL OR status = :status)
    AND (:language IS NULL OR spoken.value = :language)
    AND EXISTS (SELECT 1 FROM carries WHERE iri = course.iri AND kind = 'type' AND notation(value) = 'lesson')
    AND EXISTS (SELECT 1 FROM carries WHERE iri = origin.iri AND kind = 'type' AND notation(value) = 'lesson')
ORDER BY spoken.value, title.value, source.value, written.value, status
