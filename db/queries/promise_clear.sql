-- promise_clear: the promises of a model, before those of another version come in
-- Params   $1 model text
DELETE FROM promise WHERE model = $1::text
