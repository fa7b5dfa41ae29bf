-- import_missing_trait: customers that the snapshot does not have lose the values of its
-- traits.
-- Params   $1 columns given text[]: the traits by name, and customer
-- Returns  how many customers, of how many that had such a value
WITH fed AS (
    SELECT trait_id FROM trait
     WHERE name = ANY ($1::text[]) AND name <> 'customer' AND source = 'feed'
), scope AS (
    SELECT DISTINCT v.bucket, v.customer_id
      FROM trait_value AS v JOIN fed AS f ON f.trait_id = v.trait_id
), missing AS (
    SELECT s.bucket, s.customer_id
      FROM scope AS s
     WHERE NOT EXISTS (SELECT 1 FROM stage_seen AS n
                        WHERE n.bucket = s.bucket AND n.customer_id = s.customer_id)
), done AS (
    DELETE FROM trait_value AS v
     USING missing AS m, fed AS f
     WHERE v.bucket = m.bucket AND v.customer_id = m.customer_id
       AND v.trait_id = f.trait_id
)
SELECT (SELECT count(*) FROM missing), (SELECT count(*) FROM scope);
