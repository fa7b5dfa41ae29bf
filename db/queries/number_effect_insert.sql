-- number_effect_insert: an approved proposal took effect, or could not.
-- Params   $1 proposal_id, $2 now, $3 failure or null
INSERT INTO number_effect (proposal_id, at, failure)
VALUES ($1::uuid, $2::timestamptz, $3::text);
