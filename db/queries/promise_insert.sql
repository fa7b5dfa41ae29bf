-- promise_insert: one promise of the version that comes into force
-- Params   $1 model, $2 version bigint, $3 code, $4 stage, $5 tier (NULL: any), $6 kind,
--          $7 days bigint, $8 name_zh, $9 name_en, $10 segment
INSERT INTO promise (model, version, code, stage, tier, kind, days, name_zh, name_en, segment)
VALUES ($1::text, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text,
        $9::text, $10::text)
