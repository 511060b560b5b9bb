-- What holds for all terms of a scheme: how many of an academy's resources in a language (spoken), and of those that
-- state none (silent), there are in all and with a term of the scheme (some).
WITH spoken AS (
    SELECT DISTINCT language FROM described
    WHERE axis = '' AND language NOT IN ('', '*') AND (:language IS NULL OR language = :language)
), frame AS (
    SELECT axis.id AS scheme, spoken.language AS language, academy.id AS academy, academy.resources AS resources,
        coalesce(spoken_all.number, 0) AS spoken_all, coalesce(spoken_some.number, 0) AS spoken_some,
        coalesce(silent_all.number, 0) AS silent_all, coalesce(silent_some.number, 0) AS silent_some
    FROM axis CROSS JOIN spoken CROSS JOIN academy
    LEFT JOIN described spoken_all ON spoken_all.axis = '' AND spoken_all.language = spoken.language
        AND spoken_all.academy = academy.id
    LEFT JOIN described spoken_some ON spoken_some.axis = axis.id AND spoken_some.language = spoken.language
        AND spoken_some.academy = academy.id
    LEFT JOIN described silent_all ON silent_all.axis = '' AND silent_all.language = ''
        AND silent_all.academy = academy.id
    LEFT JOIN described silent_some ON silent_some.axis = axis.id AND silent_some.language = ''
        AND silent_some.academy = academy.id
    WHERE (:scheme IS NULL OR axis.id = :scheme) AND (:academy IS NULL OR academy.id = :academy)
)
SELECT scheme, language, academy, spoken_all - spoken_some, silent_all - silent_some,
    ratio(spoken_some, spoken_all + silent_all),
    CASE WHEN resources = 0 OR spoken_some < :enough * (spoken_all + silent_all) THEN 'not enough described'
    ELSE 'none found' END
FROM frame
ORDER BY scheme, language, academy
