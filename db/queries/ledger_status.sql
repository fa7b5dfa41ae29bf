-- ledger_status: how long the ledger is, what waits, and the newest checkpoint.
-- Params   none
-- Returns  size, waiting, checkpoint size, root hex, note, at (NULLs without one)
SELECT coalesce((SELECT max(idx) + 1 FROM ledger_leaf), 0),
       (SELECT count(*) FROM ledger_outbox), c.size, encode(c.root, 'hex'), c.note, c.at
  FROM (SELECT 1) one
  LEFT JOIN (SELECT * FROM ledger_checkpoint ORDER BY size DESC LIMIT 1) c ON true;
