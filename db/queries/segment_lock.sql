-- segment_lock: one change of segments at a time, so that two cannot make a circle
-- Locking  self-conflicting table lock until the end of the transaction; readers go on
LOCK TABLE segment IN SHARE ROW EXCLUSIVE MODE
