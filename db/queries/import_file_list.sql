-- import_file_list: the files of a run, as far as they are committed.
-- Params   $1 run_id
-- Returns  file_no, file, target, mode, state, rows_read, line, loaded, inserted, updated,
--          closed, unchanged, skipped, rejected, phones skipped, commits; in order
SELECT file_no, file, target, mode, state, rows_read, line, rows_loaded, rows_inserted,
    rows_updated, rows_closed, rows_unchanged, rows_skipped, rows_rejected, phones_skipped,
    commits
  FROM import_file WHERE run_id = $1::uuid ORDER BY file_no;
