-- ledger_verify_copy: every leaf with, for a decision, the record that its entry names.
-- The id is cut out of the bytes, since an altered entry need not be JSON any more.
-- Of a decision that retention took its hash is left, and no record.
-- Columns  idx, entry, hash, is it a decision, decision.record, decision.record_hash
COPY (
    SELECT l.idx, l.entry, l.hash, l.kind = 'decision', d.record,
           coalesce(d.record_hash, g.record_hash)
      FROM ledger_leaf l
      LEFT JOIN LATERAL (SELECT substring(encode(l.entry, 'escape') FROM
           '"id":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"')::uuid AS id) i
        ON l.kind = 'decision'
      LEFT JOIN decision d ON d.bucket = l.bucket AND d.decision_id = i.id
      LEFT JOIN decision_gone g ON g.bucket = l.bucket AND g.decision_id = i.id
     ORDER BY l.idx
) TO STDOUT (FORMAT binary);
