-- index_move_counts: counted contacts of one bucket to their new hash; those that no cap
-- looks at any more, on numbers nobody has, forget theirs.
-- Params   $1 bucket, $2 oldest instant of interest
UPDATE contact_count c
   SET phone_index = (SELECT m.new_index FROM phone_index_move m
                       WHERE m.old_index = c.phone_index)
 WHERE c.bucket = $1::smallint
   AND (EXISTS (SELECT 1 FROM phone_index_move m WHERE m.old_index = c.phone_index)
        OR (c.at <= $2::timestamptz AND c.phone_index IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM phone_index_move m WHERE m.new_index = c.phone_index)));
