-- book_keys: which customers the book_key_* statements look at, as COPY takes no
-- parameters. Until the transaction ends; nobody when it was not said.
-- Params   $1 buckets bigint[], $2 customer_ids bigint[]; the arrays are parallel
SELECT set_config('steward.key_buckets', ($1::bigint[])::text, true),
       set_config('steward.key_customers', ($2::bigint[])::text, true)
