-- import_analyze_contact_point: statistics for what was just loaded.
-- Params   none
ANALYZE contact_point;
