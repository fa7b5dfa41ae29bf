-- override_set_approved: a person allows it.
-- Params   $1 bucket, $2 override_id, $3 by, $4 now
UPDATE gate_override SET state = 'approved', approved_by = $3::text,
       approved_at = $4::timestamptz
 WHERE bucket = $1::smallint AND override_id = $2::uuid;
