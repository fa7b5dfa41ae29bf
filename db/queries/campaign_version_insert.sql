-- campaign_version_insert: the next version of a campaign.
-- Params   $1 campaign_id, $2 version, $3 document, $4 content hash, $5 author, $6 now
INSERT INTO campaign_version (campaign_id, version, document, content_hash, author,
    created_at)
VALUES ($1::bigint, $2::integer, $3::jsonb, $4::bytea, $5::text, $6::timestamptz);
