-- review_item_settle: where an item stands after its verdicts.
-- Params   $1 draw_id, $2 item_no, $3 state, $4 verdict or null, $5 final by or null, $6 now
UPDATE review_item
   SET state = $3::text, verdict = $4::text, final_by = $5::text,
       final_at = CASE WHEN $5::text IS NULL THEN NULL ELSE $6::timestamptz END
 WHERE draw_id = $1::uuid AND item_no = $2::integer;
