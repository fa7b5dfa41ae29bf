-- erase_counts: counted contacts forget a number that nobody has any more; where others
-- have it, they go on counting for them.
-- Params   $1 bucket, $2 customer_id
UPDATE contact_count c SET phone_index = NULL
 WHERE c.bucket = $1::smallint AND c.customer_id = $2::bigint
   AND NOT EXISTS (SELECT 1 FROM contact_point p
                    WHERE p.phone_index = ANY (phone_class(c.phone_index)));
