-- import_put_interaction: the batch into interaction.
-- Params   $1 columns given text[]
-- Returns  nothing
INSERT INTO interaction (bucket, customer_id, interaction_ref, at, kind, channel)
SELECT DISTINCT ON (bucket, customer_id, interaction_ref) bucket, customer_id,
       interaction_ref, at, kind, channel
  FROM stage_interaction
 ORDER BY bucket, customer_id, interaction_ref, line DESC
ON CONFLICT (bucket, customer_id, interaction_ref) DO UPDATE SET
    at = EXCLUDED.at, kind = EXCLUDED.kind,
    channel = CASE WHEN 'channel' = ANY ($1::text[]) THEN EXCLUDED.channel
        ELSE interaction.channel END;
