-- book_holdings: holdings, in the book's order
-- Returns  bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on, open
COPY (
    SELECT bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on,
           status = 'open'
      FROM holding
     WHERE bucket BETWEEN current_setting('steward.first_bucket')::smallint
                      AND current_setting('steward.last_bucket')::smallint
     ORDER BY bucket, customer_id, holding_ref
) TO STDOUT (FORMAT binary)
