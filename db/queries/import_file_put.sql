-- import_file_put: how far a file is; in the transaction that commits it so far.
-- Params   $1 run_id, $2 file_no, $3 file, $4 target, $5 mode, $6 state, $7 rows read,
--          $8 line, $9 loaded, $10 inserted, $11 updated, $12 closed, $13 unchanged,
--          $14 skipped, $15 rejected, $16 phones skipped, $17 commits
-- Returns  nothing
INSERT INTO import_file (run_id, file_no, file, target, mode, state, rows_read, line, rows_loaded, rows_inserted,
    rows_updated, rows_closed, rows_unchanged, rows_skipped, rows_rejected, phones_skipped,
    commits)
VALUES ($1::uuid, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::bigint,
    $8::bigint, $9::bigint, $10::bigint, $11::bigint, $12::bigint, $13::bigint,
    $14::bigint, $15::bigint, $16::bigint, $17::bigint)
ON CONFLICT (run_id, file_no) DO UPDATE SET
    state = EXCLUDED.state, rows_read = EXCLUDED.rows_read, line = EXCLUDED.line,
    rows_loaded = EXCLUDED.rows_loaded, rows_inserted = EXCLUDED.rows_inserted,
    rows_updated = EXCLUDED.rows_updated, rows_closed = EXCLUDED.rows_closed,
    rows_unchanged = EXCLUDED.rows_unchanged, rows_skipped = EXCLUDED.rows_skipped,
    rows_rejected = EXCLUDED.rows_rejected, phones_skipped = EXCLUDED.phones_skipped,
    commits = EXCLUDED.commits;
