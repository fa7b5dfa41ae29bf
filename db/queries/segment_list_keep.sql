-- segment_list_keep: takes everybody else in a bucket off the list of a segment
-- Params   $1 bucket bigint, $2 segment_id bigint, $3 refs text[]
-- Affects  those that went
DELETE FROM segment_list_entry AS e
 WHERE e.bucket = $1::bigint AND e.segment_id = $2::bigint
   AND NOT EXISTS (SELECT 1 FROM customer AS c
                    WHERE c.bucket = e.bucket AND c.customer_id = e.customer_id
                      AND c.ref = ANY ($3::text[]))
