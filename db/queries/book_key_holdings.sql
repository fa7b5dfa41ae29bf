-- book_key_holdings: the holdings of the customers of book_keys, as book_holdings
-- gives all of them
-- Returns  bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on, open
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    )
    SELECT h.bucket, h.customer_id, h.currency, h.product, h.kind, h.amount, h.opened_on,
           h.maturity_on, h.status = 'open'
      FROM key AS k
      JOIN holding AS h ON h.bucket = k.bucket AND h.customer_id = k.customer_id
     ORDER BY h.bucket, h.customer_id, h.holding_ref
) TO STDOUT (FORMAT binary)
