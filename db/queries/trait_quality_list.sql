-- trait_quality_list: limits of traits and the newest look at each, of all or one
-- Params   $1 of_table text (NULL: all), $2 name text
-- Returns  of_table, name, max_missing_bp, max_rise_bp, max_drift, max_age_hours, author,
--          updated_at, checked_at, total, missing, newest, code, measured, allowed, since,
--          base_at, base_total, base_missing, base_cuts, base_bins
SELECT coalesce(l.of_table, k.of_table), coalesce(l.name, k.name),
       l.max_missing_bp, l.max_rise_bp, l.max_drift, l.max_age_hours, l.author, l.updated_at,
       k.checked_at, k.total, k.missing, k.newest, k.code, k.measured, k.allowed, k.since,
       k.base_at, k.base_total, k.base_missing, k.base_cuts::text[], k.base_bins::text[]
  FROM trait_limit AS l
  FULL JOIN trait_check AS k ON k.of_table = l.of_table AND k.name = l.name
 WHERE $1::text IS NULL
    OR (coalesce(l.of_table, k.of_table) = $1::text AND coalesce(l.name, k.name) = $2::text)
 ORDER BY 1, 2
