-- book_transactions: all transactions, in the book's order, oldest first
-- Returns  bucket, customer_id, currency, at, kind, amount, balance
COPY (
    SELECT bucket, customer_id, currency, at, kind, amount, balance
      FROM txn
     ORDER BY bucket, customer_id, at, txn_ref
) TO STDOUT (FORMAT binary)
