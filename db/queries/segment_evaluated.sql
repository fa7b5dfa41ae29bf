-- segment_evaluated: the results of a good evaluation of these versions
-- Params   $1 as_of timestamptz, $2 segment_ids bigint[], $3 versions bigint[], $4 matched
--          bigint[], $5 undecided bigint[], $6 entered bigint[], $7 left bigint[]; parallel
UPDATE segment AS s
   SET as_of = $1::timestamptz, matched = u.matched, undecided = u.undecided,
       entered = u.entered, left_count = u.left_count, failed_at = NULL, failure = NULL
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
              $7::bigint[])
       AS u (segment_id, version, matched, undecided, entered, left_count)
 WHERE s.segment_id = u.segment_id AND s.version = u.version
