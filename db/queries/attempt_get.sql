-- attempt_get: one dial attempt.
-- Params   $1 bucket, $2 decision_id
-- Returns  decision_id, decided_at, customer ref, mask, campaign, version, task_id, handler,
--          channel, purpose, agent, number approved, outcome of the gate, primary code, codes,
--          permit_id, disposition, reached, reported, dialled, ended, ring s, answered by, talk
--          s, number sent, fate, abandoned, disclosures, opt-out, product, recording, its
--          SHA-256 (hex), its class, a wrap-up there
SELECT v.decision_id, v.decided_at, v.ref, v.phone_mask, v.campaign, v.version, v.task_id,
       v.handler, v.channel, v.purpose, v.agent, v.number, v.outcome, v.primary_code, v.codes,
       v.permit_id, o.disposition, o.reached, o.recorded_at,
       coalesce(v.started_at, o.started_at),
       coalesce(o.ended_at, v.started_at + v.duration_sec * interval '1 second'), v.ring_sec,
       v.answered_by, v.talk_sec, v.number_sent, v.fate, v.abandoned, o.disclosures,
       'do_not_call' = ANY (o.flags), o.product, coalesce(v.recording, o.recording_ref),
       encode(coalesce(v.recording_sha256, o.recording_sha256), 'hex'), v.retention_class,
       o.note_sealed IS NOT NULL
  FROM attempt_record v
  LEFT JOIN LATERAL (SELECT x.* FROM outcome x
                      WHERE x.bucket = v.bucket AND x.task_id = v.task_id
                        AND x.permit_id = v.permit_id
                      ORDER BY x.recorded_at DESC LIMIT 1) o ON true
 WHERE v.bucket = $1::smallint AND v.decision_id = $2::uuid;
