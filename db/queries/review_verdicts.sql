-- review_verdicts: what reviewers found about an item, in order.
-- Params   $1 draw_id, $2 item_no
-- Returns  reviewer, verdict, answers, note, hold, at
SELECT reviewer, verdict, answers::text, note, hold, at FROM review_verdict
 WHERE draw_id = $1::uuid AND item_no = $2::integer ORDER BY at, reviewer;
