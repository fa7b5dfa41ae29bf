-- segment_one_members: who is in the segment of segment_one_set now
-- Returns  bucket, customer_id; in no order
COPY (
    SELECT bucket, customer_id
      FROM segment_member
     WHERE segment_id = nullif(current_setting('steward.segment', true), '')::bigint
       AND left_at IS NULL
) TO STDOUT (FORMAT binary)
