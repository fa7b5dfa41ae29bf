-- book_range: which buckets the COPY statements of the book look at, as COPY takes no
-- parameters. For the rest of the session, which starts with all of them.
-- Params   $1 first bucket, $2 last bucket, both included
SELECT set_config('steward.first_bucket', ($1::smallint)::text, false),
       set_config('steward.last_bucket', ($2::smallint)::text, false)
