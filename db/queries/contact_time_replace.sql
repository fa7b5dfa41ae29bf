-- contact_time_replace: a customer's hours become those given; those that stay keep their age.
-- Params   $1 bucket, $2 customer_id, $3 weekdays, $4 from, $5 until (arrays of one length),
--          $6 now
-- Returns  how many were added or removed
-- Locking  none: party_lock came before
WITH asked AS (
    SELECT DISTINCT weekdays::smallint, from_min::smallint, until_min::smallint
      FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) AS a (weekdays, from_min, until_min)
), gone AS (
    DELETE FROM contact_time t
     WHERE t.bucket = $1::smallint AND t.customer_id = $2::bigint
       AND (t.weekdays, t.from_min, t.until_min) NOT IN (SELECT * FROM asked)
    RETURNING 1
), put AS (
    INSERT INTO contact_time (bucket, customer_id, weekdays, from_min, until_min, updated_at)
    SELECT $1::smallint, $2::bigint, a.*, $6::timestamptz FROM asked a
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put);
