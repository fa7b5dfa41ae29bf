-- revocation_settle: a person has read the request.
-- Params   $1 bucket, $2 request_id, $3 confirmed or not_meant, $4 actor, $5 now, $6 note
-- Returns  customer_id; no row: there is none, or it is settled
UPDATE revocation_request SET state = $3::text, settled_at = $5::timestamptz,
       settled_by = $4::text, note = $6::text
 WHERE bucket = $1::smallint AND request_id = $2::uuid AND state = 'open'
RETURNING customer_id;
