-- trait_check_put: a look at a trait; a breach that goes on keeps the time it began
-- Params   $1 of_table, $2 name, $3 checked_at, $4 total, $5 missing, $6 newest (or NULL),
--          $7 code (NULL: good), $8 measured, $9 allowed, $10 base_at, $11 base_total,
--          $12 base_missing, $13 base_cuts bigint[], $14 base_bins bigint[]
INSERT INTO trait_check AS k (of_table, name, checked_at, total, missing, newest, code,
        measured, allowed, since, base_at, base_total, base_missing, base_cuts, base_bins)
VALUES ($1::text, $2::text, $3::timestamptz, $4::bigint, $5::bigint, $6::timestamptz,
        $7::text, $8::bigint, $9::bigint,
        CASE WHEN $7::text IS NOT NULL THEN $3::timestamptz END,
        $10::timestamptz, $11::bigint, $12::bigint, $13::bigint[], $14::bigint[])
ON CONFLICT (of_table, name) DO UPDATE
   SET checked_at = excluded.checked_at, total = excluded.total, missing = excluded.missing,
       newest = excluded.newest, code = excluded.code, measured = excluded.measured,
       allowed = excluded.allowed,
       since = CASE WHEN excluded.code IS NOT NULL
                    THEN coalesce(k.since, excluded.since) END,
       base_at = excluded.base_at, base_total = excluded.base_total,
       base_missing = excluded.base_missing, base_cuts = excluded.base_cuts,
       base_bins = excluded.base_bins
