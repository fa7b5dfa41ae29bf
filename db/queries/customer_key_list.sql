-- customer_key_list: the wrapped keys of many customers.
-- Params   $1 buckets, $2 customer ids
-- Returns  wrapped or null: a row for each id, in their order
-- Index    customer_key_pkey
SELECT k.wrapped
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (bucket, customer_id, place)
  LEFT JOIN customer_key k ON k.bucket = w.bucket::smallint AND k.customer_id = w.customer_id
 ORDER BY w.place;
