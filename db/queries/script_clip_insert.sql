-- script_clip_insert: the clip of a synthetic voice's label, of a version of a script; null:
-- there is none any more.
-- Params   $1 script, $2 version, $3 clip or null, $4 SHA-256 in hexadecimal or null, $5 now,
--          $6 actor
-- Returns  clip_id; no row: there is no such version
INSERT INTO script_clip (script, version, clip, clip_hash, recorded_at, recorded_by)
SELECT code, version, $3::text, decode($4::text, 'hex'), $5::timestamptz, $6::text
  FROM script WHERE code = $1::text AND version = $2::integer
RETURNING clip_id;
