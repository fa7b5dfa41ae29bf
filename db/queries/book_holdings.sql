-- book_holdings: holdings, in the book's order
-- Returns  bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on, open
COPY (
    WITH range AS MATERIALIZED (
        SELECT current_setting('steward.first_bucket')::smallint AS first,
               current_setting('steward.last_bucket')::smallint AS last
    )
    SELECT bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on,
           status = 'open'
      FROM holding
     WHERE bucket BETWEEN (SELECT first FROM range) AND (SELECT last FROM range)
     ORDER BY bucket, customer_id, holding_ref
) TO STDOUT (FORMAT binary)
