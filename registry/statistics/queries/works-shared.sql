SELECT in_all, title AS course, language, academies, forms
FROM form
WHERE :language IS NULL OR language = :language
ORDER BY in_all DESC, first, language, work
