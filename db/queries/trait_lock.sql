-- trait_lock: one change of traits at a time, so that two cannot make a circle
-- Locking  self-conflicting table lock until the end of the transaction; readers go on
LOCK TABLE trait IN SHARE ROW EXCLUSIVE MODE
