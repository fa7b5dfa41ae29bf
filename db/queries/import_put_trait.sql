-- import_put_trait: the batch into trait_value. Of several rows about one customer the last
-- counts; a value that is as it was stays untouched, one that is not given any more goes.
-- Params   none
-- Returns  customers with new values only, with changed or removed ones
WITH newest AS (
    SELECT DISTINCT ON (bucket, customer_id, trait_id) * FROM stage_trait
     ORDER BY bucket, customer_id, trait_id, line DESC
), gone AS (
    DELETE FROM trait_value AS v
     USING newest AS n
     WHERE v.bucket = n.bucket AND v.customer_id = n.customer_id
       AND v.trait_id = n.trait_id
       AND num_nonnulls(n.whole, n.real, n.text, n.day, n.at) = 0
    RETURNING v.bucket, v.customer_id
), put AS (
    INSERT INTO trait_value AS v (bucket, customer_id, trait_id, whole, real, text, day, at)
    SELECT bucket, customer_id, trait_id, whole, real, text, day, at
      FROM newest
     WHERE num_nonnulls(whole, real, text, day, at) = 1
    ON CONFLICT (bucket, customer_id, trait_id) DO UPDATE SET whole = excluded.whole,
        real = excluded.real, text = excluded.text, day = excluded.day, at = excluded.at
     WHERE (v.whole, v.real, v.text, v.day, v.at) IS DISTINCT FROM
           (excluded.whole, excluded.real, excluded.text, excluded.day, excluded.at)
    RETURNING v.bucket, v.customer_id, xmax = 0 AS fresh
), touched AS (
    SELECT bool_and(fresh) AS fresh
      FROM (SELECT bucket, customer_id, fresh FROM put
            UNION ALL SELECT bucket, customer_id, false FROM gone) AS u
     GROUP BY bucket, customer_id
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM touched;
