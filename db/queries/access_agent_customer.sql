-- access_agent_customer: is a task about this customer open in this queue?
-- Params   $1 bucket integer, $2 customer_id bigint, $3 queue code text
-- Index    task_customer_idx
SELECT EXISTS (SELECT 1 FROM task t JOIN queue q USING (queue_id)
                WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
                  AND q.code = $3::text
                  AND t.state IN ('queued', 'accepted', 'in_progress'));
