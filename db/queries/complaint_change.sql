-- complaint_change: who handles it, until when, what was found.
-- Params   $1 complaint_id, $2 handler, $3 due, $4 finding, $5 by, $6 now; null leaves as it
--          is
UPDATE complaint
   SET handler = coalesce($2::text, handler), due_at = coalesce($3::timestamptz, due_at),
       finding = $4::text, version = version + 1,
       state = CASE WHEN $4::text IS NULL THEN 'open' ELSE 'settled' END,
       settled_at = CASE WHEN $4::text IS NULL THEN NULL ELSE $6::timestamptz END,
       settled_by = CASE WHEN $4::text IS NULL THEN NULL ELSE $5::text END
 WHERE complaint_id = $1::uuid;
