-- count_reserve: keep a place under the caps until the token runs out.
-- Params   $1 bucket, $2 count_id (the task), $3 customer_id, $4 phone index, $5 channel,
--          $6 now, $7 expires
INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, kind, at,
    expires_at)
VALUES ($1::smallint, $2::uuid, $3::bigint, $4::bytea, $5::text, 'reserved',
    $6::timestamptz, $7::timestamptz)
ON CONFLICT (bucket, count_id) DO UPDATE SET at = excluded.at,
    expires_at = excluded.expires_at;
