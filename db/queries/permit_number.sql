-- permit_number: the caller number that a permit was given for.
-- Params   $1 bucket, $2 permit_id
-- Returns  number_id; no row when it had none
SELECT d.number_id FROM permit p
  JOIN decision d ON d.bucket = p.bucket AND d.decision_id = p.decision_id
 WHERE p.bucket = $1::smallint AND p.permit_id = $2::uuid AND d.number_id IS NOT NULL;
