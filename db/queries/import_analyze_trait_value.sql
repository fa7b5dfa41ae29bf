-- import_analyze_trait_value: statistics for what was just loaded.
-- Params   none
ANALYZE trait_value;
