-- gate_peek: what has to be locked before the tasks of a batch, and the locks of the numbers
-- that are called: those that nobody else holds.
-- Params   $1 buckets, $2 task_ids (arrays of one length)
-- Returns  task_id, customer_id, phone_index, what stands for the number while it has two
--          hashes, number pool, the institution's zone, got the number's lock
-- Locking  transaction advisory locks as guard_lock takes them, but never waited for
SELECT t.task_id, t.customer_id, p.phone_index,
       (SELECT min(encode(c.i, 'hex')) FROM unnest(phone_class(p.phone_index)) AS c (i)),
       v.document -> 'step' ->> 'number_pool',
       coalesce((SELECT value FROM setting WHERE name = 'zone'), 'Asia/Shanghai'),
       (SELECT bool_and(pg_try_advisory_xact_lock(
                   ('x' || encode(substring(c.i FROM 1 FOR 8), 'hex'))::bit(64)::bigint))
          FROM unnest(phone_class(p.phone_index)) AS c (i))
  FROM unnest($1::bigint[], $2::text[]) AS x (bucket, task_id)
  JOIN task t ON t.bucket = x.bucket::smallint AND t.task_id = x.task_id::uuid
  JOIN contact_point p ON p.bucket = t.bucket AND p.point_id = t.point_id
  JOIN campaign_version v ON v.campaign_id = t.campaign_id AND v.version = t.version;
