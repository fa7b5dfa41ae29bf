-- segment_retire: out of use for good
-- Params   $1 segment_id bigint, $2 now timestamptz
UPDATE segment SET state = 'retired', updated_at = $2::timestamptz
 WHERE segment_id = $1::bigint
