-- book_position: a mark in the server's log behind all that has committed by now. It is
-- on disk once the transaction has committed, and before that nobody streams it.
-- Returns  lsn
SELECT (pg_logical_emit_message(true, 'steward', '') - '0/0')::bigint
