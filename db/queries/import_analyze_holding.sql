-- import_analyze_holding: statistics for what was just loaded.
-- Params   none
ANALYZE holding;
