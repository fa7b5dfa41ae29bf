-- erasure_ask: somebody asks for the erasure of a customer.
-- Params   $1 bucket, $2 customer_id, $3 reason, $4 case_ref, $5 who, $6 now
INSERT INTO erasure (bucket, customer_id, reason, case_ref, requested_by, requested_at)
VALUES ($1::smallint, $2::bigint, $3::text, $4::text, $5::text, $6::timestamptz)
ON CONFLICT (bucket, customer_id) DO NOTHING;
