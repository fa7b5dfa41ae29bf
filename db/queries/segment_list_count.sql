-- segment_list_count: how many are on the list of a segment
-- Params   $1 segment_id bigint
SELECT count(*) FROM segment_list_entry WHERE segment_id = $1::bigint
