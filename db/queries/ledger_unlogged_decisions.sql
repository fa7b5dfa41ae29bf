-- ledger_unlogged_decisions: how many more decisions there are than entries about them,
-- sequenced or waiting; how many more are gone than entries of retention say; how many
-- more customers are erased than entries of erasures say; and how many more records are away
-- than these took.
-- Params   none
-- Returns  four numbers; 0 when every decision has its entry, and none is gone beside them
SELECT (SELECT count(*) FROM decision) + (SELECT count(*) FROM decision_gone)
     - (SELECT count(*) FROM ledger_leaf WHERE kind = 'decision')
     - (SELECT count(*) FROM ledger_outbox WHERE kind = 'decision'),
       (SELECT count(*) FROM decision_gone)
     - (SELECT coalesce(sum(substring(encode(entry, 'escape') FROM '"rows":([0-9]{1,12})')::bigint), 0)
          FROM (SELECT kind, entry FROM ledger_leaf WHERE kind = 'retention'
                 UNION ALL
                SELECT kind, entry FROM ledger_outbox WHERE kind = 'retention') e
         WHERE position('"class":"decisions"'::bytea IN entry) > 0)::bigint,
       (SELECT count(*) FROM erasure WHERE erased_at IS NOT NULL)
     - (SELECT count(*)
          FROM (SELECT kind, entry FROM ledger_leaf WHERE kind = 'erasure'
                 UNION ALL
                SELECT kind, entry FROM ledger_outbox WHERE kind = 'erasure') e
         WHERE position('"what":"erased"'::bytea IN entry) > 0),
       (SELECT count(*) FROM decision WHERE record IS NULL)
     - (SELECT coalesce(sum(substring(encode(entry, 'escape') FROM '"records":([0-9]{1,12})')::bigint), 0)
          FROM (SELECT kind, entry FROM ledger_leaf WHERE kind = 'erasure'
                 UNION ALL
                SELECT kind, entry FROM ledger_outbox WHERE kind = 'erasure') e
         WHERE position('"what":"erased"'::bytea IN entry) > 0)::bigint;
