-- complaint_step_add: what was done about a complaint.
-- Params   $1 complaint_id, $2 at, $3 by, $4 what, $5 detail, $6 salt of the commitment to
--          it in the ledger
-- Locking  the complaint's row is locked by who calls
INSERT INTO complaint_step (complaint_id, step, at, actor, what, detail, salt)
SELECT $1::uuid, coalesce(max(step), 0) + 1, $2::timestamptz, $3::text, $4::text, $5::text,
       $6::bytea
  FROM complaint_step WHERE complaint_id = $1::uuid;
