-- task_copy: tasks of one planning batch.
COPY task (bucket, task_id, campaign_id, version, customer_id, step, occurrence, point_id,
    queue_id, number_id, channel, handler, purpose, product, script, script_version, state,
    priority, value, not_before, not_after, decision_id, created_at, updated_at)
FROM STDIN (FORMAT binary);
