-- import_give_up: an import that ended before its last file is not waited for any more
-- Params   $1 run_id, $2 who, $3 now
-- Returns  nothing; no row is changed when the run is neither an interrupted one nor one that
--          failed with something committed, or was given up already
UPDATE import_run AS r
   SET state = 'failed', given_up_at = $3::timestamptz,
       finished_at = coalesce(r.finished_at, $3::timestamptz),
       failure = CASE n.state WHEN 'failed' THEN coalesce(r.failure || '; ', '') ELSE '' END
                 || 'given up by ' || $2::text,
       rows_read = n.rows_read, rows_loaded = n.rows_loaded, rows_rejected = n.rows_rejected
  FROM import_run_now AS n
 WHERE r.run_id = $1::uuid AND n.run_id = r.run_id AND r.given_up_at IS NULL
   AND (n.state = 'interrupted'
        OR (n.state = 'failed'
            AND EXISTS (SELECT FROM import_file AS f WHERE f.run_id = r.run_id)));
