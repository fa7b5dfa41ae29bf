-- import_reject_add: bad rows of a run.
-- Params   $1 run_id, $2 files, $3 positions, $4 lines, $5 last lines, $6 columns,
--          $7 reasons: arrays of one length
-- Returns  nothing
INSERT INTO import_reject (run_id, file, file_no, line, last_line, col, reason)
SELECT $1::uuid, u.file, u.file_no, u.line, u.last_line, u.col, u.reason
  FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
       AS u (file, file_no, line, last_line, col, reason)
ON CONFLICT DO NOTHING;
