-- How many resources, and how many under an open licence, a term has in a language ("": none stated) at an academy.
SELECT cell.concept, cell.language, cell.academy, sum(cell.number), sum(cell.number * cell.open)
FROM step CROSS JOIN cell ON cell.concept = step.concept
WHERE (:scheme IS NULL OR step.axis = :scheme) AND cell.language <> '*'
    AND (:language IS NULL OR cell.language IN ('', :language)) AND (:academy IS NULL OR cell.academy = :academy)
GROUP BY cell.concept, cell.language, cell.academy
