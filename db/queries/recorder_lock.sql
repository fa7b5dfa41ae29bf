-- recorder_lock: a recorder's state, held until it is reported anew.
-- Params   $1 code
-- Returns  state or null, reported_at or null
-- Locking  the recorder's row
SELECT state, reported_at FROM recorder WHERE code = $1::text FOR UPDATE;
