-- number_verdict_insert: what a second person, or the proposer who takes it back, says.
-- Params   $1 proposal_id, $2 verdict, $3 by, $4 now, $5 note or null
INSERT INTO number_verdict (proposal_id, verdict, decided_by, at, note)
VALUES ($1::uuid, $2::text, $3::text, $4::timestamptz, $5::text);
