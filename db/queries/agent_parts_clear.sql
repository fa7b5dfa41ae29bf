-- agent_parts_clear: the lists of an agent's profile go, to be put anew.
-- Params   $1 agent_id
WITH queues AS (DELETE FROM agent_queue WHERE agent_id = $1::bigint),
     skills AS (DELETE FROM agent_skill WHERE agent_id = $1::bigint),
     languages AS (DELETE FROM agent_language WHERE agent_id = $1::bigint),
     licences AS (DELETE FROM agent_licence WHERE agent_id = $1::bigint),
     shifts AS (DELETE FROM agent_shift WHERE agent_id = $1::bigint)
DELETE FROM agent_exception WHERE agent_id = $1::bigint;
