-- slot_get: a replication slot, as the server sees it now.
-- Params   $1 slot
-- Returns  wal_status, active, active_pid, confirmed position, bytes of log it keeps,
--          database, is it this database's for pgoutput, how much log the server keeps at most
SELECT coalesce(wal_status, 'lost'), active, active_pid,
       coalesce(confirmed_flush_lsn - '0/0'::pg_lsn, 0)::bigint,
       coalesce(pg_current_wal_lsn() - restart_lsn, 0)::bigint, database,
       coalesce(database = current_database() AND plugin = 'pgoutput', false),
       current_setting('max_slot_wal_keep_size')
  FROM pg_replication_slots
 WHERE slot_name = $1::text;
