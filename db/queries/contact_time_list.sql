-- contact_time_list: when a customer asked to be contacted.
-- Params   $1 bucket, $2 customer_id
-- Returns  weekdays (bit 0 Monday), from and until in minutes of the local day, updated_at
SELECT weekdays, from_min, until_min, updated_at FROM contact_time
 WHERE bucket = $1::smallint AND customer_id = $2::bigint
 ORDER BY weekdays, from_min, until_min;
