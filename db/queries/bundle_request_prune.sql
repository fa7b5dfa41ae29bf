-- bundle_request_prune: what was asked for more than two weeks ago and not taken is forgotten.
-- Params   $1 now
-- Index    export_request_pkey
DELETE FROM bundle_request b USING export_request r
 WHERE r.request_id = b.request_id
   AND r.requested_at < $1::timestamptz - interval '14 days';
