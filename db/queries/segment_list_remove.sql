-- segment_list_remove: takes customers of a bucket off the list of a segment
-- Params   $1 bucket bigint, $2 segment_id bigint, $3 refs text[]
-- Affects  those that were on it
DELETE FROM segment_list_entry AS e
 USING customer AS c
 WHERE e.bucket = $1::bigint AND e.segment_id = $2::bigint
   AND c.bucket = e.bucket AND c.customer_id = e.customer_id AND c.ref = ANY ($3::text[])
