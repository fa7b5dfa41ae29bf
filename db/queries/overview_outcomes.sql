-- overview_outcomes: outcomes by disposition.
-- Params   none
SELECT d.code, coalesce(o.n, 0)
  FROM disposition d
  LEFT JOIN (SELECT disposition, count(*) AS n FROM outcome GROUP BY disposition) o
    ON o.disposition = d.code
 ORDER BY d.code;
