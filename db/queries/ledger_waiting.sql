-- ledger_waiting: is there anything to sequence?
SELECT EXISTS (SELECT 1 FROM ledger_outbox);
