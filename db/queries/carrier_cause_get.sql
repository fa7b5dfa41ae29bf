-- carrier_cause_get: what a carrier's answer to a call means.
-- Params   $1 cause
-- Returns  effect
SELECT effect FROM carrier_cause WHERE cause = $1::text;
