-- erase_use: what this transaction takes out of decisions, it takes in the name of an erasure.
-- Params   $1 bucket, $2 customer_id
SELECT set_config('steward.erasure', $1::smallint || '/' || $2::bigint, true);
