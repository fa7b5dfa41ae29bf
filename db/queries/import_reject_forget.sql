-- import_reject_forget: bad rows of what a resumed run reads again.
-- Params   $1 run_id, $2 number of the file it goes on with, $3 line it has dealt with
-- Returns  nothing
DELETE FROM import_reject
 WHERE run_id = $1::uuid
   AND (file_no > $2::bigint OR (file_no = $2::bigint AND line > $3::bigint));
