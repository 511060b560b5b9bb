SELECT nullif(notation(type), '') AS type, nullif(notation(level), '') AS level, sum(number) AS courses
FROM kind
GROUP BY 1, 2
ORDER BY 1, 2
