-- lifecycle_insert: a new draft; a version that is there already is a conflict
-- Params   $1 code text, $2 version bigint, $3 document text, $4 content_hash bytea,
--          $5 author text, $6 created_at timestamptz
INSERT INTO lifecycle_model (code, version, document, content_hash, state, author, created_at)
VALUES ($1::text, $2::bigint, $3::text::jsonb, $4::bytea, 'draft', $5::text, $6::timestamptz)
