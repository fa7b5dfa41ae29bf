-- call_record_find: a record that is there already.
-- Params   $1 source, $2 reference
-- Returns  fate, task_id, number approved
SELECT r.fate, r.task_id, n.number
  FROM call_record r LEFT JOIN caller_number n USING (number_id)
 WHERE r.source = $1::text AND r.reference = $2::text;
