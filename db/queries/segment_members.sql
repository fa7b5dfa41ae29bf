-- segment_members: who is in which segment now
-- Returns  bucket, customer_id, segment_id; in no order
COPY (
    SELECT bucket, customer_id, segment_id
      FROM segment_member
     WHERE left_at IS NULL
) TO STDOUT (FORMAT binary)
