-- decision_insert: one gate decision with its record.
-- Params   $1 bucket, $2 decision_id, $3 gate, $4 decided_at, $5 customer_id, $6 point_id,
--          $7 campaign_id, $8 version, $9 task_id, $10 number_id, $11 channel, $12 purpose,
--          $13 outcome, $14 primary code, $15 codes, $16 next_allowed_at, $17 valid_until,
--          $18 ruleset hash, $19 record, $20 record hash, $21 agent, $22 commitment
INSERT INTO decision (bucket, decision_id, gate, decided_at, customer_id, point_id,
    campaign_id, version, task_id, number_id, channel, purpose, outcome, primary_code,
    codes, next_allowed_at, valid_until, ruleset_hash, record, record_hash, agent,
    commitment)
VALUES ($1::smallint, $2::uuid, $3::text, $4::timestamptz, $5::bigint, $6::bigint,
    $7::bigint, $8::integer, $9::uuid, $10::bigint, $11::text, $12::text, $13::text,
    $14::text, $15::text[], $16::timestamptz, $17::timestamptz, $18::bytea, $19::bytea,
    $20::bytea, $21::text, $22::bytea);
