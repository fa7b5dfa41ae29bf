-- review_item_lock: an item, for a verdict.
-- Params   $1 draw_id, $2 item_no
-- Returns  state, reviews, agent, bucket, task_id
-- Locking  FOR UPDATE
SELECT state, reviews, agent, bucket, task_id FROM review_item
 WHERE draw_id = $1::uuid AND item_no = $2::integer FOR UPDATE;
