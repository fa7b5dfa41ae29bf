-- incident_close: somebody says what was done about it.
-- Params   $1 incident_id, $2 by, $3 now, $4 note
-- Returns  code, bucket; no row when it is closed already or there is none
UPDATE incident SET state = 'closed', closed_by = $2::text, closed_at = $3::timestamptz,
       note = $4::text
 WHERE incident_id = $1::uuid AND state = 'open'
RETURNING code, coalesce(bucket, -1);
