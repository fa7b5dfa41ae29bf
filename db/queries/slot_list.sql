-- slot_list: the replication slots of this database, by name.
-- Params   none
-- Returns  slot_name
SELECT slot_name FROM pg_replication_slots
 WHERE database = current_database()
 ORDER BY slot_name;
