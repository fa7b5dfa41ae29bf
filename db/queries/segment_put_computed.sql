-- segment_put_computed: a segment whose members the program finds: made, renamed, back
-- Params   $1 code, $2 name_zh, $3 name_en, $4 content_hash bytea, $5 author text,
--          $6 now timestamptz
-- Affects  one row; none when the code belongs to a segment of another kind
INSERT INTO segment AS s (code, name_zh, name_en, rule, content_hash, state, author,
       updated_at, kind)
VALUES ($1::text, $2::text, $3::text, '', $4::bytea, 'active', $5::text, $6::timestamptz,
        'computed')
    ON CONFLICT (code) DO UPDATE
   SET name_zh = EXCLUDED.name_zh, name_en = EXCLUDED.name_en, state = 'active',
       author = EXCLUDED.author, updated_at = EXCLUDED.updated_at
 WHERE s.kind = 'computed'
