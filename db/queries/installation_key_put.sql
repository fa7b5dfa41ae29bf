-- installation_key_put: keeps the installation's key; the first one made stays.
-- Params   $1 wrapped
INSERT INTO customer_key (bucket, customer_id, wrapped) VALUES (0, 0, $1::bytea)
ON CONFLICT DO NOTHING;
