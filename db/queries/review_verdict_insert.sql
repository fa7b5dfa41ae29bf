-- review_verdict_insert: what a reviewer found.
-- Params   $1 draw_id, $2 item_no, $3 reviewer, $4 verdict, $5 answers, $6 note, $7 hold,
--          $8 now
INSERT INTO review_verdict (draw_id, item_no, reviewer, verdict, answers, note, hold, at)
VALUES ($1::uuid, $2::integer, $3::text, $4::text, $5::jsonb, $6::text, $7::text,
    $8::timestamptz);
