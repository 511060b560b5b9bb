-- How many resources a term has in a language ("": none stated) at an academy, under open licences and others.
SELECT language, academy, open, number FROM cell
WHERE concept = :concept AND language <> '*'
    AND (:language IS NULL OR language IN ('', :language)) AND (:academy IS NULL OR academy = :academy)
