-- import_close_holding: the holdings of the batch are closed, unless they are already.
-- Params   $1 now timestamptz
-- Returns  how many
WITH gone AS (SELECT DISTINCT bucket, customer_id, holding_ref FROM stage_holding), done AS (
    UPDATE holding h SET status = 'closed', updated_at = $1::timestamptz
      FROM gone g
     WHERE h.bucket = g.bucket AND h.customer_id = g.customer_id
       AND h.holding_ref = g.holding_ref AND h.status = 'open'
    RETURNING 1
)
SELECT count(*) FROM done;
