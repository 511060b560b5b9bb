SELECT notation AS topic, english(text) AS name
FROM step
WHERE axis = 'ost' AND NOT EXISTS (SELECT 1 FROM cell WHERE cell.concept = step.concept AND language = '*')
ORDER BY notation
