-- import_close_contact_time: the hours of the batch are removed.
-- Params   none
-- Returns  how many
WITH gone AS (SELECT DISTINCT bucket, customer_id, weekdays, from_min, until_min FROM stage_contact_time), done AS (
    DELETE FROM contact_time x USING gone g
     WHERE x.bucket = g.bucket AND x.customer_id = g.customer_id
       AND x.weekdays = g.weekdays AND x.from_min = g.from_min AND x.until_min = g.until_min
    RETURNING 1
)
SELECT count(*) FROM done;
