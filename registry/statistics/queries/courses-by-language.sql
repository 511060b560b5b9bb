SELECT nullif(language, '') AS language, sum(number) AS courses, count(*) AS academies
FROM described
WHERE axis = '' AND language <> '*' AND (:language IS NULL OR language = :language)
GROUP BY language
ORDER BY language
