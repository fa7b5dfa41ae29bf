-- number_difference_insert: a difference to settle.
-- Params   $1 difference_id, $2 snapshot_id, $3 number, $4 number_id or null, $5 kind, $6
--          field, $7 was, $8 is now, $9 suspended, $10 now
INSERT INTO number_difference (difference_id, snapshot_id, number, number_id, kind, field,
    was, is_now, suspended, found_at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::bigint, $5::text, $6::text, $7::text, $8::text,
    $9::boolean, $10::timestamptz);
