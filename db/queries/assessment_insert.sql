-- assessment_insert: an impact assessment or an audit, not yet approved.
-- Params   $1 code, $2 kind, $3 title, $4 document, $5 SHA-256 in hexadecimal, $6 campaigns,
--          $7 valid from, $8 valid to, $9 author, $10 now
-- Returns  code; no row: there is one of that code
INSERT INTO assessment (code, kind, title, document, document_hash, campaigns, valid_from,
    valid_to, author, created_at)
VALUES ($1::text, $2::text, $3::text, $4::text, decode($5::text, 'hex'), $6::text[],
    $7::timestamptz, $8::timestamptz, $9::text, $10::timestamptz)
ON CONFLICT (code) DO NOTHING
RETURNING code;
