-- import_put_contact_point: the batch into contact_point; points that say nothing
-- new stay untouched. Of several primary ones of a customer the last is it; those that
-- stop to be come first, because there may be one at any time.
-- Params   $1 columns given text[], $2 now timestamptz
-- Returns  inserted, updated
WITH last AS (
    SELECT DISTINCT ON (bucket, customer_id, phone_index) *
      FROM stage_contact_point
     ORDER BY bucket, customer_id, phone_index, line DESC, is_primary DESC
), put AS (
INSERT INTO contact_point (bucket, customer_id, kind, phone_sealed, phone_index, phone_mask,
    region, zones, verified, is_primary, updated_at)
SELECT bucket, customer_id, kind, phone_sealed, phone_index, phone_mask, region, zones,
       verified,
       is_primary AND row_number() OVER (PARTITION BY bucket, customer_id
                                             ORDER BY is_primary DESC, line DESC) = 1
           AS primary_now,
       $2::timestamptz
  FROM last
 ORDER BY bucket, customer_id, primary_now, phone_index
ON CONFLICT (bucket, customer_id, phone_index) DO UPDATE SET
    kind = EXCLUDED.kind, phone_sealed = EXCLUDED.phone_sealed,
    phone_mask = EXCLUDED.phone_mask, region = EXCLUDED.region, zones = EXCLUDED.zones,
    verified = CASE WHEN 'verified' = ANY ($1::text[]) THEN EXCLUDED.verified
        ELSE contact_point.verified END,
    is_primary = CASE WHEN 'is_primary' = ANY ($1::text[]) THEN EXCLUDED.is_primary
        ELSE contact_point.is_primary END,
    updated_at = EXCLUDED.updated_at
 WHERE contact_point.kind IS DISTINCT FROM EXCLUDED.kind
    OR contact_point.region IS DISTINCT FROM EXCLUDED.region
    OR contact_point.zones IS DISTINCT FROM EXCLUDED.zones
    OR ('verified' = ANY ($1::text[]) AND contact_point.verified IS DISTINCT FROM EXCLUDED.verified)
    OR ('is_primary' = ANY ($1::text[]) AND contact_point.is_primary IS DISTINCT FROM EXCLUDED.is_primary)
RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
