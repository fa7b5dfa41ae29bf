-- ledger_fence_take: we are the sequencer from now on; whoever was before is refused.
-- Params   $1 who text
-- Returns  epoch, the setting that says so to the database (for this session)
-- Locking  waits for a transaction of the one before
-- Note     Its commit does not wait for the disk: that of the entries it fences does.
UPDATE ledger_lease SET epoch = epoch + 1, holder = $1::text, taken_at = clock_timestamp()
RETURNING epoch, set_config('steward.ledger_epoch', epoch::text, false),
          set_config('synchronous_commit', 'off', true);
