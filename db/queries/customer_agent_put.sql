-- customer_agent_put: whom the customer spoke to last.
-- Params   $1 bucket, $2 customer_id, $3 agent, $4 now
INSERT INTO customer_agent (bucket, customer_id, agent, since)
VALUES ($1::smallint, $2::bigint, $3::text, $4::timestamptz)
ON CONFLICT (bucket, customer_id) DO UPDATE SET agent = excluded.agent,
    since = excluded.since;
