-- evidence_check_insert: somebody looked at a piece of evidence.
-- Params   $1 reference, $2 hash found or null (it was not there), $3 bytes or null, $4
--          media type or null, $5 actor, $6 now
-- Returns  consents that rest on it with a hash, and those of them that it contradicts
WITH put AS (
    INSERT INTO evidence_check (evidence, found_hash, bytes, media, actor, checked_at)
    VALUES ($1::text, $2::bytea, $3::bigint, $4::text, $5::text, $6::timestamptz)
)
SELECT count(*), count(*) FILTER (WHERE e.evidence_sha256 IS DISTINCT FROM $2::bytea)
  FROM consent_event e
 WHERE e.evidence = $1::text AND e.evidence_sha256 IS NOT NULL;
