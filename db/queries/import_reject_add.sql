-- import_reject_add: one bad row of a run.
-- Params   $1 run_id, $2 file, $3 line, $4 column, $5 reason
-- Returns  nothing
INSERT INTO import_reject (run_id, file, line, col, reason)
VALUES ($1::uuid, $2::text, $3::bigint, $4::text, $5::text)
ON CONFLICT DO NOTHING;
