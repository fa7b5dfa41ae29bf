-- queue_secret_put: the same secret or client key, wrapped anew.
-- Params   $1 queue_id, $2 sealed before, $3 sealed now
UPDATE queue
   SET secret_sealed = CASE WHEN secret_sealed = $2::bytea THEN $3::bytea
                            ELSE secret_sealed END,
       client_key_sealed = CASE WHEN client_key_sealed = $2::bytea THEN $3::bytea
                                ELSE client_key_sealed END
 WHERE queue_id = $1::bigint AND (secret_sealed = $2::bytea OR client_key_sealed = $2::bytea);
