-- operation_add: a request to be carried out later, unless its sender has enough of them.
-- Params   $1 operation_id, $2 kind, $3 path, $4 params text[], $5 request, $6 key_id,
--          $7 subject, $8 role, $9 zh, $10 now timestamptz, $11 most of a subject
-- Returns  operation_id; no row when there are as many already
-- Index    operation_open_idx
INSERT INTO operation (operation_id, kind, path, params, request, key_id, subject, role,
    zh, created_at)
SELECT $1::uuid, $2::text, $3::text, $4::text[], $5::text, $6::text, $7::text, $8::text,
       $9::boolean, $10::timestamptz
 WHERE (SELECT count(*) FROM operation
         WHERE state IN ('queued', 'running') AND subject = $7::text) < $11::bigint
RETURNING operation_id;
