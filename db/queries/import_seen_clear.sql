-- import_seen_clear: forget the keys of the snapshot before.
-- Params   none
TRUNCATE stage_seen;
