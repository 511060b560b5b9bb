SELECT month, academy, sum(number * (what = 'added')) AS added, sum(number * (what = 'withdrawn')) AS withdrawn
FROM growth
WHERE :academy IS NULL OR academy = :academy
GROUP BY month, academy
ORDER BY month, academy
