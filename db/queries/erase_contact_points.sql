-- erase_contact_points: the points stay as places that tasks and decisions name, without
-- a number: a hash of nothing, no mask, no sealed text.
-- Params   $1 bucket, $2 customer_id, $3 now
UPDATE contact_point
   SET phone_sealed = '', phone_mask = '***', region = NULL, zones = '{}',
       phone_index = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
       verified = false, is_primary = false, state_evidence = NULL, updated_at = $3::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint;
