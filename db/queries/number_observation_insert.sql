-- number_observation_insert: what somebody saw of a number. The registry shows the newest
-- attestation, call-back test and look at the network's identity, and of labels the worst that any vendor gives now.
-- Params   $1 observation_id, $2 number_id, $3 kind, $4 value, $5 vendor or null, $6 score or
--          null, $7 reference or null, $8 at, $9 actor, $10 now
-- Returns  number_id; no row when there is no such number
-- Locking  the number's row
WITH seen AS (
    INSERT INTO number_observation (observation_id, number_id, kind, value, vendor, score,
        reference, at, actor, recorded_at)
    SELECT $1::uuid, n.number_id, $3::text, $4::text, $5::text, $6::integer, $7::text,
           $8::timestamptz, $9::text, $10::timestamptz
      FROM caller_number n WHERE n.number_id = $2::bigint
    RETURNING kind, value, vendor, score, at, recorded_at
), vendors AS (
    SELECT DISTINCT ON (vendor) vendor, value, score, at
      FROM (SELECT vendor, value, score, at, recorded_at FROM number_observation
             WHERE number_id = $2::bigint AND kind = 'label'
            UNION ALL
            SELECT vendor, value, score, at, recorded_at FROM seen WHERE kind = 'label') o
     ORDER BY vendor, at DESC, recorded_at DESC
), worst AS (
    SELECT vendor, value, score, at FROM vendors
     ORDER BY array_position(ARRAY['scam', 'spam', 'suspected', 'none'], value), at DESC
     LIMIT 1
)
UPDATE caller_number n
   SET label = w.value, label_vendor = w.vendor, label_score = w.score, label_at = w.at,
       attestation = CASE WHEN $3::text = 'attestation' THEN $4::text
           ELSE n.attestation END,
       callback_ok_at = CASE WHEN $3::text = 'callback' AND $4::text = 'ok'
           THEN greatest(n.callback_ok_at, $8::timestamptz) ELSE n.callback_ok_at END,
       callback_failed_at = CASE WHEN $3::text = 'callback' AND $4::text = 'failed'
           THEN greatest(n.callback_failed_at, $8::timestamptz)
           ELSE n.callback_failed_at END,
       identity_ok_at = CASE WHEN $3::text = 'identity' AND $4::text = 'ok'
           THEN greatest(n.identity_ok_at, $8::timestamptz) ELSE n.identity_ok_at END,
       identity_failed_at = CASE WHEN $3::text = 'identity' AND $4::text = 'failed'
           THEN greatest(n.identity_failed_at, $8::timestamptz)
           ELSE n.identity_failed_at END
  FROM (SELECT 1) one LEFT JOIN worst w ON true
 WHERE n.number_id = $2::bigint
RETURNING n.number_id;
