-- override_set_closed: rejected or withdrawn.
-- Params   $1 bucket, $2 override_id, $3 state, $4 by, $5 now
UPDATE gate_override SET state = $3::text, closed_by = $4::text,
       closed_at = $5::timestamptz
 WHERE bucket = $1::smallint AND override_id = $2::uuid;
