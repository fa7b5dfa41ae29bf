-- book_outreach: contacts that were made, and outcomes of tasks closed without one, in
-- the book's order, oldest first. A contact's count carries its permit's id.
-- Returns  bucket, customer_id, at, channel, kind, campaign, disposition
COPY (
    SELECT c.bucket, c.customer_id, c.at, c.channel, c.kind, k.code, o.disposition
      FROM contact_count AS c
      LEFT JOIN permit AS p ON p.bucket = c.bucket AND p.permit_id = c.count_id
        AND p.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                 AND current_setting('steward.last_bucket')::smallint
      LEFT JOIN task AS t ON t.bucket = p.bucket AND t.task_id = p.task_id
        AND t.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                 AND current_setting('steward.last_bucket')::smallint
      LEFT JOIN campaign AS k ON k.campaign_id = t.campaign_id
      LEFT JOIN (
          SELECT DISTINCT ON (bucket, permit_id) bucket, permit_id, disposition
            FROM outcome
           WHERE permit_id IS NOT NULL
             AND bucket BETWEEN current_setting('steward.first_bucket')::smallint
                            AND current_setting('steward.last_bucket')::smallint
           ORDER BY bucket, permit_id, recorded_at DESC, outcome_id
      ) AS o ON o.bucket = c.bucket AND o.permit_id = c.count_id
     WHERE c.kind <> 'reserved'
       AND c.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                        AND current_setting('steward.last_bucket')::smallint
    UNION ALL
    SELECT o.bucket, t.customer_id, o.recorded_at, t.channel, 'outcome', k.code,
           o.disposition
      FROM outcome AS o
      JOIN task AS t ON t.bucket = o.bucket AND t.task_id = o.task_id
        AND t.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                 AND current_setting('steward.last_bucket')::smallint
      LEFT JOIN campaign AS k ON k.campaign_id = t.campaign_id
     WHERE o.permit_id IS NULL
       AND o.bucket BETWEEN current_setting('steward.first_bucket')::smallint
                        AND current_setting('steward.last_bucket')::smallint
     ORDER BY 1, 2, 3, 5, 4, 6, 7
) TO STDOUT (FORMAT binary)
