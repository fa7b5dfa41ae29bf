-- book_key_interactions: the interactions of the customers of book_keys, as book_interactions
-- gives all of them
-- Returns  bucket, customer_id, at, kind, channel
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    )
    SELECT i.bucket, i.customer_id, i.at, i.kind, i.channel
      FROM key AS k
      JOIN interaction AS i ON i.bucket = k.bucket AND i.customer_id = k.customer_id
     ORDER BY i.bucket, i.customer_id, i.interaction_ref
) TO STDOUT (FORMAT binary)
