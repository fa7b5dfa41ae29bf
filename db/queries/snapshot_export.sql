-- snapshot_export: lets other connections see what this transaction sees
-- Returns  the snapshot's name, good while the transaction is open
SELECT pg_export_snapshot()
