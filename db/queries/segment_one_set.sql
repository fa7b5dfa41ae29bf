-- segment_one_set: which segment segment_one_members looks at, as COPY takes no parameters;
-- until the transaction ends
-- Params   $1 segment_id bigint
SELECT set_config('steward.segment', ($1::bigint)::text, true)
