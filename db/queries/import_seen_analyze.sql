-- import_seen_analyze: a snapshot's keys are counted before they are joined with.
-- Params   none
ANALYZE stage_seen;
