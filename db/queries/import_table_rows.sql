-- import_table_rows: how many rows the planner takes a table to have.
-- Params   $1 table
-- Returns  rows; below zero: it was never told
SELECT reltuples::bigint FROM pg_class WHERE oid = $1::text::regclass;
