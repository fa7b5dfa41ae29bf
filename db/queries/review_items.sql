-- review_items: items of a draw, in order, or one of them.
-- Params   $1 draw_id, $2 item_no or null, $3 state or null, $4 agent or null, $5 after
--          item_no, $6 limit
-- Returns  item_no, subject, subject_id, task_id, agent, strata, reviews, state, verdict,
--          final_by, final_at, reply, replied_at
SELECT item_no, subject, subject_id, task_id, agent, strata, reviews, state, verdict,
       final_by, final_at, reply, replied_at
  FROM review_item
 WHERE draw_id = $1::uuid AND item_no > $5::integer
   AND ($2::integer IS NULL OR item_no = $2::integer)
   AND ($3::text IS NULL OR state = $3::text)
   AND ($4::text IS NULL OR agent = $4::text)
 ORDER BY item_no LIMIT $6::integer;
