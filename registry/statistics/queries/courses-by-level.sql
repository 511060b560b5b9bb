SELECT * FROM (
    SELECT nullif(notation(type), '') AS type, nullif(notation(level), '') AS level, sum(number) AS courses FROM kind
    GROUP BY 1, 2
)
WHERE (:type IS NULL OR type = :type) AND (:level IS NULL OR level = :level)
ORDER BY type, level
