-- complaint_steps: what was done about a complaint, in order.
-- Params   $1 complaint_id
-- Returns  at, actor, what, detail
SELECT at, actor, what, detail FROM complaint_step
 WHERE complaint_id = $1::uuid ORDER BY step;
