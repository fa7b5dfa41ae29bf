-- segment_touched: customers that changed came and went between two evaluations of all;
-- the number of members follows, and the moves of the local day add up
-- Params   $1 segment_id bigint, $2 version bigint, $3 entered bigint, $4 left bigint,
--          $5 day date, $6 now timestamptz
WITH now AS (
    UPDATE segment
       SET matched = matched + $3::bigint - $4::bigint
     WHERE segment_id = $1::bigint AND version = $2::bigint
    RETURNING segment_id, version, matched, undecided
)
INSERT INTO segment_day AS d (segment_id, day, version, as_of, matched, undecided, entered,
       left_count)
SELECT segment_id, $5::date, version, $6::timestamptz, matched, undecided, $3::bigint,
       $4::bigint
  FROM now
 WHERE matched IS NOT NULL
    ON CONFLICT (segment_id, day) DO UPDATE
   SET matched = EXCLUDED.matched, entered = d.entered + EXCLUDED.entered,
       left_count = d.left_count + EXCLUDED.left_count
