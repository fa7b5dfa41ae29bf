-- stage_apply: moves customers of one bucket to another stage and keeps the history. Only
-- those who are still where the caller saw them.
-- Params   $1 bucket bigint, $2 model text, $3 version bigint, $4 now timestamptz,
--          $5 customer_ids bigint[], $6 from text[] ('': none), $7 to text[],
--          $8 reason text[], $9 transition text[], $10 cause text[] ('': none); the
--          arrays are parallel
-- Affects  one history row a customer moved
WITH move AS (
    SELECT customer_id, nullif(from_stage, '') AS from_stage, to_stage, reason, transition,
           nullif(cause, '') AS cause
      FROM unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
           AS u (customer_id, from_stage, to_stage, reason, transition, cause)
), placed AS (
    INSERT INTO customer_stage (bucket, customer_id, model, version, stage, entered_at)
    SELECT $1::bigint, customer_id, $2::text, $3::bigint, to_stage, $4::timestamptz
      FROM move
     WHERE from_stage IS NULL
        ON CONFLICT (bucket, customer_id, model) DO NOTHING
    RETURNING customer_id
), moved AS (
    UPDATE customer_stage AS s
       SET stage = m.to_stage, version = $3::bigint, entered_at = $4::timestamptz
      FROM move AS m
     WHERE s.bucket = $1::bigint AND s.customer_id = m.customer_id AND s.model = $2::text
       AND s.stage = m.from_stage
    RETURNING s.customer_id
)
INSERT INTO stage_history (bucket, customer_id, model, version, from_stage, to_stage,
       reason, at, transition, cause)
SELECT $1::bigint, m.customer_id, $2::text, $3::bigint, m.from_stage, m.to_stage, m.reason,
       $4::timestamptz, m.transition, m.cause
  FROM move AS m
  JOIN (SELECT customer_id FROM placed UNION ALL SELECT customer_id FROM moved) AS done
       USING (customer_id)
