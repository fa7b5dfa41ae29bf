-- profiling_set: what rules see of a profiling objection.
-- Params   $1 bucket, $2 customer_id, $3 opted out, $4 now
UPDATE customer SET profiling_opt_out = $3::boolean, updated_at = $4::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
   AND profiling_opt_out <> $3::boolean;
