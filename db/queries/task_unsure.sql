-- task_unsure: of what was claimed, the tasks whose push was out when their dispatcher died. They
-- are the claimer's now, to be asked after: what the dead one still wants to write is refused.
-- Params   $1 buckets, $2 task_ids, $3 epochs, $4 now, $5 claim_ids (arrays of one length but
--          for $4)
-- Returns  task_id, epoch, offer, campaign, version, step, occurrence, customer's ref, mask,
--          channel, handler, purpose, product, script, its version, number, number_id,
--          priority, value, not before, not after, decision_id, its hash, valid until, microseconds
--          since it left (0: nobody knows when)
-- Locking  task rows in key order, SKIP LOCKED: who holds one is ending it
-- The asking is an attempt of its own, so that a recall waits for what comes of it.
WITH held AS (
    SELECT t.bucket, t.task_id, r.lease_epoch AS epoch,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - a.sent_real) * 1000000
                       FROM attempt a
                      WHERE a.bucket = t.bucket AND a.task_id = t.task_id
                        AND a.kind = 'push' AND a.lease_epoch = t.lease_epoch), 0)::bigint
               AS age
      FROM unnest($1::bigint[], $2::text[], $3::bigint[], $5::text[])
           AS x (bucket, task_id, epoch, claim_id)
      JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
      JOIN task_ready r ON r.bucket = t.bucket AND r.task_id = t.task_id
       AND r.lease_epoch = x.epoch AND r.claim_id = x.claim_id::uuid
     WHERE t.state = 'sending' AND t.lease_epoch < x.epoch
     ORDER BY t.bucket, t.task_id
       FOR UPDATE OF t SKIP LOCKED
), moved AS (
    UPDATE task t SET lease_epoch = h.epoch, updated_at = $4::timestamptz
      FROM held h WHERE t.bucket = h.bucket AND t.task_id = h.task_id
    RETURNING t.*, h.age
), asking AS (
    INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, started_at)
    SELECT bucket, task_id, 'push', lease_epoch, decision_id, $4::timestamptz FROM moved
)
SELECT m.task_id, m.lease_epoch, m.offer, k.code, m.version, m.step, m.occurrence, c.ref,
       p.phone_mask, m.channel, m.handler, m.purpose, m.product, m.script,
       m.script_version, n.number, m.number_id, m.priority, m.value, m.not_before,
       m.not_after, m.decision_id, encode(d.record_hash, 'hex'), d.valid_until, m.age
  FROM moved m
  JOIN campaign k ON k.campaign_id = m.campaign_id
  JOIN customer c ON c.bucket = m.bucket AND c.customer_id = m.customer_id
  JOIN contact_point p ON p.bucket = m.bucket AND p.point_id = m.point_id
  JOIN decision d ON d.bucket = m.bucket AND d.decision_id = m.decision_id
  LEFT JOIN caller_number n ON n.number_id = m.number_id;
