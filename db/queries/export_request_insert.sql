-- export_request_insert: somebody wants to take rows along.
-- Params   $1 request_id, $2 what, $3 filter, $4 purpose, $5 by, $6 now
INSERT INTO export_request (request_id, what, filter, purpose, requested_by, requested_at)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::timestamptz);
