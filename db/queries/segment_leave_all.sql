-- segment_leave_all: closes every membership of a segment
-- Params   $1 segment_id bigint, $2 now timestamptz
-- Index    segment_member_now_idx
UPDATE segment_member SET left_at = $2::timestamptz
 WHERE segment_id = $1::bigint AND left_at IS NULL
