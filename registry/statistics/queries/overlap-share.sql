-- How many of an academy's resources have something alike at another.
SELECT of_academy AS academy, at_academy AS other, shared.resources AS shared, described.number AS resources,
    ratio(shared.resources, described.number) AS share
FROM shared JOIN described ON described.axis = '' AND described.language = '*' AND described.academy = of_academy
WHERE of_academy <> at_academy AND (:academy IS NULL OR of_academy = :academy)
    AND (:other IS NULL OR at_academy = :other)
ORDER BY academy, other
