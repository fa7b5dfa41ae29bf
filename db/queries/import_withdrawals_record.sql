-- import_withdrawals_record: the withdrawals and objections that the batch has just put in
-- get their record, as those that come over HTTP do.
-- Params   $1 now timestamptz, which is when they were recorded
WITH fresh AS (
    SELECT s.bucket, s.consent_id AS id, s.customer_id, 'consent' AS kind
      FROM stage_consent s
      JOIN consent_event e ON e.bucket = s.bucket AND e.consent_id = s.consent_id
     WHERE s.action = 'withdraw' AND e.recorded_at = $1::timestamptz
     UNION
    SELECT s.bucket, s.objection_id, s.customer_id, 'objection'
      FROM stage_objection s
      JOIN objection o ON o.bucket = s.bucket AND o.objection_id = s.objection_id
     WHERE s.lifted_at IS NULL AND o.recorded_at = $1::timestamptz
)
INSERT INTO withdrawal (bucket, withdrawal_id, customer_id, kind, committed_at)
SELECT bucket, id, customer_id, kind, $1::timestamptz FROM fresh
ON CONFLICT DO NOTHING;
