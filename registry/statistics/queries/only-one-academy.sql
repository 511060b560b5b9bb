-- Terms that one academy alone teaches in a language.
SELECT axis.id AS scheme, step.notation AS term, english(step.text) AS name, cell.language AS language,
    min(cell.academy) AS academy, sum(cell.number) AS resources
FROM axis CROSS JOIN step ON step.axis = axis.id CROSS JOIN cell ON cell.concept = step.concept
WHERE (:scheme IS NULL OR axis.id = :scheme) AND (:language IS NULL OR cell.language = :language)
    AND cell.language NOT IN ('', '*')
GROUP BY step.concept, cell.language
HAVING min(cell.academy) = max(cell.academy) AND (:academy IS NULL OR min(cell.academy) = :academy)
ORDER BY scheme, in_process(term), term, language
