-- promise_list: the promises in force of a model, with the counts of the last tick
-- Params   $1 model text
-- Returns  version, code, stage, tier, kind, days, name_zh, name_en, segment, as_of, covered,
--          overdue, undecided
SELECT version, code, stage, tier, kind, days, name_zh, name_en, segment, as_of, covered,
       overdue, undecided
  FROM promise
 WHERE model = $1::text
 ORDER BY code COLLATE "C"
