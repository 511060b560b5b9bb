-- Each pair from both sides; a course is found by its address, or all are gone through.
SELECT predicate AS relation, other.academy AS academy, title.value AS title, status FROM (
    SELECT iri, academy, url FROM resource WHERE url = :address
    UNION ALL SELECT iri, academy, url FROM resource WHERE :address IS NULL AND url IS NOT NULL
) course
CROSS JOIN match ON course.iri IN (left_iri, right_iri)
CROSS JOIN relation known ON known.name = match.relation AND predicate IN ('sameAs', 'nearCopyOf', 'translationOfWork', 'previousVersion')
CROSS JOIN resource other ON other.iri = CASE WHEN course.iri = left_iri THEN right_iri ELSE left_iri END
CROSS JOIN json_each(other.name) title
WHERE status <> 'rejected' AND (:by IS NULL OR course.academy = :by)
ORDER BY predicate, other.academy, title.value, status, course.url, course.academy
