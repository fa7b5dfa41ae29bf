-- import_analyze_txn: statistics for what was just loaded.
-- Params   none
ANALYZE txn;
