-- ledger_append_copy: many entries of one transaction.
-- Columns  bucket smallint, kind text, entry bytea
COPY ledger_outbox (bucket, kind, entry) FROM STDIN (FORMAT binary);
