-- export_request_list: requests, newest first, or one of them.
-- Params   $1 request_id or null, $2 limit
-- Returns  request_id, what, filter, purpose, requested_by, requested_at, approved_by,
--          approved_at, used_at
SELECT request_id, what, filter, purpose, requested_by, requested_at, approved_by,
       approved_at, used_at
  FROM export_request
 WHERE $1::uuid IS NULL OR request_id = $1::uuid
 ORDER BY requested_at DESC, request_id
 LIMIT $2::integer;
