-- segment_day_put: another evaluation on a local day; moves add up over the day
-- Params   $1 day date, $2 as_of timestamptz, $3 segment_ids bigint[], $4 versions bigint[],
--          $5 matched bigint[], $6 undecided bigint[], $7 entered bigint[], $8 left bigint[];
--          parallel
INSERT INTO segment_day AS d (segment_id, day, version, as_of, matched, undecided, entered,
       left_count)
SELECT segment_id, $1::date, version, $2::timestamptz, matched, undecided, entered, left_count
  FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[])
       AS u (segment_id, version, matched, undecided, entered, left_count)
    ON CONFLICT (segment_id, day) DO UPDATE
   SET version = EXCLUDED.version, as_of = EXCLUDED.as_of, matched = EXCLUDED.matched,
       undecided = EXCLUDED.undecided, entered = d.entered + EXCLUDED.entered,
       left_count = d.left_count + EXCLUDED.left_count
