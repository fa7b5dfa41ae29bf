-- retention_due_complaints: complaints that were settled, whose time is over, and how many of them are held.
-- Params   $1 cutoff, $2 count no more than so many
-- Returns  due and held, held, the oldest that there is or null
-- Index    complaint_settled_idx
SELECT count(*), count(*) FILTER (WHERE retention_held(y.bucket, y.customer_id)),
       (SELECT min(settled_at) FROM complaint WHERE state = 'settled')
  FROM (SELECT x.bucket, x.customer_id FROM complaint x
         WHERE x.state = 'settled' AND x.settled_at < $1::timestamptz
         ORDER BY x.settled_at LIMIT $2::integer) y;
