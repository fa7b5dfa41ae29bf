-- decision_copy: many decisions at once.
COPY decision (bucket, decision_id, gate, decided_at, customer_id, point_id, campaign_id,
    version, task_id, number_id, channel, purpose, outcome, primary_code, codes,
    next_allowed_at, valid_until, ruleset_hash, record, record_hash,
    commitment)
FROM STDIN (FORMAT binary);
