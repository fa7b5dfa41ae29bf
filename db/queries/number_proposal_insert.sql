-- number_proposal_insert: a change that somebody asks for.
-- Params   $1 proposal_id, $2 action, $3 number_id or null, $4 base version or null, $5
--          document, $6 reason, $7 proposer, $8 now, $9 effective
INSERT INTO number_proposal (proposal_id, action, number_id, base_version, document, reason,
    proposer, proposed_at, effective_at)
VALUES ($1::uuid, $2::text, $3::bigint, $4::integer, $5::text, $6::text, $7::text,
    $8::timestamptz, $9::timestamptz);
