-- import_new_interaction: interactions that are taken to be new, straight into their table.
-- Params   none
COPY interaction (bucket, customer_id, interaction_ref, at, kind, channel)
FROM STDIN (FORMAT binary);
