-- book_feds: the values of fed traits, in the book's order of customers; those of a retired
-- trait too, which are passed over: a join would sort them all once more
-- Returns  bucket, customer_id, trait_id, whole, real, text, day, at
COPY (
    SELECT bucket, customer_id, trait_id, whole, real, text, day, at
      FROM trait_value
     WHERE bucket BETWEEN current_setting('steward.first_bucket')::smallint
                      AND current_setting('steward.last_bucket')::smallint
     ORDER BY bucket, customer_id
) TO STDOUT (FORMAT binary)
