-- operation_prune: forgets operations that ended long ago.
-- Params   $1 before timestamptz
-- Index    operation_ended_idx
DELETE FROM operation WHERE ended_at < $1::timestamptz;
