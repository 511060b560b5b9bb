-- The first members of the works on one side that are in two or more works of the other side.
SELECT list_sort(list(resource))[:12] FROM (
  SELECT {level}_{whole} AS whole, {level}_{part} AS part, resource,
    count(*) OVER (PARTITION BY {level}_{part}) > 1 AS shared
  FROM stood
) GROUP BY whole HAVING {having} ORDER BY min(resource) LIMIT {most};
