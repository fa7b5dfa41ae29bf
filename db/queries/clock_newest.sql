-- clock_newest: the newest business instant on record, where each kind of work leaves one.
-- Params   none
-- Returns  timestamptz; NULL in an empty book
-- Index    decision_time_idx; the other tables are small or read by their last row
SELECT greatest(
    (SELECT max(decided_at) FROM decision),
    (SELECT max(started_at) FROM campaign_run),
    (SELECT max(finished_at) FROM campaign_run),
    (SELECT max(as_of) FROM segment),
    (SELECT max(granted_at) FROM permit),
    (SELECT max(recorded_at) FROM outcome),
    (SELECT max(at) FROM access_event),
    (SELECT max(created_at) FROM idempotency_key),
    (SELECT max(created_at) FROM campaign_version),
    (SELECT at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1));
