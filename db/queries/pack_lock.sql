-- pack_lock: one change of packs at a time, to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('steward.pack', 0));
