SELECT iri AS original, title, academies, translations, editions, adaptations
FROM reused
WHERE academies >= coalesce(:least, 1)
ORDER BY academies DESC, title, iri
