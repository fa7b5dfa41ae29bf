-- import_customer_find: customers by reference, with their wrapped keys.
-- Params   $1 buckets bigint[], $2 references text[], $3 keys wanted boolean
-- Returns  place in the arrays from 1, customer_id, wrapped (null: not wanted), erased
SELECT r.n, c.customer_id, CASE WHEN $3::boolean THEN k.wrapped END,
       c.erased_at IS NOT NULL OR ($3::boolean AND k.wrapped IS NULL)
  FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS r (bucket, ref, n)
  JOIN customer c ON c.bucket = r.bucket::smallint AND c.ref = r.ref
  LEFT JOIN customer_key k ON $3::boolean AND k.bucket = c.bucket
                          AND k.customer_id = c.customer_id;
