-- number_change_insert: the history of one change.
-- Params   $1 change_id, $2 number_id, $3 version, $4 at, $5 actor, $6 what, $7 approver or
--          null, $8 proposal_id or null, $9 reason, $10 document after the change
INSERT INTO caller_number_change (change_id, number_id, version, at, actor, what, approver,
    proposal_id, reason, document)
VALUES ($1::uuid, $2::bigint, $3::integer, $4::timestamptz, $5::text, $6::text, $7::text,
    $8::uuid, $9::text, $10::text);
