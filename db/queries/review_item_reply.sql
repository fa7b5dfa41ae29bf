-- review_item_reply: what the agent says to a verdict.
-- Params   $1 draw_id, $2 item_no, $3 agent, $4 reply, $5 now
UPDATE review_item SET reply = $4::text, replied_at = $5::timestamptz
 WHERE draw_id = $1::uuid AND item_no = $2::integer AND agent = $3::text
   AND state IN ('reviewed', 'disputed') AND reply IS NULL;
