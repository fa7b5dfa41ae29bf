-- import_missing_contact_time: hours that the snapshot does not have are removed.
-- Params   none
-- Returns  how many, of how many
WITH scope AS (SELECT count(*) AS n FROM contact_time), done AS (
    DELETE FROM contact_time x
     WHERE NOT EXISTS (SELECT 1 FROM stage_seen n
                        WHERE n.bucket = x.bucket AND n.customer_id = x.customer_id
                          AND n.key = concat_ws(' ', x.weekdays, x.from_min, x.until_min))
    RETURNING 1
)
SELECT (SELECT count(*) FROM done), (SELECT n FROM scope);
