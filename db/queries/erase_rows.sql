-- erase_rows: the customer's key, and what describes the customer; each stays gone.
-- Params   $1 bucket, $2 customer_id
WITH key AS (
    DELETE FROM customer_key WHERE bucket = $1::smallint AND customer_id = $2::bigint
), holdings AS (
    DELETE FROM holding WHERE bucket = $1::smallint AND customer_id = $2::bigint
), txns AS (
    DELETE FROM txn WHERE bucket = $1::smallint AND customer_id = $2::bigint
), interactions AS (
    DELETE FROM interaction WHERE bucket = $1::smallint AND customer_id = $2::bigint
), traits AS (
    DELETE FROM trait_value WHERE bucket = $1::smallint AND customer_id = $2::bigint
), stages AS (
    DELETE FROM customer_stage WHERE bucket = $1::smallint AND customer_id = $2::bigint
), households AS (
    DELETE FROM household_member WHERE bucket = $1::smallint AND customer_id = $2::bigint
), numbers AS (
    DELETE FROM number_seen WHERE bucket = $1::smallint AND customer_id = $2::bigint
), agents AS (
    DELETE FROM customer_agent WHERE bucket = $1::smallint AND customer_id = $2::bigint
), risks AS (
    DELETE FROM risk_assessment WHERE bucket = $1::smallint AND customer_id = $2::bigint
), joint AS (
    DELETE FROM joint_holder WHERE bucket = $1::smallint AND customer_id = $2::bigint
), hours AS (
    DELETE FROM contact_time WHERE bucket = $1::smallint AND customer_id = $2::bigint
), lists AS (
    DELETE FROM segment_list_entry
     WHERE bucket = $1::smallint AND customer_id = $2::bigint
), members AS MATERIALIZED (
    -- as a tick does: the bucket before its members
    UPDATE segment_bucket SET version = pg_current_xact_id()::text::bigint
     WHERE bucket = $1::smallint
    RETURNING bucket
)
DELETE FROM segment_member AS m
 USING members
 WHERE m.bucket = members.bucket AND m.bucket = $1::smallint AND m.customer_id = $2::bigint;
