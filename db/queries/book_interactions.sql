-- book_interactions: all interactions, in the book's order, oldest first
-- Returns  bucket, customer_id, at, kind, channel
COPY (
    SELECT bucket, customer_id, at, kind, channel
      FROM interaction
     ORDER BY bucket, customer_id, at, interaction_ref
) TO STDOUT (FORMAT binary)
