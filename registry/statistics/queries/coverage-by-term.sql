-- Each term of the schemes, over all academies and languages.
WITH total AS (SELECT coalesce(sum(number), 0) AS number FROM described WHERE axis = '' AND language = '*'),
absent AS (
    SELECT (SELECT count(*) FROM known) + (SELECT count(*) FROM academy WHERE resources = 0) AS number
), known_of AS (
    SELECT axis.id AS scheme, coalesce(sum(number), 0) AS number
    FROM axis LEFT JOIN described ON described.axis = axis.id AND language = '*'
    WHERE :scheme IS NULL OR axis.id = :scheme
    GROUP BY axis.id
), counted AS (
    SELECT scheme, notation AS term, text, known_of.number AS known, coalesce(sum(cell.number), 0) AS found,
        coalesce(sum(cell.number * cell.open), 0) AS open, count(DISTINCT cell.academy) AS academies
    FROM known_of CROSS JOIN step ON step.axis = known_of.scheme
    LEFT JOIN cell ON cell.concept = step.concept AND cell.language = '*'
    GROUP BY step.concept
)
SELECT scheme, term, english(text) AS name, found, open, academies, total.number - known AS no_subject,
    absent.number AS not_harvested, ratio(known, total.number) AS described,
    CASE WHEN found > 0 THEN 'found' WHEN total.number = 0 OR known < :enough * total.number THEN 'not enough described'
    ELSE 'none found' END AS state
FROM counted CROSS JOIN total CROSS JOIN absent
ORDER BY scheme, in_process(term), term
