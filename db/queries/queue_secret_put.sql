-- queue_secret_put: the same secret, wrapped anew.
-- Params   $1 queue_id, $2 sealed before, $3 sealed now
UPDATE queue SET secret_sealed = $3::bytea
 WHERE queue_id = $1::bigint AND secret_sealed = $2::bytea;
