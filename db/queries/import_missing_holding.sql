-- import_missing_holding: holdings of the snapshot's scope that it does not have are closed.
-- Params   $1 kinds text[], empty: all, $2 now timestamptz
-- Returns  how many, of how many that were open
WITH scope AS (
    SELECT bucket, customer_id, holding_ref FROM holding
     WHERE status = 'open' AND (cardinality($1::text[]) = 0 OR kind = ANY ($1::text[]))
), done AS (
    UPDATE holding h SET status = 'closed', updated_at = $2::timestamptz
      FROM scope s
     WHERE h.bucket = s.bucket AND h.customer_id = s.customer_id
       AND h.holding_ref = s.holding_ref
       AND NOT EXISTS (SELECT 1 FROM stage_seen n
                        WHERE n.bucket = s.bucket AND n.customer_id = s.customer_id
                          AND n.key = s.holding_ref)
    RETURNING 1
)
SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM scope);
