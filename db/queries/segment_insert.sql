-- segment_insert: a new segment
-- Params   $1 code, $2 name_zh, $3 name_en, $4 rule text, $5 content_hash bytea,
--          $6 author text, $7 now timestamptz
INSERT INTO segment (code, name_zh, name_en, rule, content_hash, state, author, updated_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::bytea, 'active', $6::text,
        $7::timestamptz)
