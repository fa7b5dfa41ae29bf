-- access_insert: somebody asked for something.
-- Params   $1 access_id uuid, $2 at timestamptz, $3 actor text, $4 role text, $5 what text,
--          $6 verdict text, $7 detail text or NULL
INSERT INTO access_event (access_id, at, actor, role, what, verdict, detail)
VALUES ($1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::text);
