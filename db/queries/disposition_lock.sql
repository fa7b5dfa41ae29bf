-- disposition_lock: the flags of a disposition, held while it is changed.
-- Params   $1 code
-- Returns  flags; no row: there is none yet
-- Locking  the row FOR UPDATE
SELECT flags FROM disposition WHERE code = $1::text FOR UPDATE;
