-- import_analyze_contact_count: statistics for what was just loaded.
-- Params   none
ANALYZE contact_count;
