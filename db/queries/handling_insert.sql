-- handling_insert: through whose hands a task went.
-- Params   $1 bucket, $2 task_id, $3 now, $4 what, $5 agent, $6 to agent or null, $7 to
--          queue or null, $8 reason or null
INSERT INTO task_handling (bucket, task_id, at, what, agent, to_agent, to_queue, reason)
VALUES ($1::smallint, $2::uuid, $3::timestamptz, $4::text, $5::text, $6::text, $7::text,
    $8::text);
