-- index_move_objections: objections of one bucket to their new hash.
-- Params   $1 bucket
UPDATE objection o SET phone_index = m.new_index
  FROM phone_index_move m
 WHERE o.bucket = $1::smallint AND m.old_index = o.phone_index;
