-- import_analyze_consent_event: statistics for what was just loaded.
-- Params   none
ANALYZE consent_event;
