-- objection_insert: one objection; the same id twice adds nothing.
-- Params   $1 bucket, $2 objection_id, $3 customer_id, $4 kind, $5 channel, $6 phone index
--          or null, $7 source, $8 actor, $9 effective_at, $10 recorded_at, $11 scope, $12
--          household or null, $13 carrier's cause or null
-- Returns  one row when it was added
INSERT INTO objection (bucket, objection_id, customer_id, kind, channel, phone_index,
    phone_sealed, source, actor, effective_at, recorded_at, scope, household_ref, cause)
VALUES ($1::smallint, $2::uuid, $3::bigint, $4::text, $5::text, $6::bytea,
    (SELECT phone_sealed FROM contact_point WHERE bucket = $1::smallint
        AND customer_id = $3::bigint AND phone_index = ANY (phone_class($6::bytea))
      LIMIT 1), $7::text, $8::text, $9::timestamptz, $10::timestamptz, $11::text,
    $12::text, $13::text)
ON CONFLICT (bucket, objection_id) DO NOTHING
RETURNING objection_id;
