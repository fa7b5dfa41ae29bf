-- bundle_request_take: what a bundle is about, which is forgotten with it.
-- Params   $1 request_id, $2 now
-- Returns  complaint, customer, campaign, sealed number, from, to, filter; no row: taken, too old
--          or no bundle's
-- Locking  the row: of two who take the same request the second finds none
DELETE FROM bundle_request b USING export_request r
 WHERE b.request_id = $1::uuid AND r.request_id = b.request_id
   AND r.requested_at >= $2::timestamptz - interval '14 days'
RETURNING b.complaint, b.customer, b.campaign, b.phone_sealed, b.from_at, b.to_at, r.filter;
