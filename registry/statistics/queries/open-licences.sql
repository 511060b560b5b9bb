SELECT academy, sum(number) AS resources, sum(number * (terms = 'open')) AS open,
    sum(number * (terms = 'closed')) AS closed, sum(number * (terms = 'unrecognised')) AS unrecognised,
    sum(number * (terms = 'unstated')) AS unstated, ratio(sum(number * (terms = 'open')), sum(number)) AS open_share
FROM licensed
WHERE :academy IS NULL OR academy = :academy
GROUP BY academy
ORDER BY academy
