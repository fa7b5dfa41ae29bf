-- permit_insert: an agent may dial, for seconds; the task is in progress.
-- Params   $1 bucket, $2 permit_id, $3 task_id, $4 decision_id, $5 agent, $6 granted,
--          $7 valid until
WITH moved AS (
    UPDATE task SET state = 'in_progress', decision_id = $4::uuid,
           updated_at = $6::timestamptz
     WHERE bucket = $1::smallint AND task_id = $3::uuid)
INSERT INTO permit (bucket, permit_id, task_id, decision_id, agent, granted_at, valid_until)
VALUES ($1::smallint, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::timestamptz,
    $7::timestamptz);
