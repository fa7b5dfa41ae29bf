-- import_close_interaction: the interactions of the batch are removed: they did not happen.
-- Params   none
-- Returns  how many
WITH gone AS (
    SELECT DISTINCT bucket, customer_id, interaction_ref FROM stage_interaction
), done AS (
    DELETE FROM interaction i USING gone g
     WHERE i.bucket = g.bucket AND i.customer_id = g.customer_id
       AND i.interaction_ref = g.interaction_ref
    RETURNING 1
)
SELECT count(*) FROM done;
