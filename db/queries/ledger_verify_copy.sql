-- ledger_verify_copy: every leaf with, for a decision, the record that its entry names.
-- The id is cut out of the bytes, since an altered entry need not be JSON any more.
-- Of a decision that retention took its hash and its commitment are left, and no record; of
-- one whose customer was erased its commitment, or the hash of an entry from before; or, where
-- a rule keeps it longer, all of it with the key of its entry.
-- Columns  idx, entry, hash, is it a decision, decision.record, record_hash, commitment,
--          decision_id or null when there is no such row, customer_id, the customer's
--          wrapped key, may the record be away, the entry's key of a blocked record
COPY (
    SELECT l.idx, l.entry, l.hash, l.kind = 'decision', d.record,
           coalesce(d.record_hash, g.record_hash), coalesce(d.commitment, g.commitment),
           coalesce(d.decision_id, g.decision_id)::text, d.customer_id, k.wrapped,
           g.decision_id IS NOT NULL OR e.erased_at IS NOT NULL, d.entry_key
      FROM ledger_leaf l
      LEFT JOIN LATERAL (SELECT substring(encode(l.entry, 'escape') FROM
           '"id":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"')::uuid AS id) i
        ON l.kind = 'decision'
      LEFT JOIN decision d ON d.bucket = l.bucket AND d.decision_id = i.id
      LEFT JOIN decision_gone g ON g.bucket = l.bucket AND g.decision_id = i.id
      LEFT JOIN customer_key k ON k.bucket = d.bucket AND k.customer_id = d.customer_id
      LEFT JOIN erasure e ON d.record IS NULL AND e.bucket = d.bucket
       AND e.customer_id = d.customer_id
     ORDER BY l.idx
) TO STDOUT (FORMAT binary);
