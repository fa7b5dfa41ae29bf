-- number_set_status: suspend or resume; the gate reads the row under a lock.
-- Params   $1 number_id, $2 status, $3 reason, $4 now
-- Returns  number_id, version, number; no row when it has that status or does not exist
UPDATE caller_number SET status = $2::text, status_reason = $3::text,
       version = version + 1, updated_at = $4::timestamptz
 WHERE number_id = $1::bigint AND status <> $2::text
RETURNING number_id, version, number;
