-- plan_decided: which of these decisions are recorded already.
-- Params   $1 bucket, $2 decision ids
-- Returns  the place in $2 (from 1) of each that is
SELECT u.place FROM unnest($2::uuid[]) WITH ORDINALITY AS u (id, place)
  JOIN decision d ON d.bucket = $1::smallint AND d.decision_id = u.id;
