-- segment_list_unknown: which of these references no customer of the bucket has who was not erased
-- Params   $1 bucket bigint, $2 refs text[]
-- Returns  place in $2, from 1
SELECT u.place
  FROM unnest($2::text[]) WITH ORDINALITY AS u (ref, place)
 WHERE NOT EXISTS (SELECT 1 FROM customer AS c
                    WHERE c.bucket = $1::bigint AND c.ref = u.ref
                      AND c.erased_at IS NULL)
 ORDER BY u.place
