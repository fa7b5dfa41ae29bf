-- task_peek: what has to be locked before a task; read without a lock.
-- Params   $1 bucket, $2 task_id
-- Returns  customer_id, phone_index, number pool, the institution's zone, the number that it
--          has or null
SELECT t.customer_id, p.phone_index, v.document -> 'step' ->> 'number_pool',
       coalesce((SELECT value FROM setting WHERE name = 'zone'), 'Asia/Shanghai'),
       t.number_id
  FROM task t
  JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version
 WHERE t.bucket = $1::smallint AND t.task_id = $2::uuid;
