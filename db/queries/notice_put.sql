-- notice_put: a notice as customers are shown it; the same again changes nothing.
-- Params   $1 version, $2 lang, $3 purposes, $4 body, $5 author, $6 now
-- Returns  one row when it is there with these purposes and this text
WITH put AS (
    INSERT INTO notice (version, lang, purposes, body, text_hash, author, created_at)
    VALUES ($1::text, $2::text, $3::text[], $4::text, sha256(convert_to($4::text, 'UTF8')),
        $5::text, $6::timestamptz)
    ON CONFLICT (version, lang) DO NOTHING
    RETURNING version
)
SELECT version FROM put
UNION ALL
SELECT version FROM notice
 WHERE version = $1::text AND lang = $2::text AND purposes = $3::text[] AND body = $4::text;
