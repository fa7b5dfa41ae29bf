-- overview_outcomes: outcomes by disposition.
-- Params   none
SELECT disposition, count(*) FROM outcome GROUP BY disposition;
