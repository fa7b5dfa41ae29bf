-- ledger_verify_copy: every leaf with, for a decision, the record that its entry names.
-- The id is cut out of the bytes, since an altered entry need not be JSON any more.
-- Columns  idx, entry, hash, is it a decision, decision.record, decision.record_hash
COPY (
    SELECT l.idx, l.entry, l.hash, l.kind = 'decision', d.record, d.record_hash
      FROM ledger_leaf l
      LEFT JOIN decision d ON l.kind = 'decision' AND d.bucket = l.bucket
       AND d.decision_id = substring(encode(l.entry, 'escape') FROM
           '"id":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"')::uuid
     ORDER BY l.idx
) TO STDOUT (FORMAT binary);
