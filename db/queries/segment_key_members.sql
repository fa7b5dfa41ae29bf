-- segment_key_members: which segments the customers of book_keys are in now
-- Returns  bucket, customer_id, segment_id; in no order
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    )
    SELECT m.bucket, m.customer_id, m.segment_id
      FROM key AS k
      CROSS JOIN (SELECT segment_id FROM segment WHERE state = 'active') AS s
      JOIN segment_member AS m
        ON m.segment_id = s.segment_id AND m.bucket = k.bucket
       AND m.customer_id = k.customer_id AND m.left_at IS NULL
) TO STDOUT (FORMAT binary)
