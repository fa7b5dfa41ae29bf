-- override_answers: what a decision said no with, and whom it was about.
-- Params   $1 bucket, $2 decision_id
-- Returns  customer_id, campaign_id, point_id, rule, code, layer, outcome; one row a rule, in
--          the order of the record; one without a rule when none said no
SELECT d.customer_id, d.campaign_id, d.point_id, h.hit ->> 'rule', h.hit ->> 'code',
       h.hit ->> 'layer', h.hit ->> 'outcome'
  FROM decision d
  LEFT JOIN LATERAL jsonb_array_elements(convert_from(d.record, 'UTF8')::jsonb -> 'hits')
       WITH ORDINALITY AS h (hit, place) ON h.hit ? 'code' AND NOT d.blocked
 WHERE d.bucket = $1::smallint AND d.decision_id = $2::uuid
 ORDER BY h.place;
