-- book_key_transactions: the transactions of the customers of book_keys, as book_transactions
-- gives all of them
-- Returns  bucket, customer_id, currency, at, kind, amount, balance
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    )
    SELECT t.bucket, t.customer_id, t.currency, t.at, t.kind, t.amount, t.balance
      FROM key AS k
      JOIN txn AS t ON t.bucket = k.bucket AND t.customer_id = k.customer_id
     ORDER BY t.bucket, t.customer_id, t.txn_ref
) TO STDOUT (FORMAT binary)
