-- import_analyze_product: statistics for what was just loaded.
-- Params   none
ANALYZE product;
