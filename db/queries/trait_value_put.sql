-- trait_value_put: values of one bucket's customers; of two for one customer and trait the
-- later one counts; one that is as it was is not written.
-- Params   $1 bucket, $2 customer references text[], $3 trait_ids bigint[], $4 values text[]
--          (empty or NULL: to be removed)
-- Returns  place in the arrays from 1, fate: 0 unknown customer, 1 stored, 2 removed, 3 as
--          it was (enum trait_value_fate)
-- Locking  the values, in order of customer and trait
WITH given AS (
    SELECT n, ref, trait_id::integer AS trait_id, coalesce(value, '') AS value
      FROM unnest($2::text[], $3::bigint[], $4::text[])
           WITH ORDINALITY AS g (ref, trait_id, value, n)
), whose AS (
    SELECT g.*, c.customer_id, t.type,
           row_number() OVER (PARTITION BY c.customer_id, g.trait_id
                                  ORDER BY g.n DESC) AS turn
      FROM given AS g
      JOIN customer AS c ON c.bucket = $1::smallint AND c.ref = g.ref
       AND c.erased_at IS NULL
      JOIN trait AS t ON t.trait_id = g.trait_id AND t.source = 'feed'
       AND t.state = 'active'
), gone AS (
    DELETE FROM trait_value AS v
     USING whose AS w
     WHERE w.turn = 1 AND w.value = '' AND v.bucket = $1::smallint
       AND v.customer_id = w.customer_id AND v.trait_id = w.trait_id
    RETURNING v.customer_id, v.trait_id
), put AS (
    INSERT INTO trait_value AS v (bucket, customer_id, trait_id, whole, real, text, day, at)
    SELECT $1::smallint, customer_id, trait_id,
           CASE WHEN type IN ('int', 'money') THEN value::bigint
                WHEN type = 'bool' THEN value::boolean::integer END,
           CASE WHEN type = 'double' THEN value::double precision END,
           CASE WHEN type = 'string' THEN value END,
           CASE WHEN type = 'date' THEN value::date END,
           CASE WHEN type = 'timestamp' THEN value::timestamptz END
      FROM whose
     WHERE turn = 1 AND value <> ''
     ORDER BY customer_id, trait_id
    ON CONFLICT (bucket, customer_id, trait_id) DO UPDATE SET whole = excluded.whole,
        real = excluded.real, text = excluded.text, day = excluded.day, at = excluded.at
     WHERE (v.whole, v.real, v.text, v.day, v.at) IS DISTINCT FROM
           (excluded.whole, excluded.real, excluded.text, excluded.day, excluded.at)
    RETURNING v.customer_id, v.trait_id
)
SELECT g.n,
       CASE WHEN w.n IS NULL THEN 0 WHEN w.turn > 1 THEN 3
            WHEN p.customer_id IS NOT NULL THEN 1
            WHEN d.customer_id IS NOT NULL THEN 2 ELSE 3 END
  FROM given AS g
  LEFT JOIN whose AS w ON w.n = g.n
  LEFT JOIN put AS p ON p.customer_id = w.customer_id AND p.trait_id = w.trait_id
  LEFT JOIN gone AS d ON d.customer_id = w.customer_id AND d.trait_id = w.trait_id;
