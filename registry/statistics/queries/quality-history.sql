SELECT academy, feed AS list, metric AS measure, substr(time, 1, 7) AS month, value
FROM quality
WHERE (:academy IS NULL OR academy = :academy) AND (:measure IS NULL OR metric = :measure)
ORDER BY academy, list, measure, month
