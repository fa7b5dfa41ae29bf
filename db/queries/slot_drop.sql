-- slot_drop: forget the slot; the server may remove the log that it kept.
-- Params   $1 slot
SELECT pg_drop_replication_slot($1::text);
