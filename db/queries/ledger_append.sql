-- ledger_append: an entry joins the business transaction that causes it.
-- Params   $1 bucket smallint (-1: about no customer), $2 kind text, $3 entry bytea
-- Returns  nothing
-- Locking  none; the outbox is the last in the lock order
INSERT INTO ledger_outbox (bucket, kind, entry) VALUES ($1::smallint, $2::text, $3::bytea);
