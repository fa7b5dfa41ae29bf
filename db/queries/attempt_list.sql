-- attempt_list: dial attempts, newest first, one page.
-- Params   $1 from, $2 to, $3 bucket and $4 customer_id, $5 agent, $6 campaign code, $7 caller
--          number, $8 reason code, $9 outcome of the gate, $10 disposition, $11 after time,
--          $12 after id, $13 limit; null leaves a filter out
-- Returns  decision_id, decided_at, customer ref, mask, campaign, version, task_id, handler,
--          channel, purpose, agent, number approved, outcome of the gate, primary code, codes,
--          permit_id, disposition, reached, reported, dialled, ended, ring s, answered by, talk
--          s, number sent, fate, abandoned, disclosures, opt-out, product, recording, its
--          SHA-256 (hex), its class, a wrap-up there
-- Index    decision_dial_idx, decision_customer_idx, decision_dial_agent_idx,
--          decision_dial_campaign_idx, decision_dial_number_idx, decision_code_idx: which one
--          depends on what is asked, so it is planned anew each time
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
 WHERE v.decided_at >= $1::timestamptz AND v.decided_at < $2::timestamptz
   AND ($3::smallint IS NULL OR (v.bucket = $3::smallint AND v.customer_id = $4::bigint))
   AND ($5::text IS NULL OR v.agent = $5::text)
   AND ($6::text IS NULL
        OR v.campaign_id = (SELECT x.campaign_id FROM campaign x WHERE x.code = $6::text))
   AND ($7::text IS NULL
        OR v.number_id = (SELECT x.number_id FROM caller_number x WHERE x.number = $7::text))
   AND ($8::text IS NULL OR (v.codes @> ARRAY[$8::text] AND v.codes <> '{}'))
   AND ($9::text IS NULL OR v.outcome = $9::text)
   AND ($10::text IS NULL OR o.disposition = $10::text)
   AND ($11::timestamptz IS NULL
        OR (v.decided_at, v.decision_id) < ($11::timestamptz, $12::uuid))
 ORDER BY v.decided_at DESC, v.decision_id DESC
 LIMIT $13::integer;
