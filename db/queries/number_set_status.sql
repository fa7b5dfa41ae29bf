-- number_set_status: another state; the gate reads the row under a lock.
-- Params   $1 number_id, $2 status, $3 reason, $4 now, $5 suspended by person, health or
--          ledger, else null, $6 no return by itself before, or null
-- Returns  number_id, version, number
-- Locking  the row, which the caller holds
UPDATE caller_number SET status = $2::text, status_reason = $3::text,
       suspended_by = $5::text, cooldown_until = $6::timestamptz,
       health_from = CASE WHEN status = 'suspended' THEN $4::timestamptz ELSE health_from END,
       version = version + 1, updated_at = $4::timestamptz
 WHERE number_id = $1::bigint
RETURNING number_id, version, number;
