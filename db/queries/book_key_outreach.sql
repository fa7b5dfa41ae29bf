-- book_key_outreach: the contacts of the customers of book_keys, and outcomes of their
-- tasks closed without one, as book_outreach gives all of them
-- Returns  bucket, customer_id, at, channel, kind, campaign, disposition
COPY (
    WITH key AS MATERIALIZED (
        SELECT *
          FROM unnest(nullif(current_setting('steward.key_buckets', true), '')::smallint[],
                      nullif(current_setting('steward.key_customers', true), '')::bigint[])
               AS u (bucket, customer_id)
    ), given AS MATERIALIZED (
        SELECT o.bucket, t.customer_id, o.permit_id, o.outcome_id, o.disposition,
               o.recorded_at, t.channel, t.campaign_id
          FROM key AS k
          JOIN task AS t ON t.bucket = k.bucket AND t.customer_id = k.customer_id
          JOIN outcome AS o ON o.bucket = t.bucket AND o.task_id = t.task_id
    )
    SELECT c.bucket, c.customer_id, c.at, c.channel, c.kind, a.code, o.disposition
      FROM key AS k
      JOIN contact_count AS c ON c.bucket = k.bucket AND c.customer_id = k.customer_id
      LEFT JOIN permit AS p ON p.bucket = c.bucket AND p.permit_id = c.count_id
      LEFT JOIN task AS t ON t.bucket = p.bucket AND t.task_id = p.task_id
      LEFT JOIN campaign AS a ON a.campaign_id = t.campaign_id
      LEFT JOIN (
          SELECT DISTINCT ON (bucket, permit_id) bucket, permit_id, disposition
            FROM given
           WHERE permit_id IS NOT NULL
           ORDER BY bucket, permit_id, recorded_at DESC, outcome_id
      ) AS o ON o.bucket = c.bucket AND o.permit_id = c.count_id
     WHERE c.kind <> 'reserved'
    UNION ALL
    SELECT g.bucket, g.customer_id, g.recorded_at, g.channel, 'outcome', a.code,
           g.disposition
      FROM given AS g
      LEFT JOIN campaign AS a ON a.campaign_id = g.campaign_id
     WHERE g.permit_id IS NULL
     ORDER BY 1, 2, 3, 5, 4, 6, 7
) TO STDOUT (FORMAT binary)
