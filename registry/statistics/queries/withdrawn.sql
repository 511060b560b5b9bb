SELECT academy, key AS id
FROM withdrawn
WHERE :academy IS NULL OR academy = :academy
ORDER BY academy, key
