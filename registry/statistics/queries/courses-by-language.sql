SELECT nullif(language, '') AS language, sum(number) AS courses, count(*) AS academies
FROM described
WHERE axis = '' AND language <> '*'
GROUP BY language
ORDER BY language
