-- number_hold_release: a place that is no longer wanted.
-- Params   $1 hold_id (the task)
DELETE FROM number_hold WHERE hold_id = $1::uuid;
