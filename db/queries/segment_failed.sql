-- segment_failed: this version could not be evaluated; its members stay as they were
-- Params   $1 segment_id bigint, $2 version bigint, $3 now timestamptz, $4 failure text
UPDATE segment
   SET failed_at = $3::timestamptz, failure = $4::text
 WHERE segment_id = $1::bigint AND version = $2::bigint
