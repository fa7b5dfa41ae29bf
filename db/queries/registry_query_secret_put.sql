-- registry_query_secret_put: the same secret, wrapped anew.
-- Params   $1 registry, $2 sealed before, $3 sealed now
UPDATE registry_query SET secret_sealed = $3::bytea
 WHERE registry = $1::text AND secret_sealed = $2::bytea;
