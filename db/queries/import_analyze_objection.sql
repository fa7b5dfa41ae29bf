-- import_analyze_objection: statistics for what was just loaded.
-- Params   none
ANALYZE objection;
