-- segment_day_put: another evaluation on a local day; moves add up over the day
-- Params   $1 segment_id bigint, $2 day date, $3 version bigint, $4 as_of timestamptz,
--          $5 matched, $6 undecided, $7 entered, $8 left
INSERT INTO segment_day AS d (segment_id, day, version, as_of, matched, undecided, entered,
       left_count)
VALUES ($1::bigint, $2::date, $3::bigint, $4::timestamptz, $5::bigint, $6::bigint,
        $7::bigint, $8::bigint)
    ON CONFLICT (segment_id, day) DO UPDATE
   SET version = EXCLUDED.version, as_of = EXCLUDED.as_of, matched = EXCLUDED.matched,
       undecided = EXCLUDED.undecided, entered = d.entered + EXCLUDED.entered,
       left_count = d.left_count + EXCLUDED.left_count
