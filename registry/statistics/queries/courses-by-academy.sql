SELECT english(academy.name) AS name, described.number AS descriptions, coalesce(part.number, 0) AS parts
FROM academy JOIN described ON described.axis = '' AND described.language = '*' AND described.academy = academy.id
LEFT JOIN part ON part.academy = academy.id
WHERE english(academy.name) IS NOT NULL
ORDER BY name
