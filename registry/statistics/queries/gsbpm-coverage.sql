SELECT substr(notation, 4) AS step, english(text) AS name, coalesce(sum(number), 0) AS courses,
    count(DISTINCT academy) AS academies
FROM step LEFT JOIN cell ON cell.concept = step.concept AND cell.language = '*'
WHERE axis = 'gsbpm' AND substr(notation, 1, 3) = 'sp-' AND (:step IS NULL OR substr(notation, 4) = :step)
GROUP BY step.concept
ORDER BY step
