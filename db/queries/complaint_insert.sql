-- complaint_insert: a complaint that came in.
-- Params   $1 id, $2 source, $3 case reference, $4 received, $5 about (null: not said),
--          $6 bucket, $7 customer_id, $8 task_id, $9 sealed number, $10 its mask,
--          $11 sealed words, $12 due, $13 now, $14 by
INSERT INTO complaint (complaint_id, source, case_ref, received_at, about_at, bucket,
    customer_id, task_id, phone_sealed, phone_mask, words_sealed, due_at, recorded_at,
    recorded_by)
VALUES ($1::uuid, $2::text, $3::text, $4::timestamptz, $5::timestamptz, $6::smallint,
    $7::bigint, $8::uuid, $9::bytea, $10::text, $11::bytea, $12::timestamptz,
    $13::timestamptz, $14::text);
