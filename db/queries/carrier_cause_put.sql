-- carrier_cause_put: what a carrier's answer means, from now on.
-- Params   $1 cause, $2 effect, $3 text_zh, $4 text_en, $5 source, $6 actor, $7 now
INSERT INTO carrier_cause (cause, effect, text_zh, text_en, source, updated_by, updated_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz)
ON CONFLICT (cause) DO UPDATE SET effect = excluded.effect, text_zh = excluded.text_zh,
    text_en = excluded.text_en, source = excluded.source,
    updated_by = excluded.updated_by, updated_at = excluded.updated_at;
