-- book_interactions: interactions, in the order of their key: an index
-- gives it without a sort. The book puts those of one customer in order of time.
-- Returns  bucket, customer_id, at, kind, channel
COPY (
    WITH range AS MATERIALIZED (
        SELECT current_setting('steward.first_bucket')::smallint AS first,
               current_setting('steward.last_bucket')::smallint AS last
    )
    SELECT bucket, customer_id, at, kind, channel
      FROM interaction
     WHERE bucket BETWEEN (SELECT first FROM range) AND (SELECT last FROM range)
     ORDER BY bucket, customer_id, interaction_ref
) TO STDOUT (FORMAT binary)
