-- slot_create: a lasting slot for pgoutput. Waits for the transactions that run now.
-- Params   $1 slot
-- Returns  the position from which it is complete
SELECT (lsn - '0/0'::pg_lsn)::bigint
  FROM pg_create_logical_replication_slot($1::text, 'pgoutput');
