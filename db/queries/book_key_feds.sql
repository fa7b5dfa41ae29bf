-- book_key_feds: the values of fed traits of the customers of book_keys, as book_feds gives
-- those of all
-- Returns  bucket, customer_id, trait_id, whole, real, text, day, at
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    )
    SELECT v.bucket, v.customer_id, v.trait_id, v.whole, v.real, v.text, v.day, v.at
      FROM key AS k
      JOIN trait_value AS v ON v.bucket = k.bucket AND v.customer_id = k.customer_id
     ORDER BY v.bucket, v.customer_id
) TO STDOUT (FORMAT binary)
