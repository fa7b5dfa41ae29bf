-- commit_unsynced: this transaction's COMMIT does not wait for the disk.
-- Params   none
-- Returns  nothing of use
-- Note     For what the next commit that does wait makes durable too (the log of the database
--          is one), and for what a crash in between may undo: decision 0052.
SELECT set_config('synchronous_commit', 'off', true);
