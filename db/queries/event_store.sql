-- event_store: events of one bucket's customers, each stored once as an interaction.
-- Params   $1 bucket, $2 customer references text[], $3 keys text[], $4 times text[],
--          $5 kinds text[], $6 channels text[] (empty: none)
-- Returns  place in the arrays from 1, fate: 0 unknown customer, 1 stored, 2 stored before,
--          3 stored before with another content (enum event_fate)
-- Locking  the new keys, in order of customer and key
WITH given AS (
    SELECT n, ref, key, at::timestamptz AS at, kind, nullif(channel, '') AS channel
      FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
           WITH ORDINALITY AS g (ref, key, at, kind, channel, n)
), whose AS (
    SELECT g.*, c.customer_id,
           row_number() OVER (PARTITION BY c.customer_id, g.key ORDER BY g.n) AS turn
      FROM given AS g
      JOIN customer AS c ON c.bucket = $1::smallint AND c.ref = g.ref
       AND c.erased_at IS NULL
), stored AS (
    INSERT INTO interaction (bucket, customer_id, interaction_ref, at, kind, channel)
    SELECT $1::smallint, customer_id, key, at, kind, channel
      FROM whose
     WHERE turn = 1
     ORDER BY customer_id, key
    ON CONFLICT (bucket, customer_id, interaction_ref) DO NOTHING
    RETURNING customer_id, interaction_ref, at, kind, channel
)
SELECT g.n,
       CASE WHEN w.n IS NULL THEN 0
            WHEN s.customer_id IS NOT NULL AND w.turn = 1 THEN 1
            -- neither: another transaction stored it a moment ago
            WHEN s.customer_id IS NULL AND i.customer_id IS NULL THEN 2
            WHEN (w.at, w.kind) = (coalesce(s.at, i.at), coalesce(s.kind, i.kind))
                 AND w.channel IS NOT DISTINCT FROM coalesce(s.channel, i.channel)
            THEN 2 ELSE 3 END
  FROM given AS g
  LEFT JOIN whose AS w ON w.n = g.n
  LEFT JOIN stored AS s ON s.customer_id = w.customer_id AND s.interaction_ref = w.key
  LEFT JOIN interaction AS i
    ON i.bucket = $1::smallint AND i.customer_id = w.customer_id
   AND i.interaction_ref = w.key;
