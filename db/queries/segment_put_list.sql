-- segment_put_list: a segment whose members are uploaded: made, or its next version
-- Params   $1 code, $2 name_zh, $3 name_en, $4 content_hash bytea, $5 author text,
--          $6 now timestamptz, $7 version bigint
-- Returns  segment_id; no row when the code belongs to a segment of another kind
INSERT INTO segment AS s (code, name_zh, name_en, rule, content_hash, state, author,
       updated_at, version, kind)
VALUES ($1::text, $2::text, $3::text, '', $4::bytea, 'active', $5::text, $6::timestamptz,
        $7::bigint, 'list')
    ON CONFLICT (code) DO UPDATE
   SET name_zh = EXCLUDED.name_zh, name_en = EXCLUDED.name_en,
       content_hash = EXCLUDED.content_hash, author = EXCLUDED.author,
       updated_at = EXCLUDED.updated_at, version = EXCLUDED.version
 WHERE s.kind = 'list'
RETURNING s.segment_id
