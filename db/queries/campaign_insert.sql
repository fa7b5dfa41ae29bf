-- campaign_insert: a campaign without versions; nothing when it exists.
-- Params   $1 code, $2 now
INSERT INTO campaign (code, state, updated_at)
VALUES ($1::text, 'draft', $2::timestamptz) ON CONFLICT (code) DO NOTHING;
