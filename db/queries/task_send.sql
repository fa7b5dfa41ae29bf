-- task_send: a batch was allowed: the places under the caps of person and number, the state
-- and the attempts, each under its own lock.
-- Params   $1 buckets, $2 task_ids, $3 epochs, $4 decision_ids, $5 number_ids, $6 customer ids,
--          $7 phone indexes in hexadecimal, $8 channels, $9 purposes, $10 decided at, in
--          microseconds since 1970 (arrays of one length), $11 seconds that places are kept
-- Returns  task_id of each that is sending now
WITH allowed AS (
    SELECT x.bucket::smallint AS bucket, x.task_id::uuid AS task_id, x.epoch,
           x.decision_id::uuid AS decision_id, x.number_id, x.customer_id,
           decode(x.phone, 'hex') AS phone_index, x.channel, x.purpose,
           'epoch'::timestamptz + x.at * interval '1 microsecond' AS at
      FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[],
                  $6::bigint[], $7::text[], $8::text[], $9::text[], $10::bigint[])
           AS x (bucket, task_id, epoch, decision_id, number_id, customer_id, phone, channel,
                 purpose, at)
), person AS (
    INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, kind, at,
        expires_at)
    SELECT bucket, task_id, customer_id, phone_index, channel, 'reserved', at,
           at + $11::bigint * interval '1 second'
      FROM allowed
    ON CONFLICT (bucket, count_id) DO UPDATE SET at = excluded.at,
        expires_at = excluded.expires_at
), number AS (
    INSERT INTO number_hold (hold_id, number_id, purpose, at, expires_at)
    SELECT task_id, number_id, purpose, at, at + $11::bigint * interval '1 second'
      FROM allowed
    ON CONFLICT (hold_id) DO UPDATE SET number_id = excluded.number_id,
        purpose = excluded.purpose, at = excluded.at, expires_at = excluded.expires_at
), moved AS (
    UPDATE task t
       SET state = 'sending', lease_epoch = a.epoch, decision_id = a.decision_id,
           number_id = a.number_id, tries = t.tries + 1, updated_at = a.at
      FROM allowed a
     WHERE t.bucket = a.bucket AND t.task_id = a.task_id
       AND t.state IN ('planned', 'ready', 'sending')
    RETURNING t.bucket, t.task_id, t.lease_epoch, t.decision_id, t.updated_at
), tried AS (
    INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, started_at)
    SELECT bucket, task_id, 'push', lease_epoch, decision_id, updated_at FROM moved
)
SELECT task_id FROM moved;
