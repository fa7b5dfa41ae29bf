-- import_reject_list: bad rows of a run, by file and line.
-- Params   $1 run_id, $2 file_no, $3 line, $4 column after which to begin, $5 how many
-- Returns  file_no, file, line, last_line, column, reason
SELECT file_no, file, line, last_line, col, reason FROM import_reject
 WHERE run_id = $1::uuid
   AND (file_no, line, col) > ($2::bigint, $3::bigint, $4::text)
 ORDER BY file_no, line, col
 LIMIT $5::bigint;
