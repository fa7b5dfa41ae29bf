-- segment_overlap: how many customers are in exactly these segments together, for every
-- set of segments that somebody is in. Over all buckets, for a report.
-- Returns  segment_ids (text[], ascending), customers
SELECT ids::text[], count(*)
  FROM (SELECT array_agg(m.segment_id ORDER BY m.segment_id) AS ids
          FROM segment_member AS m
          JOIN segment AS s ON s.segment_id = m.segment_id AND s.state = 'active'
         WHERE m.left_at IS NULL
         GROUP BY m.bucket, m.customer_id) AS sets
 GROUP BY ids
