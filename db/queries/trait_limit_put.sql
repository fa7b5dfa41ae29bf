-- trait_limit_put: what is expected of a trait's data from now on; what is not named stays
-- Params   $1 of_table, $2 name, $3 max_missing_bp, $4 max_rise_bp, $5 max_drift,
--          $6 max_age_hours (each NULL: nothing), $7 author, $8 now timestamptz, $9 to $12
--          whether $3 to $6 are named
-- Returns  max_missing_bp, max_rise_bp, max_drift, max_age_hours as they are now
INSERT INTO trait_limit AS l (of_table, name, max_missing_bp, max_rise_bp, max_drift,
                              max_age_hours, author, updated_at)
VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::text,
        $8::timestamptz)
ON CONFLICT (of_table, name) DO UPDATE
   SET max_missing_bp = CASE WHEN $9::boolean THEN excluded.max_missing_bp
                             ELSE l.max_missing_bp END,
       max_rise_bp = CASE WHEN $10::boolean THEN excluded.max_rise_bp
                          ELSE l.max_rise_bp END,
       max_drift = CASE WHEN $11::boolean THEN excluded.max_drift ELSE l.max_drift END,
       max_age_hours = CASE WHEN $12::boolean THEN excluded.max_age_hours
                            ELSE l.max_age_hours END,
       author = excluded.author, updated_at = excluded.updated_at
RETURNING max_missing_bp, max_rise_bp, max_drift, max_age_hours
