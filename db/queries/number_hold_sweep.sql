-- number_hold_sweep: places that ran out.
-- Params   $1 now
DELETE FROM number_hold WHERE expires_at <= $1::timestamptz;
