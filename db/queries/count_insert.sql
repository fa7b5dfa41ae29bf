-- count_insert: a contact that counts for good.
-- Params   $1 bucket, $2 count_id, $3 customer_id, $4 phone index, $5 channel, $6 kind,
--          $7 at
INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, kind, at)
VALUES ($1::smallint, $2::uuid, $3::bigint, $4::bytea, $5::text, $6::text,
    $7::timestamptz)
ON CONFLICT (bucket, count_id) DO NOTHING;
