-- commit_synced: this transaction's COMMIT waits for the disk, whatever the role or the database
-- has been set to.
-- Params   none
-- Returns  nothing of use
-- Note     The one commit of dispatch that has to: decision 0052.
SELECT set_config('synchronous_commit', 'on', true);
