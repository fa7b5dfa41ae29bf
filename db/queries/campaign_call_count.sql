-- campaign_call_count: one more call of a campaign that somebody answered.
-- Params   $1 campaign_id, $2 its start, $3 source, $4 it was abandoned
INSERT INTO campaign_call_hour AS h (campaign_id, hour, source, answered, abandoned)
VALUES ($1::bigint, date_trunc('hour', $2::timestamptz, 'UTC'), $3::text, 1,
    CASE WHEN $4::boolean THEN 1 ELSE 0 END)
ON CONFLICT (campaign_id, hour, source) DO UPDATE SET answered = h.answered + 1,
    abandoned = h.abandoned + EXCLUDED.abandoned;
