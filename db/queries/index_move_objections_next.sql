-- index_move_objections_next: objections of one bucket on numbers without a pair yet.
-- Params   $1 bucket
-- Returns  customer_id, phone_index, phone_sealed, wrapped customer key
SELECT o.customer_id, o.phone_index, o.phone_sealed, k.wrapped
  FROM objection o
  JOIN customer_key k ON k.bucket = o.bucket AND k.customer_id = o.customer_id
 WHERE o.bucket = $1::smallint AND o.phone_index IS NOT NULL AND o.phone_sealed IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM phone_alias a WHERE a.own = o.phone_index)
 ORDER BY o.objection_id;
