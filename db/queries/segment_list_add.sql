-- segment_list_add: puts customers of a bucket on the list of a segment; nobody who was erased
-- Params   $1 bucket bigint, $2 segment_id bigint, $3 refs text[]
-- Affects  those that were not on it
INSERT INTO segment_list_entry (bucket, segment_id, customer_id)
SELECT DISTINCT c.bucket, $2::bigint, c.customer_id
  FROM unnest($3::text[]) AS u (ref)
  JOIN customer AS c ON c.bucket = $1::bigint AND c.ref = u.ref AND c.erased_at IS NULL
    ON CONFLICT DO NOTHING
