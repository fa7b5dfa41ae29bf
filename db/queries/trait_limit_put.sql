-- trait_limit_put: what is expected of a trait's data from now on
-- Params   $1 of_table, $2 name, $3 max_missing_bp, $4 max_rise_bp, $5 max_drift,
--          $6 max_age_hours (each NULL: nothing), $7 author, $8 now timestamptz
INSERT INTO trait_limit (of_table, name, max_missing_bp, max_rise_bp, max_drift,
                         max_age_hours, author, updated_at)
VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::text,
        $8::timestamptz)
ON CONFLICT (of_table, name) DO UPDATE
   SET max_missing_bp = excluded.max_missing_bp, max_rise_bp = excluded.max_rise_bp,
       max_drift = excluded.max_drift, max_age_hours = excluded.max_age_hours,
       author = excluded.author, updated_at = excluded.updated_at
