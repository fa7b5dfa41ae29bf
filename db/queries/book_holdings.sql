-- book_holdings: all holdings, in the book's order
-- Returns  bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on, open
COPY (
    SELECT bucket, customer_id, currency, product, kind, amount, opened_on, maturity_on,
           status = 'open'
      FROM holding
     ORDER BY bucket, customer_id, holding_ref
) TO STDOUT (FORMAT binary)
