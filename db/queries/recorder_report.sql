-- recorder_report: what a recorder says of itself.
-- Params   $1 code, $2 state, $3 detail or null, $4 at, $5 actor
UPDATE recorder
   SET state_since = CASE WHEN state = $2::text THEN state_since ELSE $4::timestamptz END,
       state = $2::text, detail = $3::text, reported_at = $4::timestamptz,
       reported_by = $5::text
 WHERE code = $1::text;
