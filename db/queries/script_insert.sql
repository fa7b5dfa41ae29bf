-- script_insert: a draft.
-- Params   $1 code, $2 version, $3 lang, $4 body, $5 content hash, $6 author
INSERT INTO script (code, version, lang, body, content_hash, state, author)
VALUES ($1::text, $2::integer, $3::text, $4::text, $5::bytea, 'draft', $6::text);
