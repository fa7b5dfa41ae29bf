-- complaint_close: contacts go on when none of the customer's complaints is open any more.
-- Params   $1 bucket, $2 customer_id, $3 now
UPDATE customer c SET complaint_open = false, updated_at = $3::timestamptz
 WHERE c.bucket = $1::smallint AND c.customer_id = $2::bigint AND c.complaint_open
   AND NOT EXISTS (SELECT 1 FROM complaint x WHERE x.bucket = c.bucket
        AND x.customer_id = c.customer_id AND x.state = 'open');
