-- book_interactions: interactions, in the order of their key. The book puts those of
-- one customer in order of time.
-- Returns  bucket, customer_id, at, kind, channel
COPY (
    SELECT bucket, customer_id, at, kind, channel
      FROM interaction
     WHERE bucket BETWEEN current_setting('steward.first_bucket')::smallint
                      AND current_setting('steward.last_bucket')::smallint
     ORDER BY bucket, customer_id, interaction_ref
) TO STDOUT (FORMAT binary)
