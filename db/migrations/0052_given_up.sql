-- 0052_given_up: a book that an import has left half loaded is held until the import has gone
-- on, was replaced, or somebody gives it up; that is so of an import that failed as it is of one
-- that was interrupted, so that giving up is a mark of its own and no state.
ALTER TABLE import_run ADD COLUMN given_up_at timestamptz;
UPDATE import_run SET given_up_at = coalesce(finished_at, now())
 WHERE state = 'failed' AND failure LIKE 'given up by %';
