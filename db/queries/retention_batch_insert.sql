-- retention_batch_insert: what went.
-- Params   $1 batch_id, $2 run_id, $3 class, $4 rule_id, $5 cutoff, $6 rows, $7 hash of the
--          ids, $8 now
INSERT INTO retention_batch (batch_id, run_id, class, rule_id, cutoff, rows, ids_hash, at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::timestamptz, $6::bigint, $7::bytea,
    $8::timestamptz);
