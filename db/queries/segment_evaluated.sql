-- segment_evaluated: the result of a good evaluation of this version
-- Params   $1 segment_id bigint, $2 version bigint, $3 as_of timestamptz,
--          $4 matched bigint, $5 undecided bigint, $6 entered bigint, $7 left bigint
UPDATE segment
   SET as_of = $3::timestamptz, matched = $4::bigint, undecided = $5::bigint,
       entered = $6::bigint, left_count = $7::bigint, failed_at = NULL, failure = NULL
 WHERE segment_id = $1::bigint AND version = $2::bigint
