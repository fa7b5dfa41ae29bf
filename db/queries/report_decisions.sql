-- report_decisions: decisions by gate and outcome.
-- Returns  label, count
SELECT CASE gate WHEN 'P' THEN 'planning' WHEN 'D' THEN 'dispatch' ELSE 'dial' END
       || ': ' || outcome, count(*)
  FROM decision GROUP BY gate, outcome
 ORDER BY position(gate IN 'PDC'), outcome;
