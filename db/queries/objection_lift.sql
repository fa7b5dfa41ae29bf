-- objection_lift: an objection binds nobody from now on; it stays on record.
-- Params   $1 bucket, $2 objection_id, $3 customer_id, $4 now, $5 actor, $6 evidence or null
-- Returns  one row when it stood
UPDATE objection SET lifted_at = $4::timestamptz, lifted_by = $5::text,
       lift_evidence = $6::text
 WHERE bucket = $1::smallint AND objection_id = $2::uuid AND customer_id = $3::bigint
   AND coalesce(lifted_at > $4::timestamptz, true)
RETURNING kind;
