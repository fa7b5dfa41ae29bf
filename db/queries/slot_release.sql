-- slot_release: end the server's process that reads the slot, if it is that one.
-- Params   $1 slot, $2 process
SELECT pg_terminate_backend(active_pid)
  FROM pg_replication_slots
 WHERE slot_name = $1::text AND active_pid = $2::bigint;
