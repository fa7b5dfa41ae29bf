-- bundle_request_insert: what a bundle that somebody asks for is about.
-- Params   $1 request_id, $2 complaint, $3 customer, $4 campaign, $5 sealed number, $6 from, $7 to
INSERT INTO bundle_request (request_id, complaint, customer, campaign, phone_sealed, from_at, to_at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::bytea, $6::timestamptz, $7::timestamptz);
