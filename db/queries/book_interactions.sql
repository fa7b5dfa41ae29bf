-- book_interactions: all interactions, in the order of their key: an index
-- gives it without a sort. The book puts those of one customer in order of time.
-- Returns  bucket, customer_id, at, kind, channel
COPY (
    SELECT bucket, customer_id, at, kind, channel
      FROM interaction
     ORDER BY bucket, customer_id, interaction_ref
) TO STDOUT (FORMAT binary)
