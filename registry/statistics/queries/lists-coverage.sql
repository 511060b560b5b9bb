WITH total AS (SELECT coalesce(sum(number), 0) AS number FROM described WHERE axis = '' AND language = '*')
SELECT axis.id AS list, (SELECT count(*) FROM step WHERE step.axis = axis.id) AS terms, taught.number AS taught,
    (SELECT count(*) FROM step WHERE step.axis = axis.id) - taught.number AS none, known.number AS known,
    total.number - known.number AS not_known
FROM axis CROSS JOIN total
CROSS JOIN (
    SELECT id, (
        SELECT count(*) FROM step WHERE step.axis = axis.id
        AND EXISTS (SELECT 1 FROM cell WHERE cell.concept = step.concept)
    ) AS number FROM axis
) taught ON taught.id = axis.id
CROSS JOIN (
    SELECT id, (
        SELECT coalesce(sum(number), 0) FROM described WHERE described.axis = axis.id AND language = '*'
    ) AS number FROM axis
) known ON known.id = axis.id
WHERE :list IS NULL OR axis.id = :list
ORDER BY axis.id
