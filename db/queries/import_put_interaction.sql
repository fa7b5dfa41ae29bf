-- import_put_interaction: the batch into interaction; rows that say nothing new
-- stay untouched.
-- Params   $1 columns given text[]
-- Returns  inserted, updated
WITH put AS (
INSERT INTO interaction (bucket, customer_id, interaction_ref, at, kind, channel)
SELECT DISTINCT ON (bucket, customer_id, interaction_ref) bucket, customer_id,
       interaction_ref, at, kind, channel
  FROM stage_interaction
 ORDER BY bucket, customer_id, interaction_ref, line DESC
ON CONFLICT (bucket, customer_id, interaction_ref) DO UPDATE SET
    at = EXCLUDED.at, kind = EXCLUDED.kind,
    channel = CASE WHEN 'channel' = ANY ($1::text[]) THEN EXCLUDED.channel
        ELSE interaction.channel END
 WHERE interaction.at IS DISTINCT FROM EXCLUDED.at
    OR interaction.kind IS DISTINCT FROM EXCLUDED.kind
    OR ('channel' = ANY ($1::text[]) AND interaction.channel IS DISTINCT FROM EXCLUDED.channel)
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
