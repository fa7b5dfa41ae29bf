-- task_set_sending: allowed; the decision, the number and the attempt are recorded with it.
-- Params   $1 bucket, $2 task_id, $3 epoch, $4 decision_id, $5 number_id, $6 now
WITH moved AS (
    UPDATE task SET state = 'sending', decision_id = $4::uuid, number_id = $5::bigint,
           tries = tries + 1, updated_at = $6::timestamptz
     WHERE bucket = $1::smallint AND task_id = $2::uuid AND lease_epoch = $3::bigint
       AND state = 'ready'
    RETURNING bucket, task_id, lease_epoch, decision_id)
INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, started_at)
SELECT bucket, task_id, 'push', lease_epoch, decision_id, $6::timestamptz FROM moved;
