-- segment_list_entries: who is on the list of a segment, in the book's order
-- Params   $1 segment_id bigint
-- Returns  bucket, customer_id
SELECT bucket, customer_id
  FROM segment_list_entry
 WHERE segment_id = $1::bigint
 ORDER BY bucket, customer_id
