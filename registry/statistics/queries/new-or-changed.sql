SELECT academy, renewed.key AS id, title.value AS title
FROM renewed
CROSS JOIN resource USING (id)
CROSS JOIN json_each(resource.name) title
WHERE (:academy IS NULL OR academy = :academy) AND (:since IS NULL OR time >= :since)
ORDER BY academy, renewed.key, title.value
