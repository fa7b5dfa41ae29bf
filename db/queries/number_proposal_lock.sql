-- number_proposal_lock: one proposal, held so that one verdict is given.
-- Params   $1 proposal_id
-- Returns  proposal_id
-- Locking  number_proposal FOR UPDATE
SELECT proposal_id FROM number_proposal WHERE proposal_id = $1::uuid FOR UPDATE;
