-- import_analyze_interaction: statistics for what was just loaded.
-- Params   none
ANALYZE interaction;
