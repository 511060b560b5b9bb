-- How many resources of an academy, by language, have nothing alike at another one.
SELECT d.academy AS academy, nullif(d.language, '') AS language, d.number AS resources,
    d.number - coalesce(alike.number, 0) AS only_here, ratio(d.number - coalesce(alike.number, 0), d.number) AS share
FROM described d LEFT JOIN alike ON alike.academy = d.academy AND alike.language = d.language
WHERE d.axis = '' AND d.language <> '*' AND (:academy IS NULL OR d.academy = :academy)
    AND (:language IS NULL OR d.language = :language)
ORDER BY d.academy, d.language
