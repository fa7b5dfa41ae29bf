-- point_unverify: somebody else answered on this number.
-- Params   $1 bucket, $2 point_id, $3 now
UPDATE contact_point SET verified = false, updated_at = $3::timestamptz
 WHERE bucket = $1::smallint AND point_id = $2::bigint;
