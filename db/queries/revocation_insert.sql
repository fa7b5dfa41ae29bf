-- revocation_insert: a request to revoke in free words, waiting for a person.
-- Params   $1 bucket, $2 request_id, $3 customer_id, $4 received at, $5 by which way, $6
--          words sealed or null, $7 deadline, $8 rule
INSERT INTO revocation_request (bucket, request_id, customer_id, received_at, received_by,
    words_sealed, deadline, rule)
VALUES ($1::smallint, $2::uuid, $3::bigint, $4::timestamptz, $5::text, $6::bytea,
    $7::timestamptz, $8::text);
