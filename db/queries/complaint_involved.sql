-- complaint_involved: has this agent had the customer on the line?
-- Params   $1 bucket, $2 customer_id, $3 agent
-- Returns  one row: true or false
SELECT EXISTS (SELECT 1 FROM task t JOIN permit p ON p.bucket = t.bucket AND p.task_id = t.task_id
                WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
                  AND p.agent = $3::text);
