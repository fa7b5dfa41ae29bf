-- erase_own_objections: what the customer objected to stays, the number it was about not.
-- Params   $1 bucket, $2 customer_id
UPDATE objection SET phone_index = NULL, phone_sealed = NULL
 WHERE bucket = $1::smallint AND customer_id = $2::bigint;
