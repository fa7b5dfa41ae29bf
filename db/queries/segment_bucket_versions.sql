-- segment_bucket_versions: what changed the memberships of each bucket last
-- Returns  bucket, version; by bucket
SELECT bucket, version FROM segment_bucket ORDER BY bucket
