-- import_analyze_customer: statistics for what was just loaded.
-- Params   none
ANALYZE customer;
