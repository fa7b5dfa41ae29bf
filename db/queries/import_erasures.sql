-- import_erasures: how many customers were ever erased.
-- Params   none
-- Returns  count
SELECT count(*) FROM erasure WHERE erased_at IS NOT NULL;
